//! Bonuses and adjustments as they are shown.

use domain::{
    bonus::{Award, Reading},
    commission::{Adjustment, Commission},
    id::AdjustmentId,
    money::Money,
    plan::{Metric, Threshold, Window},
};
use jiff::{Timestamp, civil::Date};
use serde::Serialize;

use crate::viewer::Viewer;

#[derive(Serialize)]
pub(super) struct BonusView {
    id: String,
    plan_version: u32,
    metric: Metric,
    window: Window,
    first: Option<Date>,
    last: Option<Date>,
    at_least: Threshold,
    amount: Money,
    hold_days: u16,
    reached: Reading,
    missed: Option<Reading>,
}

/// What an administrator added or took; who that was is for administrators.
#[derive(Serialize)]
pub(super) struct AdjustmentView {
    id: AdjustmentId,
    amount: Money,
    reason: String,
    adjusted_by: Option<String>,
    adjusted_at: Timestamp,
}

impl From<&Award> for BonusView {
    fn from(award: &Award) -> Self {
        let terms = &award.terms;
        Self {
            id: award.bonus_id.clone(),
            plan_version: terms.plan_version,
            metric: terms.metric,
            window: award.window,
            first: award.period.first,
            last: award.period.first.map(|_| award.period.last),
            at_least: terms.at_least,
            amount: terms.amount,
            hold_days: terms.hold_days,
            reached: award.reached,
            missed: award.missed,
        }
    }
}

impl AdjustmentView {
    /// Those of a line, the earliest first.
    pub(super) fn of(line: &Commission, adjustments: &[Adjustment], viewer: &Viewer) -> Vec<Self> {
        let mut own: Vec<_> =
            adjustments.iter().filter(|adjustment| adjustment.commission_id == line.id).collect();
        own.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
        let view = |adjustment: &Adjustment| Self {
            id: adjustment.id.clone(),
            amount: adjustment.amount,
            reason: adjustment.reason.clone(),
            adjusted_by: Some(adjustment.by.clone()).filter(|_| *viewer == Viewer::Admin),
            adjusted_at: adjustment.at,
        };
        own.into_iter().map(view).collect()
    }
}

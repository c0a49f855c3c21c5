//! Tiers: who is to be looked at, and the moves that are made.

use domain::{
    agreement::{Agreement, AgreementStatus},
    id::{PartnerId, ProgramId},
    performance::{NextTier, TierChange},
    plan::in_force,
    program::Program,
};
use futures_util::future::try_join_all;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    agreement::{agreement_row, versioned_agreement},
    error::Error,
    item::{Attributes, Row, Shape},
    key,
    page::{List, Page, PageRequest},
    table::Query,
    transaction::Transaction,
    versioned::Versioned,
};

#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct TierChangeItem(TierChange);

impl Shape for TierChangeItem {
    const ENTITY: &'static str = "tier_change";
}

/// Where the list of a program's partners goes on.
#[derive(Debug, Clone)]
pub struct Onward {
    shard: usize,
    after: Option<Attributes>,
}

impl Store {
    /// Some of a program's active enrolments, each corrupt one as its error, and where the list goes
    /// on. For the house's own work only: the index may lag, so what is done to one is done at the
    /// revision that is given.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn active_agreements(
        &self,
        program: &ProgramId,
        from: Option<Onward>,
    ) -> Result<(Vec<Result<Versioned<Agreement>, Error>>, Option<Onward>), Error> {
        let Onward { shard, after } = from.unwrap_or(Onward { shard: 0, after: None });
        let shards = key::agreements_of_program(program, Some(AgreementStatus::Approved.as_str()));
        let Some(partition) = shards.get(shard) else { return Ok((Vec::new(), None)) };
        let (rows, after) = self.query(Query::of(partition).after(after)).await?;
        let agreements = rows.into_iter().map(versioned_agreement).collect();
        let shard = if after.is_some() { shard } else { shard.saturating_add(1) };
        Ok((agreements, (shard < shards.len()).then_some(Onward { shard, after })))
    }

    /// Moves a partner to another tier, and notes the move.
    ///
    /// # Errors
    /// [`Error::Condition`] when the agreement changed meanwhile.
    pub async fn change_tier(&self, read: &Versioned<Agreement>, change: &TierChange) -> Result<(), Error> {
        let changed = read.value.with_tier(change.to.clone(), change.at);
        let mut transaction = Transaction::new();
        transaction.replace(agreement_row(&changed)?, read.revision);
        let place = key::tier_change(&changed.program_id, &changed.partner_id, change.at);
        transaction.put_new(Row::new(&place, &TierChangeItem(change.clone()))?);
        self.commit(transaction).await
    }

    /// A partner's moves between tiers, the newest first.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn tier_changes(
        &self,
        program: &ProgramId,
        partner: &PartnerId,
        page: &PageRequest,
    ) -> Result<Page<TierChange>, Error> {
        let partitions = [key::tier_changes_of(program, partner)];
        let list = List { partitions: &partitions, newest_first: true };
        let rows = self.list(&list, page, |_| true).await?;
        rows.try_map(|row| row.parse().map(|TierChangeItem(change)| change))
    }

    /// What a partner lacks in each of its programs for the next tier by the plan in force, in their
    /// order; nothing where there is none.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn next_tiers(
        &self,
        enrolments: &[(Agreement, Program)],
        now: Timestamp,
    ) -> Result<Vec<Option<NextTier>>, Error> {
        try_join_all(enrolments.iter().map(|(agreement, program)| self.next_tier(agreement, program, now)))
            .await
    }

    async fn next_tier(
        &self,
        agreement: &Agreement,
        program: &Program,
        now: Timestamp,
    ) -> Result<Option<NextTier>, Error> {
        let plans = self.plans(&program.id).await?;
        let requirements = in_force(&plans, now).and_then(|version| version.plan.tier_requirements.as_ref());
        let Some(requirements) = requirements else { return Ok(None) };
        let (window, _) = requirements.periods(key::day(now));
        let Agreement { program_id, partner_id, .. } = agreement;
        let (metric, currency) = (requirements.metric, program.currency);
        let current = self.performance_by(metric, program_id, partner_id, currency, window).await?;
        Ok(requirements.next(&current, agreement.commission_tier.as_deref()))
    }
}

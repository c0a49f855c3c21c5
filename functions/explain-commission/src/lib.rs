//! `GET /affiliate/commissions/{commission_id}/explain`: why a commission is what it is, from touch
//! to cent.

mod derivation;
mod sentences;
mod view;
mod viewer;

use domain::{
    audit::AwardCase,
    bonus::Award,
    commission::{Adjustment, Commission, CommissionStatus},
    id::{CommissionId, PartnerId, TransactionId},
    ledger::TransactionKind,
    plan::PlanVersion,
};
use jiff::Timestamp;
use runtime::{Answer, Problem, Request, Response, telemetry};
use store::{Store, conversion::Record};

use crate::{
    derivation::{Derivation, Mismatch, check_journal},
    view::ExplanationView,
    viewer::Viewer,
};

/// Answers with the explanation.
///
/// # Errors
/// A problem, for the caller to read; 500 when the stored amount is not what terms and journal
/// say, because a number that the ledger does not hold is never shown.
pub async fn handle(store: Store, request: Request) -> Answer {
    let viewer = Viewer::of(request.caller()?)?;
    let id: CommissionId = request.path_id("commission_id")?;
    let record = store.conversion(id.conversion()).await?;
    let line = record.commissions.iter().map(|line| &line.value).find(|line| line.id == id);
    let line = line.filter(|line| viewer.may_see(line)).ok_or_else(Problem::not_found)?;
    if let Some(award) = &record.award {
        return explain_bonus(&store, &record, &award.value, line, &viewer, request.received_at()).await;
    }
    let conversion = &record.conversion().ok_or_else(Problem::not_found)?.value;
    let ids = booked(&record, &id);
    let (plans, journal, upline) = tokio::try_join!(
        store.plans(&line.program_id),
        store.transactions(&ids),
        upline(&store, &record, &viewer),
    )?;
    let plan = plan_of(&record, &plans);
    let lines = record.lines();
    let derivation = Derivation::of(conversion, &lines, line, plan, journal)
        .map_err(|mismatch| alarm(mismatch, request.received_at()))?;
    let explanation = ExplanationView::new(&derivation, &record.adjustments, &viewer, &upline)
        .map_err(Problem::internal)?;
    Response::ok(&explanation)
}

/// Answers with the explanation of a bonus: it has a goal where a sale has a touch and rules.
async fn explain_bonus(
    store: &Store,
    record: &Record,
    award: &Award,
    line: &Commission,
    viewer: &Viewer,
    now: Timestamp,
) -> Answer {
    let ids = AwardCase::entry_ids(award, &record.adjustments);
    let journal = store.transactions(&ids).await?;
    let worth = line.at(award.priced()).map_err(Problem::internal)?;
    let entries = check_journal(line, journal).map_err(|mismatch| alarm(mismatch, now))?;
    if worth != line.amount {
        return Err(alarm(Mismatch::Left { stored: line.amount, computed: Some(worth) }, now));
    }
    Response::ok(&ExplanationView::of_bonus(award, line, &entries, &record.adjustments, viewer))
}

/// The journal's transactions about a commission. Maturity is not among them: its transactions
/// book a batch and bear the batch's name; the line says when it matured.
///
/// Only what the record tells of is asked for: a refund or review that was booked after the record
/// was read would look like a number too many.
fn booked(record: &Record, id: &CommissionId) -> Vec<TransactionId> {
    let conversion = id.conversion().as_str();
    let is_rejected = record.commissions.iter().any(|line| line.value.status == CommissionStatus::Rejected);
    let mut ids = vec![TransactionKind::Accrue.transaction_id(&[conversion])];
    ids.extend(is_rejected.then(|| TransactionKind::Reject.transaction_id(&[conversion])));
    ids.extend(record.adjustments.iter().map(Adjustment::entry_id));
    ids.extend(record.applied.iter().map(|refund| refund.entry_id(id.conversion())));
    ids
}

/// Everyone above the partner who sold, nearest first; read only for who may see it.
async fn upline(store: &Store, record: &Record, viewer: &Viewer) -> Result<Vec<PartnerId>, store::Error> {
    let seller = record.conversion().and_then(|known| known.value.attribution.touch());
    let seller = seller.zip(record.conversion()).filter(|_| *viewer == Viewer::Admin);
    let Some((touch, known)) = seller else { return Ok(Vec::new()) };
    let agreement = store.agreement(&known.value.program_id, &touch.partner_id).await?;
    Ok(agreement.map(|agreement| agreement.value.ancestors).unwrap_or_default())
}

/// The plan version that the conversion was priced by.
fn plan_of<'a>(record: &Record, plans: &'a [PlanVersion]) -> Option<&'a PlanVersion> {
    let version = record.conversion()?.value.terms.as_ref()?.plan_version;
    plans.iter().find(|plan| plan.version == version)
}

fn alarm(mismatch: Mismatch, now: Timestamp) -> Problem {
    telemetry::metric("LedgerMismatch", 1, &[("source", "explain-commission")], now);
    Problem::internal(mismatch)
}

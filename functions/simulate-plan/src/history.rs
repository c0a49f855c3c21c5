//! The sales of a page, with what a plan needs to know of the enrolments around them.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    agreement::Agreement,
    commission::Sponsor,
    id::{ConversionId, PartnerId},
    plan::{InactiveUpline, PlanVersion},
    simulation::{Past, Simulation},
};
use jiff::Timestamp;
use runtime::Problem;
use store::Store;

/// Enrolments by partner.
type Agreements = BTreeMap<PartnerId, Agreement>;

/// Adds some sales to the simulation, in their order.
pub(crate) async fn add(
    store: &Store,
    draft: &PlanVersion,
    ids: &[ConversionId],
    simulation: &mut Simulation<'_>,
) -> Result<(), Problem> {
    let records = store.conversions(ids).await?;
    let touches = records.iter().filter_map(|record| record.conversion()?.value.attribution.touch());
    let sellers: BTreeSet<_> = touches.map(|touch| touch.partner_id.clone()).collect();
    let sellers = agreements(store, draft, sellers).await?;
    let asks = !draft.plan.levels.is_empty() && draft.plan.inactive_upline != InactiveUpline::Accrue;
    let sponsors: BTreeSet<_> = match asks {
        true => sellers.values().flat_map(|agreement| agreement.ancestors.clone()).collect(),
        false => BTreeSet::new(),
    };
    let sponsors = agreements(store, draft, sponsors).await?;
    for record in &records {
        let Some(known) = record.conversion() else { continue };
        let conversion = &known.value;
        let Some(touch) = conversion.attribution.touch() else { continue };
        let agreement = sellers.get(&touch.partner_id);
        let agreement = agreement.ok_or_else(|| Problem::internal("a sale of nobody who is enrolled"))?;
        let at = conversion.charge.occurred_at;
        let upline = upline(&agreement.ancestors, asks.then_some(&sponsors), at);
        let past = Past { conversion, lines: &record.lines(), upline: &upline };
        simulation.add(&past).map_err(Problem::internal)?;
    }
    Ok(())
}

async fn agreements(
    store: &Store,
    draft: &PlanVersion,
    partners: BTreeSet<PartnerId>,
) -> Result<Agreements, Problem> {
    let partners: Vec<_> = partners.into_iter().collect();
    let found = store.agreements(&draft.program_id, &partners).await?;
    Ok(found.into_iter().map(|agreement| (agreement.partner_id.clone(), agreement)).collect())
}

/// The sponsors above, nearest first; who is active, where the draft asks.
fn upline(ancestors: &[PartnerId], sponsors: Option<&Agreements>, at: Timestamp) -> Vec<Sponsor> {
    let is_active = |id: &PartnerId| match sponsors {
        Some(sponsors) => sponsors.get(id).is_some_and(|agreement| agreement.is_active_at(at)),
        None => true,
    };
    ancestors.iter().map(|id| Sponsor { partner_id: id.clone(), is_active: is_active(id) }).collect()
}

//! `GET /admin/conversions/{conversion_id}`: everything that is known of a conversion, and why it is
//! credited to somebody or to nobody.

mod view;

use domain::id::ConversionId;
use runtime::{Answer, Problem, Request, Response};
use store::{
    Store,
    conversion::{Head, Record},
};

use crate::view::ConversionView;

/// Shows a conversion.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle(store: Store, request: Request) -> Answer {
    request.admin()?;
    let id: ConversionId = request.path_id("conversion_id")?;
    let record = store.conversion(&id).await?;
    let Some(known) = record.conversion() else { return Err(unknown(&record)) };
    Response::ok(&ConversionView::new(&known.value, &record).map_err(Problem::internal)?)
}

/// What there is in the place of a charge.
fn unknown(record: &Record) -> Problem {
    let problem = Problem::not_found();
    match &record.head {
        Head::Alias { of } => problem.detail(format!("this is another id of the charge {of} of that source")),
        Head::Stub { .. } => problem.detail("refunds of this charge are known and wait for it"),
        _ if record.award.is_some() => {
            problem.detail("this is a bonus: see the explanation of its commission")
        }
        _ => problem,
    }
}

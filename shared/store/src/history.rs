//! History: the conversions of a program by the day they happened, and the order of what happened
//! to each of them since.
//!
//! Workers' clocks differ, and a commission may mature between the moment a refund looks at the
//! time and the moment it is written. So every change of a conversion notes, in its own
//! transaction, the revision it led to and which lines were payable: by these the journal can be
//! recomputed, whatever the clocks said.

use domain::{
    commission::{CommissionStatus, Decision},
    id::{CommissionId, ConversionId, ProgramId},
    plan::PlanVersion,
    program::Program,
    replay::{Event, Facts, Step},
};
use futures_util::future::try_join_all;
use jiff::{Timestamp, ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{Store, conversion::Record, error::Error, key, table::Query};

/// Days without a conversion that one step of a walk passes over, at most: each is a query of all
/// shards.
const EMPTY_DAYS: usize = 50;
/// Conversions that are read at a time.
const AT_A_TIME: usize = 16;

/// How a change of a conversion stands among the others.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StepItem {
    /// The revision of the conversion that it led to.
    nth: u64,
    at: Timestamp,
    /// Lines that were payable when it was decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    matured: Vec<String>,
    /// Those of them that a payout had covered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    paid: Vec<String>,
}

impl StepItem {
    /// The place of a change that was decided on this record.
    pub(crate) fn after(record: &Record, at: Timestamp) -> Self {
        let lines = record.commissions.iter().map(|line| &line.value);
        let payable = lines.clone().filter(|line| line.matured_at.is_some());
        let paid = lines.filter(|line| line.status == CommissionStatus::Paid);
        Self {
            nth: record.revision().map_or(0, |revision| revision.saturating_add(1)),
            at,
            matured: payable.map(|line| line.id.line()).collect(),
            paid: paid.map(|line| line.id.line()).collect(),
        }
    }

    /// The change with its place.
    pub(crate) fn of(self, conversion: &ConversionId, event: Event) -> Step {
        let id = |line: &String| format!("com_{}_{line}", conversion.body()).parse::<CommissionId>().ok();
        let ids = |lines: &[String]| lines.iter().filter_map(id).collect();
        let (matured, paid) = (ids(&self.matured), ids(&self.paid));
        Step { revision: self.nth, at: self.at, matured, paid, event }
    }
}

/// A decision on the held lines, as the head of the conversion keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ReviewItem {
    pub(crate) decision: Decision,
    pub(crate) step: StepItem,
}

impl Record {
    /// What a replay needs to know; nothing when the charge is not known.
    #[must_use]
    pub fn facts(&self) -> Option<Facts> {
        let mut steps = self.steps.clone();
        steps.sort_by_key(|step| step.revision);
        Some(Facts {
            conversion: self.conversion()?.value.clone(),
            lines: self.lines(),
            booked_at: self.booked_at,
            steps,
            refunds: self.refunds.clone(),
        })
    }
}

/// How far a walk through a program's conversions is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// The day it is in.
    day: Date,
    /// The last conversion of that day that it has passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

impl Walk {
    /// A walk that begins with a day.
    #[must_use]
    pub fn from(day: Date) -> Self {
        Self { day, after: None }
    }

    /// A walk that begins with the first conversion there can be: nothing that happened before the
    /// first plan was ever priced.
    #[must_use]
    pub fn from_the_first(program: &Program, plans: &[PlanVersion]) -> Self {
        let first = plans.iter().map(|plan| plan.effective_from).min();
        Self::from(key::day(first.unwrap_or(program.created_at)))
    }
}

/// Some conversions, in the order in which they happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Steps {
    /// The conversions.
    pub conversions: Vec<ConversionId>,
    /// Where to go on; none at the end.
    pub next: Option<Walk>,
}

impl Store {
    /// A program's attributed conversions of one day, in the order in which they happened, `after`
    /// one of them: at most `limit`, and the one to go on after when there may be more.
    ///
    /// The index may lag behind the table by a moment, and it yields ids only: what is known of a
    /// conversion is to be read from the table.
    ///
    /// # Errors
    /// When the table cannot be read, or a row of the index is corrupt.
    pub async fn conversions_of_day(
        &self,
        program: &ProgramId,
        day: Date,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<ConversionId>, Option<String>), Error> {
        let shards = key::conversions_of_day(program, day);
        // A blank comes before all that an id can go on with, and `~` after all of it.
        let first = after.map_or_else(String::new, |after| format!("{after} "));
        let limit = limit.max(1);
        // Shards are as good as even: each is asked for somewhat more than its part.
        let part = limit.div_ceil(4).saturating_add(1);
        let queries = shards.iter().map(|shard| {
            let query = Query::of(shard).limit(part);
            Box::pin(self.query(if first.is_empty() {
                query
            } else {
                query.between(first.clone(), "~".to_owned())
            }))
        });
        let mut found = Vec::new();
        // Beyond the last row of a shard that has more, others may be first.
        let mut border: Option<String> = None;
        for (rows, more) in try_join_all(queries).await? {
            let places = rows.iter().map(place).collect::<Result<Vec<_>, Error>>()?;
            if more.is_some() {
                let last = places.last().map_or_else(|| first.clone(), |(place, _)| place.clone());
                border = Some(border.map_or(last.clone(), |border| border.min(last)));
            }
            found.extend(places);
        }
        found.sort();
        let known = found.len();
        found.retain(|(place, _)| border.as_ref().is_none_or(|border| place <= border));
        found.truncate(limit);
        let more = border.is_some() || found.len() < known;
        let next = found.last().map(|(place, _)| place.clone()).or_else(|| after.map(str::to_owned));
        Ok((found.into_iter().map(|(_, id)| id).collect(), next.filter(|_| more)))
    }

    /// The next conversions of a walk that ends with the day `last`; fewer than `limit`, even none,
    /// do not mean that it is over.
    ///
    /// # Errors
    /// When the table cannot be read, or a row of the index is corrupt.
    pub async fn walk(
        &self,
        program: &ProgramId,
        walk: Walk,
        last: Date,
        limit: usize,
    ) -> Result<Steps, Error> {
        let Walk { mut day, mut after } = walk;
        let mut conversions = Vec::new();
        let mut empty = 0;
        while day <= last {
            if conversions.len() >= limit || empty >= EMPTY_DAYS {
                return Ok(Steps { conversions, next: Some(Walk { day, after }) });
            }
            let wanted = limit.saturating_sub(conversions.len());
            let (found, next) = self.conversions_of_day(program, day, after.as_deref(), wanted).await?;
            empty = if found.is_empty() { empty + 1 } else { 0 };
            conversions.extend(found);
            after = next;
            if after.is_none() {
                let Ok(tomorrow) = day.checked_add(1.day()) else { break };
                day = tomorrow;
            }
        }
        Ok(Steps { conversions, next: None })
    }
}

impl Store {
    /// Everything known of some charges, in their order, each read strongly.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn conversions(&self, ids: &[ConversionId]) -> Result<Vec<Record>, Error> {
        let mut records = Vec::with_capacity(ids.len());
        for some in ids.chunks(AT_A_TIME) {
            records.extend(try_join_all(some.iter().map(|id| Box::pin(self.conversion(id)))).await?);
        }
        Ok(records)
    }
}

/// The place of a conversion within its day, `<time>#<body of its id>`, and its id.
fn place(row: &crate::Row) -> Result<(String, ConversionId), Error> {
    let text = row.text(crate::schema::Index::Gsi1.sk()).unwrap_or_default();
    let id = text.split_once('#').and_then(|(_, body)| ConversionId::from_body(body).ok());
    let id = id.ok_or_else(|| Error::Corrupt { key: row.key(), reason: format!("not a place: {text}") })?;
    Ok((text.to_owned(), id))
}

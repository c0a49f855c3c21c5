//! `POST /admin/exchange-rates`: publishes rates, all or none of them. A published rate never
//! changes: sales that were priced by it keep it.

use std::collections::HashSet;

use domain::exchange::ExchangeRate;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use runtime::{Answer, Problem, Request, Response, Violations};
use serde::{Deserialize, Serialize};
use store::{
    Store,
    exchange::{Published, RATES_MAX},
    idempotency::{Keep, Once},
};

const SOURCE_MAX: usize = 40;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rates {
    rates: Vec<ExchangeRate>,
}

/// Publishes exchange rates.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle(store: Store, request: Request) -> Answer {
    request.admin()?;
    let idempotency = request.idempotency("publish_exchange_rates")?;
    let body: Rates = request.json()?;
    let now = request.received_at();
    body.check(now)?;
    if let Some(answer) = Response::earlier(store.earlier_answer(&idempotency, now).await?) {
        return answer;
    }
    let path =
        body.rates.first().map(|rate| format!("/admin/exchange-rates?from={}&to={}", rate.from, rate.to));
    let response = Response::created(&path.unwrap_or_default(), &body)?;
    let once = Once { request: &idempotency, answer: &response.stored(), keep: Keep::Week, now };
    match store.publish_exchange_rates(&body.rates, once).await? {
        Published::Committed(committed) => response.committed(committed),
        Published::Taken(taken) => Err(body.conflict(&taken)),
    }
}

impl Rates {
    fn check(&self, now: Timestamp) -> Result<(), Problem> {
        let mut violations = Violations::new();
        violations.check(!self.rates.is_empty(), "/rates", "too_few", "publish at least one rate");
        let most = format!("at most {RATES_MAX} rates at once");
        violations.check(self.rates.len() <= RATES_MAX, "/rates", "out_of_range", &most);
        // Somewhere it is tomorrow already.
        let last_day = now.to_zoned(TimeZone::UTC).date().saturating_add(1.day());
        let mut known = HashSet::new();
        for (place, rate) in self.rates.iter().enumerate() {
            let at = |field: &str| format!("/rates/{place}{field}");
            let detail = "use two different currencies";
            violations.check(rate.from != rate.to, &at("/to"), "same_currency", detail);
            let detail = "use a day at most one day ahead";
            violations.check(rate.day <= last_day, &at("/day"), "out_of_range", detail);
            violations.text(&rate.source, SOURCE_MAX, &at("/source"));
            let detail = "there is another rate for this pair and day in the request";
            let is_first = known.insert((rate.from, rate.to, rate.day));
            violations.check(is_first, &at(""), "duplicate", detail);
        }
        violations.finish()
    }

    /// Which of the rates are known otherwise, and how.
    fn conflict(&self, taken: &[ExchangeRate]) -> Problem {
        let details: Vec<_> = taken.iter().map(|known| self.difference(known)).collect();
        Problem::conflict(format!("{}; a published rate never changes", details.join("; ")))
    }

    fn difference(&self, known: &ExchangeRate) -> String {
        let ExchangeRate { from, to, day, rate, source } = known;
        let is_same = |asked: &ExchangeRate| (asked.from, asked.to, asked.day) == (*from, *to, *day);
        let place = self.rates.iter().position(is_same).unwrap_or_default();
        format!("/rates/{place}: {from} to {to} on {day} was published as {rate} by {source}")
    }
}

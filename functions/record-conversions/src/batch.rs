//! The batch as it is sent.

use domain::{conversion::FactReceived, program::Program};
use jiff::Timestamp;
use providers::report::{Report, Surroundings};
use runtime::{Keyring, Problem, Violations, http};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Most facts of a batch.
const FACTS_MAX: usize = 100;

/// Each fact is left as it was written: one that cannot be read must not hide the others.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Batch {
    facts: Vec<Box<RawValue>>,
}

impl Batch {
    /// Refuses what is no batch.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        let mut violations = Violations::new();
        let fits = (1..=FACTS_MAX).contains(&self.facts.len());
        violations.check(fits, "/facts", "out_of_range", "report 1 to 100 facts at once");
        violations.finish()
    }

    /// Each fact, or the problem that it would be answered with alone.
    pub(crate) fn read(
        &self,
        program: &Program,
        keyring: &Keyring,
        now: Timestamp,
    ) -> Vec<Result<FactReceived, Problem>> {
        let hash_email = |email: &str| keyring.email_hash(email);
        let around = Surroundings::now(program, &hash_email, now);
        self.facts.iter().map(|fact| read(fact, &around)).collect()
    }
}

fn read(fact: &RawValue, around: &Surroundings<'_>) -> Result<FactReceived, Problem> {
    let report: Report = http::parse(fact.get().as_bytes())?;
    match report.into_fact(around) {
        Ok(reported) => Ok(reported.received(around)),
        Err(faults) => Err(faults.into_iter().map(Into::into).collect::<Violations>().into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn batch(body: &str) -> Result<Batch, Problem> {
        let batch: Batch = http::parse(body.as_bytes())?;
        batch.check().map(|()| batch)
    }

    #[test]
    fn a_batch_has_one_to_a_hundred_facts_whatever_they_are() {
        for (count, fits) in [(0, false), (1, true), (100, true), (101, false)] {
            let body = json!({ "facts": vec![json!({ "type": 7 }); count] }).to_string();
            assert_eq!(batch(&body).is_ok(), fits, "{count}");
        }
        let kept = batch(r#"{"facts": [7, [1],  {"a": 1.50, "a": 2}]}"#).unwrap();
        let texts: Vec<_> = kept.facts.iter().map(|fact| fact.get()).collect();
        assert_eq!(texts, ["7", "[1]", r#"{"a": 1.50, "a": 2}"#]);
    }

    #[test]
    fn what_is_no_batch_is_refused_as_a_whole() {
        for (body, pointer, code) in [
            ("{}", "/facts", "missing"),
            (r#"{"facts": {}}"#, "/facts", "invalid"),
            (r#"{"facts": null}"#, "/facts", "invalid"),
            (r#"{"facts": [], "more": 1}"#, "/more", "unknown"),
            (r#"[{"type": "sale"}]"#, "", "invalid"),
        ] {
            let problem = batch(body).err().unwrap();
            let fields: Vec<_> =
                problem.fields().iter().map(|field| (field.pointer.as_str(), field.code.as_str())).collect();
            assert_eq!(fields, [(pointer, code)], "{body}");
        }
    }
}

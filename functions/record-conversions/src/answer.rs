//! What became of each fact.

use domain::{
    conversion::FactReceived,
    id::{ConversionId, EventId},
};
use runtime::Problem;
use serde::Serialize;
use serde_json::Value;

/// The answer: one result for each fact, in their order.
#[derive(Serialize)]
pub(crate) struct Results {
    accepted: usize,
    refused: usize,
    results: Vec<FactResult>,
    #[serde(skip)]
    are_final: bool,
}

#[derive(Serialize)]
struct FactResult {
    index: usize,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
enum Outcome {
    Accepted { event_id: EventId, conversion_id: ConversionId },
    Refused { problem: Value },
}

impl Results {
    pub(crate) fn new(outcomes: &[Result<FactReceived, Problem>], request_id: &str) -> Self {
        let accepted = outcomes.iter().flatten().count();
        let result = |(index, outcome): (usize, &Result<FactReceived, Problem>)| {
            let outcome = match outcome {
                Ok(fact) => {
                    Outcome::Accepted { event_id: fact.id.clone(), conversion_id: fact.conversion_id() }
                }
                Err(problem) => Outcome::Refused { problem: problem.document(request_id) },
            };
            FactResult { index, outcome }
        };
        Self {
            accepted,
            refused: outcomes.len() - accepted,
            results: outcomes.iter().enumerate().map(result).collect(),
            are_final: outcomes
                .iter()
                .all(|outcome| outcome.as_ref().map_or_else(|problem| problem.status() < 500, |_| true)),
        }
    }

    /// Would the same facts be answered the same again? Not where something went wrong on our side.
    pub(crate) fn are_final(&self) -> bool {
        self.are_final
    }
}

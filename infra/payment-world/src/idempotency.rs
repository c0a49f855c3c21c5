//! Stripe's idempotency layer: the first answer under a key is the answer for 24 hours.
//!
//! Stripe saves the status and body once the endpoint has begun to execute, a 500 included, and
//! compares the parameters. It saves nothing for a request it turned away before that (401, 429,
//! invalid parameters), and forgets a key after a day: a retry later than that pays again.

use std::collections::BTreeMap;

use crate::clock::DAY;
use crate::form::Form;
use crate::reply::Answer;

#[derive(Clone, Debug, Default)]
pub(crate) struct Keys(BTreeMap<String, Saved>);

#[derive(Clone, Debug)]
struct Saved {
    at: i64,
    path: &'static str,
    form: Form,
    answer: Answer,
}

pub(crate) enum Known {
    Replay(Answer),
    OtherParameters,
}

impl Keys {
    pub(crate) fn find(&self, key: &str, path: &str, form: &Form, at: i64) -> Option<Known> {
        let saved = self.0.get(key).filter(|saved| at.saturating_sub(saved.at) < DAY)?;
        if saved.path != path || saved.form != *form {
            return Some(Known::OtherParameters);
        }
        Some(Known::Replay(saved.answer.clone().with("idempotent-replayed", "true")))
    }

    pub(crate) fn save(&mut self, key: &str, path: &'static str, form: &Form, at: i64, answer: &Answer) {
        let saved = Saved { at, path, form: form.clone(), answer: answer.clone() };
        self.0.insert(key.to_owned(), saved);
    }
}

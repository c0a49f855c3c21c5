//! Kept answers that nobody may read in the table.

use store::idempotency::{Answer as Stored, Committed, Earlier, Idempotency};

use super::{Answer, Problem, Response};
use crate::Keyring;

/// Keeps the answers to one request sealed, where they carry a secret or personal data: the record
/// of a request outlives neither the partner's erasure nor a stolen table in readable form.
#[derive(Clone, Copy)]
pub struct SealedAnswers<'a> {
    keyring: &'a Keyring,
    request: &'a Idempotency,
}

impl<'a> SealedAnswers<'a> {
    /// The answers to this request.
    #[must_use]
    pub fn new(keyring: &'a Keyring, request: &'a Idempotency) -> Self {
        Self { keyring, request }
    }

    /// As [`Response::earlier`].
    #[must_use]
    pub fn earlier(&self, earlier: Earlier) -> Option<Answer> {
        match earlier {
            Earlier::Replay(stored) => Some(self.replay(stored)),
            Earlier::New | Earlier::Reused => Response::earlier(earlier),
        }
    }

    /// As [`Response::stored`].
    ///
    /// # Errors
    /// 500 when the answer cannot be sealed.
    pub fn stored(&self, response: &Response) -> Result<Stored, Problem> {
        let stored = response.stored();
        let body = self.keyring.seal(&self.context(), stored.body.as_bytes()).map_err(Problem::internal)?;
        Ok(Stored { body, ..stored })
    }

    /// As [`Response::committed`].
    ///
    /// # Errors
    /// 422 when the key was used for another request meanwhile.
    pub fn committed(&self, response: Response, committed: Committed) -> Answer {
        match committed {
            Committed::Replay(stored) => self.replay(stored),
            Committed::Now | Committed::Reused => response.committed(committed),
        }
    }

    fn replay(&self, stored: Stored) -> Answer {
        let body = self.keyring.open(&self.context(), &stored.body).map_err(Problem::internal)?;
        let body = String::from_utf8(body.to_vec()).map_err(Problem::internal)?;
        Response::replay(Stored { body, ..stored })
    }

    /// A record that was moved to another request does not open there.
    fn context(&self) -> String {
        let Idempotency { caller, operation, key, .. } = self.request;
        format!("answer {operation} {caller} {key}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(key: &str) -> Idempotency {
        Idempotency {
            caller: "admin:9f0c".to_owned(),
            operation: "create_api_key",
            key: key.to_owned(),
            request_hash: "hash".to_owned(),
        }
    }

    #[test]
    fn a_sealed_answer_is_replayed_as_it_was_given_through_a_rotation_too() {
        let (keyring, request) = (Keyring::from_master("old"), request("k"));
        let response = Response::created("/somewhere", &json!({ "token": "secret" })).unwrap();
        let stored = SealedAnswers::new(&keyring, &request).stored(&response).unwrap();
        assert!(!stored.body.contains("secret"));
        let rotated = Keyring::from_master("new").with_previous("old");
        let answers = SealedAnswers::new(&rotated, &request);
        let replayed = answers.earlier(Earlier::Replay(stored.clone())).unwrap().unwrap();
        assert_eq!((replayed.status(), replayed.body()), (201, r#"{"token":"secret"}"#));
        assert_eq!(replayed.location(), Some("/somewhere"));
        let raced = answers.committed(response, Committed::Replay(stored)).unwrap();
        assert_eq!(raced.body(), replayed.body());
    }

    #[test]
    fn a_record_of_another_request_does_not_open() {
        let (keyring, first, second) = (Keyring::from_master("m"), request("k"), request("l"));
        let response = Response::ok(&json!({})).unwrap();
        let stored = SealedAnswers::new(&keyring, &first).stored(&response).unwrap();
        let moved = SealedAnswers::new(&keyring, &second).earlier(Earlier::Replay(stored));
        assert_eq!(moved.unwrap().unwrap_err().status(), 500);
    }
}

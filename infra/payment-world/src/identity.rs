//! Stripe Identity: verification sessions, and the decision a person at Stripe would make.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::form::Form;
use crate::ids::Ids;
use crate::reply::Answer;
use crate::stripe::{invalid, missing, required};

pub(crate) const PATH: &str = "/v1/identity/verification_sessions";

/// How an identity check ends.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// What the session becomes.
    pub outcome: Verification,
    /// Stripe's `last_error.code`, for `requires_input`.
    pub code: Option<String>,
}

/// The outcomes; Stripe's fourth status, `processing`, only lies between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verification {
    /// The person is who they say.
    Verified,
    /// The check failed and may be tried again.
    RequiresInput,
    /// Given up.
    Canceled,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Sessions(Vec<Session>);

#[derive(Clone, Debug)]
struct Session {
    id: String,
    object: Value,
}

/// Event type and the object it carries.
pub(crate) type Change = (String, Value);

impl Sessions {
    pub(crate) fn create(&mut self, ids: &mut Ids, form: &Form, at: i64) -> Result<Answer, Answer> {
        let kind = required(form, "type")?;
        if kind != "document" {
            let message = format!("Invalid type: this stand-in checks documents, not '{kind}'");
            return Err(invalid("parameter_unknown", "type", &message));
        }
        let id = ids.stripe("vs");
        let secret = ids.stripe("test");
        let object = json!({
            "id": id,
            "object": "identity.verification_session",
            "client_reference_id": form.get("client_reference_id"),
            "client_secret": format!("{id}_secret_{secret}"),
            "created": at,
            "last_error": null,
            "last_verification_report": null,
            "livemode": false,
            "metadata": form.metadata(),
            "options": {"document": {}},
            "redaction": null,
            "status": "requires_input",
            "type": kind,
            "url": format!("https://verify.stripe.com/start/{secret}"),
        });
        let answer = Answer::new(200, object.clone());
        self.0.push(Session { id, object });
        Ok(answer)
    }

    pub(crate) fn get(&self, id: &str) -> Answer {
        let found = self.0.iter().find(|session| session.id == id);
        found.map_or_else(
            || missing("verification_session", id),
            |session| Answer::new(200, session.object.clone()),
        )
    }

    /// Changes the session and tells which events that makes.
    pub(crate) fn decide(
        &mut self,
        ids: &mut Ids,
        id: &str,
        decision: &Decision,
    ) -> Result<Vec<Change>, (u16, String)> {
        let found = self.0.iter_mut().find(|session| session.id == id);
        let session = found.ok_or_else(|| (404, format!("there is no identity session {id}")))?;
        let status = session.object.get("status").and_then(Value::as_str).unwrap_or_default();
        if status != "requires_input" {
            return Err((409, format!("session {id} is {status} for good")));
        }
        let report = ids.stripe("vr");
        let steps = match decision.outcome {
            Verification::Verified => vec![
                ("processing", json!({"last_error": null, "client_secret": null, "url": null})),
                ("verified", json!({"last_verification_report": report})),
            ],
            Verification::RequiresInput => {
                let code = decision.code.as_deref().unwrap_or("document_unverified_other");
                let error = json!({"code": code, "reason": "The document could not be verified."});
                vec![
                    ("processing", json!({"last_error": null})),
                    ("requires_input", json!({"last_verification_report": report, "last_error": error})),
                ]
            }
            Verification::Canceled => {
                vec![("canceled", json!({"client_secret": null, "url": null}))]
            }
        };
        Ok(steps.into_iter().map(|(status, fields)| session.change(status, fields)).collect())
    }
}

impl Session {
    fn change(&mut self, status: &str, fields: Value) -> Change {
        if let (Value::Object(object), Value::Object(fields)) = (&mut self.object, fields) {
            object.extend(fields);
            object.insert("status".to_owned(), status.into());
        }
        (format!("identity.verification_session.{status}"), self.object.clone())
    }
}

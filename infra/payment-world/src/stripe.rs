//! Stripe: transfers to connected accounts, and the errors of API v1.
//!
//! Shapes follow docs.stripe.com: the Transfer object, errors, idempotent requests, advanced error
//! handling. A transfer has no states: it exists or it does not.

use serde_json::{Value, json};

use crate::form::Form;
use crate::idempotency::{Keys, Known};
use crate::ids::Ids;
use crate::outcome::{Facts, Provider};
use crate::reply::Answer;
use crate::world::{Payment, Verdict};

const TRANSFERS: &str = "/v1/transfers";
/// Stripe's bounds for `limit`.
const PAGE_DEFAULT: usize = 10;
const PAGE_MAX: usize = 100;

/// A form-encoded POST with its `Idempotency-Key`.
#[derive(Clone, Debug, Default)]
pub struct StripeCall {
    /// The `Idempotency-Key` header.
    pub key: Option<String>,
    /// The body.
    pub form: Form,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Stripe {
    keys: Keys,
    transfers: Vec<Transfer>,
}

#[derive(Clone, Debug)]
struct Transfer {
    id: String,
    key: Option<String>,
    at: i64,
    amount: i64,
    currency: String,
    destination: String,
    group: Option<String>,
    is_reversed: bool,
    object: Value,
}

impl StripeCall {
    pub(crate) fn facts(&self) -> Facts<'_> {
        Facts {
            provider: Provider::Stripe,
            destinations: self.form.get("destination").into_iter().collect(),
            references: [self.key.as_deref(), self.form.get("transfer_group")]
                .into_iter()
                .flatten()
                .collect(),
        }
    }
}

impl Stripe {
    /// Runs `endpoint` unless the key has an answer already. An `Err` is a request that was turned
    /// away before the endpoint began: its answer is not kept.
    pub(crate) fn once(
        &mut self,
        ids: &mut Ids,
        call: &StripeCall,
        path: &'static str,
        at: i64,
        endpoint: impl FnOnce(&mut Ids, &Form) -> Result<Answer, Answer>,
    ) -> Answer {
        let known = call.key.as_ref().and_then(|key| self.keys.find(key, path, &call.form, at));
        match known {
            Some(Known::Replay(answer)) => return answer,
            Some(Known::OtherParameters) => return other_parameters(call),
            None => {}
        }
        match endpoint(ids, &call.form) {
            Err(turned_away) => turned_away,
            Ok(answer) => {
                if let Some(key) = &call.key {
                    self.keys.save(key, path, &call.form, at, &answer);
                }
                answer
            }
        }
    }

    pub(crate) fn transfer(
        &mut self,
        ids: &mut Ids,
        at: i64,
        call: &StripeCall,
        verdict: &Verdict,
    ) -> Answer {
        let mut paid = None;
        let answer = self.once(ids, call, TRANSFERS, at, |ids, form| {
            let transfer = Transfer::order(ids, at, call, form)?;
            Ok(match verdict {
                Verdict::Refuse { code, status } => refusal(status.unwrap_or(400), code),
                Verdict::FailBefore => failure(),
                Verdict::FailAfter(_) => {
                    paid = Some(transfer);
                    failure()
                }
                Verdict::Accept(_) => Answer::new(200, paid.insert(transfer).object.clone()),
            })
        });
        self.transfers.extend(paid);
        answer
    }

    /// `GET /v1/transfers`, newest first.
    pub(crate) fn list(&self, query: &Form) -> Answer {
        let limit = query.get("limit").map_or(Some(PAGE_DEFAULT), |limit| limit.parse().ok());
        let Some(limit) = limit.filter(|limit| (1..=PAGE_MAX).contains(limit)) else {
            return invalid("parameter_invalid_integer", "limit", "Invalid integer: limit");
        };
        let after = query.get("starting_after");
        let mut found = self
            .transfers
            .iter()
            .rev()
            .skip_while(|transfer| after.is_some_and(|after| transfer.id != after))
            .skip(usize::from(after.is_some()))
            .filter(|transfer| {
                let same =
                    |name, value: Option<&str>| query.get(name).is_none_or(|wanted| value == Some(wanted));
                same("transfer_group", transfer.group.as_deref())
                    && same("destination", Some(&transfer.destination))
            })
            .map(|transfer| transfer.object.clone());
        let data: Vec<Value> = found.by_ref().take(limit).collect();
        let has_more = found.next().is_some();
        let list = json!({"object": "list", "url": TRANSFERS, "has_more": has_more, "data": data});
        Answer::new(200, list)
    }

    /// `GET /v1/transfers/{id}`
    pub(crate) fn get(&self, id: &str) -> Answer {
        let found = self.transfers.iter().find(|transfer| transfer.id == id);
        found.map_or_else(|| missing("transfer", id), |transfer| Answer::new(200, transfer.object.clone()))
    }

    /// Takes a transfer back from the connected account, as its platform can.
    pub(crate) fn reverse(&mut self, id: &str) -> Option<()> {
        let transfer = self.transfers.iter_mut().find(|transfer| transfer.id == id)?;
        if let Value::Object(fields) = &mut transfer.object {
            fields.insert("reversed".to_owned(), true.into());
            fields.insert("amount_reversed".to_owned(), transfer.amount.into());
        }
        transfer.is_reversed = true;
        Some(())
    }

    pub(crate) fn payments(&self) -> impl Iterator<Item = (bool, Payment)> {
        self.transfers.iter().map(|transfer| {
            let payment = Payment {
                reference: transfer.group.clone(),
                key: transfer.key.clone(),
                destination: transfer.destination.clone(),
                amount: transfer.amount,
                currency: transfer.currency.to_uppercase(),
                status: if transfer.is_reversed { "REVERSED" } else { "PAID" }.to_owned(),
                ..Payment::recorded(Provider::Stripe, &transfer.id, transfer.at)
            };
            (!transfer.is_reversed, payment)
        })
    }
}

impl Transfer {
    fn order(ids: &mut Ids, at: i64, call: &StripeCall, form: &Form) -> Result<Self, Answer> {
        let currency = required(form, "currency")?;
        let destination = required(form, "destination")?;
        let amount = required(form, "amount")?;
        if !destination.starts_with("acct_") {
            let message = format!("No such destination: '{destination}'");
            return Err(invalid("resource_missing", "destination", &message));
        }
        let Some(amount) = amount.parse().ok().filter(|amount: &i64| *amount > 0) else {
            let message = format!("Invalid positive integer: {amount}");
            return Err(invalid("parameter_invalid_integer", "amount", &message));
        };
        let id = ids.stripe("tr");
        let group = form.get("transfer_group");
        let object = json!({
            "id": id,
            "object": "transfer",
            "amount": amount,
            "amount_reversed": 0,
            "balance_transaction": ids.stripe("txn"),
            "created": at,
            "currency": currency,
            "description": form.get("description"),
            "destination": destination,
            "destination_payment": ids.stripe("py"),
            "livemode": false,
            "metadata": form.metadata(),
            "reversals": {
                "object": "list",
                "data": [],
                "has_more": false,
                "total_count": 0,
                "url": format!("{TRANSFERS}/{id}/reversals"),
            },
            "reversed": false,
            "source_transaction": null,
            "source_type": "card",
            "transfer_group": group,
        });
        Ok(Self {
            id,
            key: call.key.clone(),
            at,
            amount,
            currency: currency.to_owned(),
            destination: destination.to_owned(),
            group: group.map(str::to_owned),
            is_reversed: false,
            object,
        })
    }
}

/// The answer to a request without `Authorization: Bearer sk_...`.
pub(crate) fn unauthenticated() -> Answer {
    let message = "You did not provide an API key. You need to provide your API key in the \
                   Authorization header, using Bearer auth.";
    Answer::new(401, json!({"error": {"type": "invalid_request_error", "message": message}}))
}

/// 429 or 503, from in front of the idempotency layer.
pub(crate) fn turned_away(status: u16) -> Answer {
    let error = if status == 429 {
        let message = "Request rate limit exceeded. Retry with exponential backoff.";
        json!({"type": "invalid_request_error", "code": "rate_limit", "message": message})
    } else {
        json!({"type": "api_error", "message": "Stripe is temporarily unavailable."})
    };
    Answer::new(status, json!({"error": error})).with("stripe-should-retry", "true")
}

pub(crate) fn invalid(code: &str, param: &str, message: &str) -> Answer {
    error(400, json!({"code": code, "param": param, "message": message}))
}

pub(crate) fn required<'a>(form: &'a Form, name: &str) -> Result<&'a str, Answer> {
    let message = format!("Missing required param: {name}.");
    form.get(name).ok_or_else(|| invalid("parameter_missing", name, &message))
}

pub(crate) fn missing(kind: &str, id: &str) -> Answer {
    let message = format!("No such {kind}: '{id}'");
    error(404, json!({"code": "resource_missing", "param": "id", "message": message}))
}

fn refusal(status: u16, code: &str) -> Answer {
    error(status, json!({"code": code, "message": format!("Refused by script: {code}")}))
}

/// An `invalid_request_error` with the link to its code's page.
fn error(status: u16, mut error: Value) -> Answer {
    if let Value::Object(fields) = &mut error {
        let code = fields.get("code").and_then(Value::as_str).unwrap_or_default();
        let page = code.replace('_', "-");
        let doc_url = format!("https://stripe.com/docs/error-codes/{page}");
        fields.insert("doc_url".to_owned(), doc_url.into());
        fields.insert("type".to_owned(), "invalid_request_error".into());
    }
    Answer::new(status, json!({"error": error}))
}

fn failure() -> Answer {
    Answer::new(500, json!({"error": {"type": "api_error", "message": "An unknown error occurred"}}))
}

fn other_parameters(call: &StripeCall) -> Answer {
    let key = call.key.as_deref().unwrap_or_default();
    let message = format!(
        "Keys for idempotent requests can only be used with the same parameters they were first \
         used with. Try using a key other than '{key}' if you meant to execute a different request."
    );
    Answer::new(400, json!({"error": {"type": "idempotency_error", "message": message}}))
}

//! `PUT /affiliate/payout-method`: says where the calling partner's money goes.

use domain::partner::{Partner, PayoutMethod, PayoutProvider};
use providers::payout::Destination;
use runtime::{Answer, Keyring, Problem, Request, Response, Violations, view::profile::PayoutMethodView};
use serde::Deserialize;
use store::{Store, Versioned};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    provider: PayoutProvider,
    account: Option<String>,
    email: Option<String>,
}

/// Sets the payout method.
///
/// # Errors
/// Problems by the contract.
pub async fn handle((store, keyring): (Store, Keyring), request: Request) -> Answer {
    let caller = request.partner()?;
    let destination = request.json::<Input>()?.destination()?;
    let read = store.partner(&caller.id).await?.ok_or_else(Problem::not_found)?;
    let plaintext = serde_json::to_vec(&destination).map_err(Problem::internal)?;
    if let Some(method) = &read.value.payout_method {
        // Set again, it would rest anew and hold the next payout up for nothing.
        if is_set(&store, &keyring, &read, method, &plaintext).await? {
            return Response::ok(&PayoutMethodView::from(method));
        }
    }

    let method = PayoutMethod {
        provider: destination.provider(),
        hint: destination.hint(),
        version: read.value.payout_method.as_ref().map_or(0, |method| method.version).saturating_add(1),
        set_at: request.received_at(),
    };
    let response = Response::ok(&PayoutMethodView::from(&method))?;
    let changed = Partner { payout_method: Some(method), ..read.value.clone() };
    let sealed = keyring.seal(caller.id.as_str(), &plaintext).map_err(Problem::internal)?;
    store.set_payout_method(&read, &changed, &sealed).await?;
    Ok(response)
}

/// Does the method that is set lead to this destination? One that cannot be opened any more does
/// not: setting it anew is how the partner gets paid again.
async fn is_set(
    store: &Store,
    keyring: &Keyring,
    partner: &Versioned<Partner>,
    method: &PayoutMethod,
    plaintext: &[u8],
) -> Result<bool, Problem> {
    let id = &partner.value.id;
    let sealed = store.payout_destination(id, method.version).await?;
    let opened = sealed.and_then(|sealed| keyring.open(id.as_str(), &sealed).ok());
    Ok(opened.is_some_and(|opened| opened.as_slice() == plaintext))
}

impl Input {
    fn destination(self) -> Result<Destination, Problem> {
        let (wanted, text, foreign, other) = match self.provider {
            PayoutProvider::Stripe => ("/account", self.account, "/email", self.email),
            PayoutProvider::Paypal => ("/email", self.email, "/account", self.account),
        };
        let mut violations = Violations::new();
        violations.check(other.is_none(), foreign, "unknown", "this field belongs to another provider");
        violations.check(text.is_some(), wanted, "missing", "this field is required");
        let parsed = text.map(|text| Destination::parse(self.provider, &text));
        let destination = parsed.and_then(|parsed| violations.take(wanted, parsed));
        destination.filter(|_| violations.is_empty()).ok_or_else(|| violations.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(body: Value) -> Result<Destination, Problem> {
        serde_json::from_value::<Input>(body).unwrap().destination()
    }

    #[test]
    fn every_provider_has_its_own_field() {
        let stripe = read(json!({ "provider": "stripe", "account": "acct_1Nv0FGQ9RKHgCVdK" })).unwrap();
        assert_eq!(stripe.as_str(), "acct_1Nv0FGQ9RKHgCVdK");
        let paypal = read(json!({ "provider": "paypal", "email": "jane@example.org" })).unwrap();
        assert_eq!(paypal.as_str(), "jane@example.org");
    }

    #[test]
    fn all_wrong_fields_are_named() {
        for (body, expected) in [
            (json!({ "provider": "stripe" }), vec!["/account"]),
            (json!({ "provider": "stripe", "account": "x" }), vec!["/account"]),
            (json!({ "provider": "paypal", "account": "acct_1" }), vec!["/account", "/email"]),
            (json!({ "provider": "paypal", "email": "a@b.example", "account": "acct_1" }), vec!["/account"]),
        ] {
            let problem = read(body).unwrap_err();
            let pointers: Vec<_> = problem.fields().iter().map(|field| field.pointer.as_str()).collect();
            assert_eq!(pointers, expected);
        }
    }
}

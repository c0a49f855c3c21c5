//! Payouts as transfers to connected accounts: <https://docs.stripe.com/api/transfers>.
//!
//! A transfer has no states: once it exists, the partner's balance at Stripe has the money. Its
//! `transfer_group` is the payout's id, by which it is found when the answer was lost. The key is
//! remembered for a day; later than that only a person may decide, because a repeat would pay again.

use reqwest::Client;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{Api, Verdict, amount};
use crate::{
    InvalidCredential,
    payout::{Destination, Lookup, MISMATCH, Order, Payer, Progress, Sent, detail},
};

const PATH: [&str; 2] = ["v1", "transfers"];

/// Stripe Connect transfers.
#[derive(Debug, Clone)]
pub struct StripeTransfers(Api);

#[derive(Deserialize)]
struct Transfer {
    id: String,
    amount: i64,
    currency: String,
    destination: String,
    #[serde(default)]
    reversed: bool,
}

#[derive(Deserialize)]
struct Transfers {
    data: Vec<Transfer>,
}

impl StripeTransfers {
    /// Transfers from the account with this secret key.
    ///
    /// # Errors
    /// When the key cannot be sent in a header.
    pub fn new(client: Client, api_url: Url, secret_key: &str) -> Result<Self, InvalidCredential> {
        Api::new(client, api_url, secret_key).map(Self)
    }
}

impl Payer for StripeTransfers {
    async fn send(&self, order: &Order) -> Sent {
        let Destination::StripeAccount(account) = &order.destination else { return not_ours() };
        let amount = match amount::to_stripe(order.amount) {
            Ok(amount) => amount.to_string(),
            Err(error) => {
                return Sent::Refused { code: "amount_not_payable".to_owned(), detail: error.to_string() };
            }
        };
        let currency = order.amount.currency().code().to_ascii_lowercase();
        let form = [
            ("amount", amount.as_str()),
            ("currency", &currency),
            ("destination", account),
            ("transfer_group", order.payout_id.as_str()),
            ("metadata[payout_id]", order.payout_id.as_str()),
        ];
        match self.0.create(&PATH, &order.key(), &form).await {
            Verdict::Done(body) => match read::<Transfer>(body) {
                Some(transfer) => Sent::Accepted { provider_id: transfer.id, settled: true },
                None => Sent::Unknown { cause: "an answer that is no transfer".to_owned() },
            },
            Verdict::Refused { code, message } => {
                Sent::Refused { code, detail: detail(&message, &order.destination) }
            }
            Verdict::Missing => Sent::Unknown { cause: "status 404".to_owned() },
            Verdict::Unknown(cause) => Sent::Unknown { cause },
        }
    }

    async fn find(&self, order: &Order) -> Lookup {
        match self.0.read(&PATH, &[("transfer_group", order.payout_id.as_str()), ("limit", "100")]).await {
            Verdict::Done(body) => match read::<Transfers>(body) {
                Some(found) => found.judge(order),
                None => Lookup::Unknown { cause: "an answer that is no list of transfers".to_owned() },
            },
            verdict => unknown(verdict),
        }
    }

    async fn status(&self, provider_id: &str) -> Lookup {
        let [version, transfers] = PATH;
        match self.0.read(&[version, transfers, provider_id], &[]).await {
            Verdict::Done(body) => match read::<Transfer>(body) {
                Some(transfer) => transfer.found(),
                None => Lookup::Unknown { cause: "an answer that is no transfer".to_owned() },
            },
            Verdict::Missing => Lookup::NotFound,
            verdict => unknown(verdict),
        }
    }
}

impl Transfers {
    fn judge(self, order: &Order) -> Lookup {
        let mut transfers = self.data.into_iter();
        match (transfers.next(), transfers.next()) {
            (None, _) => Lookup::NotFound,
            (Some(transfer), None) if transfer.is_of(order) => transfer.found(),
            // Two transfers for one payout, or one that differs, is nothing to go on from alone.
            _ => Lookup::Unknown { cause: MISMATCH.to_owned() },
        }
    }
}

impl Transfer {
    fn is_of(&self, order: &Order) -> bool {
        amount::to_stripe(order.amount) == Ok(self.amount)
            && self.currency.eq_ignore_ascii_case(order.amount.currency().code())
            && self.destination == order.destination.as_str()
    }

    fn found(self) -> Lookup {
        let progress =
            if self.reversed { Progress::Returned { code: "reversed".to_owned() } } else { Progress::Paid };
        Lookup::Found { provider_id: self.id, progress }
    }
}

fn read<T: serde::de::DeserializeOwned>(body: Value) -> Option<T> {
    serde_json::from_value(body).ok()
}

fn unknown(verdict: Verdict) -> Lookup {
    let cause = match verdict {
        Verdict::Unknown(cause) => cause,
        Verdict::Refused { code, .. } => code,
        Verdict::Missing | Verdict::Done(_) => "an answer that says nothing".to_owned(),
    };
    Lookup::Unknown { cause }
}

fn not_ours() -> Sent {
    Sent::Refused {
        code: "wrong_destination".to_owned(),
        detail: "Stripe pays to connected Stripe accounts only".to_owned(),
    }
}

//! Payments of providers: each belongs to one payout.

use std::collections::BTreeMap;

use domain::{
    audit::{Breach, payment},
    payout::Payout,
};

use crate::{Store, error::Error, key, payout::ProviderPaymentItem, table::Read};

impl Store {
    /// What is wrong with the payments of some payouts.
    pub(super) async fn audit_payments(&self, payouts: &[Payout]) -> Result<Vec<Breach>, Error> {
        let of = |payout: &Payout| {
            let provider_id = payout.provider_id.as_deref()?;
            Some(key::provider_payment(payout.method.provider, provider_id))
        };
        let mut keys: Vec<_> = payouts.iter().filter_map(of).collect();
        // Two payouts of one payment are what is looked for, and a read may name it only once.
        keys.sort();
        keys.dedup();
        let mut named = BTreeMap::new();
        for row in self.batch_get(&keys, Read::Strong).await? {
            named.insert(row.key(), row.parse::<ProviderPaymentItem>()?.payout);
        }
        let check = |payout: &Payout| payment(payout, of(payout).and_then(|key| named.get(&key)));
        Ok(payouts.iter().filter_map(check).collect())
    }
}

//! Sales: what a partner's conversions come to by their day, against the counters by which partners
//! qualify.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{civil::Date, tz::TimeZone};

use super::{Breach, Check, Owner};
use crate::{
    commission::{Commission, CommissionStatus},
    conversion::Conversion,
    id::{CustomerId, PartnerId},
    money::MoneyError,
    performance::{is_sale, sold},
};

/// What a partner's sales that earned something come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sales {
    /// In minor units of the program's currency, by the day of sale.
    pub revenue: BTreeMap<Date, i128>,
    /// How many were not refunded whole, by the day of sale.
    pub count: BTreeMap<Date, i128>,
    /// The same by customer.
    pub by_customer: BTreeMap<(Date, CustomerId), i128>,
}

impl Sales {
    /// Adds what a conversion with these lines comes to for a partner.
    ///
    /// # Errors
    /// When an amount does not fit.
    pub fn add(
        &mut self,
        conversion: &Conversion,
        lines: &[Commission],
        partner: &PartnerId,
    ) -> Result<(), MoneyError> {
        let Conversion { charge, refunded, .. } = conversion;
        let is_refunded = !refunded.is_zero() && *refunded == charge.amount;
        let is_rejected = lines.iter().any(|line| line.status == CommissionStatus::Rejected);
        if is_refunded || is_rejected || !is_sale(charge.kind) {
            return Ok(());
        }
        let day = charge.occurred_at.to_zoned(TimeZone::UTC).date();
        let left = sold(conversion, charge.amount)?.into_iter().zip(sold(conversion, *refunded)?);
        for (sold, gone) in left.filter(|(sold, _)| sold.partner_id == *partner) {
            let left = sold.revenue.minus(gone.revenue)?;
            *self.revenue.entry(day).or_default() += i128::from(left.minor());
            *self.count.entry(day).or_default() += 1;
            if let Some(customer) = &charge.customer {
                *self.by_customer.entry((day, customer.id.clone())).or_default() += 1;
            }
        }
        Ok(())
    }

    /// Everything in which these counters differ from the sales themselves.
    #[must_use]
    pub fn breaches(&self, (partner, currency): &Owner, sales: &Self) -> Vec<Breach> {
        let mut breaches = compare(&self.revenue, &sales.revenue, |day| {
            format!("performance:{partner} {currency} {day} revenue")
        });
        breaches.extend(compare(&self.count, &sales.count, |day| {
            format!("performance:{partner} {currency} {day} sales")
        }));
        breaches.extend(compare(&self.by_customer, &sales.by_customer, |(day, customer)| {
            format!("performance:{partner} {day} {customer}")
        }));
        breaches
    }
}

fn compare<K: Ord>(
    counted: &BTreeMap<K, i128>,
    sold: &BTreeMap<K, i128>,
    item: impl Fn(&K) -> String,
) -> Vec<Breach> {
    let value = |map: &BTreeMap<K, i128>, key: &K| map.get(key).copied().unwrap_or_default();
    let keys: BTreeSet<&K> = counted.keys().chain(sold.keys()).collect();
    let breach = |key: &K| {
        let (counted, sold) = (value(counted, key), value(sold, key));
        let sums = (("the counters", counted), ("the sales of that day", sold));
        Breach::unless_equal(Check::Projections, &[&item(key)], sums.0, sums.1)
    };
    keys.into_iter().filter_map(breach).collect()
}

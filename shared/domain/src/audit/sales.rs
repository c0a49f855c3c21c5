//! Sales: what a partner's conversions come to by their day, against the counters by which partners
//! qualify.

use std::collections::BTreeMap;

use jiff::{civil::Date, tz::TimeZone};

use super::{Check, Figure, Owner, figure::pairs};
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

    /// These counters, each with what the sales themselves come to.
    #[must_use]
    pub fn figures(&self, (partner, currency): &Owner, sales: &Self) -> Vec<Figure> {
        let figure = |name: String, counted, sold| {
            let sums = (("the counters", counted), ("the sales of that day", sold));
            Figure::new(Check::Projections, name, sums.0, sums.1)
        };
        let mut figures = Vec::new();
        for (day, counted, sold) in pairs(&self.revenue, &sales.revenue) {
            figures.push(figure(format!("performance:{partner} {currency} {day} revenue"), counted, sold));
        }
        for (day, counted, sold) in pairs(&self.count, &sales.count) {
            figures.push(figure(format!("performance:{partner} {currency} {day} sales"), counted, sold));
        }
        for ((day, customer), counted, sold) in pairs(&self.by_customer, &sales.by_customer) {
            figures.push(figure(format!("performance:{partner} {day} {customer}"), counted, sold));
        }
        figures
    }
}

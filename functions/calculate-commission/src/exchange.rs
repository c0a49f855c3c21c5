//! A sale in another currency than the program's: priced by the rate of its day, or kept waiting.

use domain::{
    attribution::{Attribution, Outcome, Unattributed},
    conversion::{Conversion, Fact, FactReceived},
    exchange::ExchangeRate,
    id::EventId,
};
use jiff::tz::TimeZone;
use runtime::{Failure, telemetry};
use store::{accrual::Written, conversion::Record};

use crate::Counter;

/// What a sale is converted with.
pub(crate) enum Exchange {
    /// It is in the program's currency.
    NotNeeded,
    /// The rate of its day.
    Known(ExchangeRate),
    /// There is none yet.
    Missing,
}

impl Exchange {
    /// The rate to convert with, if any.
    pub(crate) fn rate(&self) -> Option<&ExchangeRate> {
        match self {
            Self::Known(rate) => Some(rate),
            Self::NotNeeded | Self::Missing => None,
        }
    }
}

impl Counter {
    pub(crate) async fn exchange(&self, conversion: &Conversion) -> Result<Exchange, Failure> {
        let (from, to) = (conversion.charge.amount.currency(), self.program.currency);
        if from == to {
            return Ok(Exchange::NotNeeded);
        }
        let day = conversion.charge.occurred_at.to_zoned(TimeZone::UTC).date();
        let rate = self.store.exchange_rate(from, to, day).await?;
        Ok(rate.map_or(Exchange::Missing, Exchange::Known))
    }

    /// Keeps the sale until the rate of its day is published, which sends it again.
    pub(crate) async fn wait_for_rate(
        &self,
        record: &Record,
        conversion: Conversion,
    ) -> Result<Written, Failure> {
        let fact = FactReceived {
            id: EventId::derive(&[conversion.id.as_str(), "exchange_rate"]),
            program_id: conversion.program_id.clone(),
            source: conversion.source.clone(),
            external_id: conversion.external_id.clone(),
            received_at: conversion.received_at,
            fact: Fact::Charge(conversion.charge.clone()),
        };
        let outcome = Outcome::Unattributed(Unattributed::NoExchangeRate);
        let attribution = Attribution { outcome, ..conversion.attribution };
        let conversion = Conversion { attribution, terms: None, ..conversion };
        let written = self.store.wait_for_rate(record, &conversion, &fact, self.program.currency).await?;
        if written == Written::Now {
            let currency = conversion.charge.amount.currency();
            telemetry::metric("WaitingForExchangeRate", 1, &[("currency", currency.code())], self.now);
        }
        Ok(written)
    }

    /// The sale has been priced: whatever still says that it waits is taken away.
    pub(crate) async fn stop_waiting(&self, conversion: &Conversion) -> Result<(), Failure> {
        let exchange = conversion.terms.as_ref().and_then(|terms| terms.exchange.as_ref());
        match exchange {
            Some(exchange) => Ok(self.store.stop_waiting_for_rate(conversion, exchange.to).await?),
            None => Ok(()),
        }
    }
}

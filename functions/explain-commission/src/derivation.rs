//! The derivation of a commission: everything it follows from, computed again and compared with
//! what is stored.

use domain::{
    commission::{Commission, Price, RuleTrace, Terms, price_level_one},
    conversion::Conversion,
    id::Level,
    ledger::{Account, Posting, Transaction, TransactionKind},
    money::{Money, MoneyError},
    plan::{Plan, PlanVersion},
};

/// A commission together with everything it follows from.
#[derive(Debug)]
pub(crate) struct Derivation<'a> {
    pub(crate) conversion: &'a Conversion,
    pub(crate) lines: &'a [Commission],
    pub(crate) line: &'a Commission,
    pub(crate) terms: &'a Terms,
    pub(crate) plan: &'a Plan,
    /// Every rule of the plan with its outcome.
    pub(crate) rules: Vec<RuleTrace>,
    /// What level 1 is worth, whoever shares it: before any refund, and after all of them.
    pub(crate) level_one: (Money, Money),
    /// What the line's price comes to, before any refund and any cap.
    pub(crate) full: Money,
    /// The same within the cap of the upline, and before the plan's other caps.
    pub(crate) within_upline_cap: Money,
    /// What the terms give after all refunds.
    pub(crate) after_refunds: Money,
    /// What the journal says about the line, the earliest first.
    pub(crate) entries: Vec<Entry>,
}

/// A transaction of the journal, as far as it concerns the line.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) transaction: Transaction,
    pub(crate) postings: Vec<Posting>,
}

/// The stored commission is not what its terms and the journal say.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Mismatch {
    #[error("the conversion has commissions and no terms or no touch")]
    NoTerms,
    #[error("plan version {0} is missing")]
    NoPlan(u32),
    #[error("level {level} is priced {stored:?}, and the plan says {computed:?}")]
    Price { level: Level, stored: Price, computed: Option<Price> },
    #[error("{stored} is stored as earned, and the terms say {computed:?}")]
    Earned { stored: Money, computed: Option<Money> },
    #[error("{stored} is stored as what is left, and the terms say {computed:?}")]
    Left { stored: Money, computed: Option<Money> },
    #[error("{stored} is stored as what is left, and the journal holds {booked} minor units")]
    Journal { stored: Money, booked: i128 },
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl<'a> Derivation<'a> {
    /// Computes a line again from its conversion's frozen terms, and compares.
    pub(crate) fn of(
        conversion: &'a Conversion,
        lines: &'a [Commission],
        line: &'a Commission,
        plan: Option<&'a PlanVersion>,
        journal: Vec<Transaction>,
    ) -> Result<Self, Mismatch> {
        let terms = conversion.terms.as_ref().ok_or(Mismatch::NoTerms)?;
        let plan = &plan.ok_or(Mismatch::NoPlan(terms.plan_version))?.plan;
        let rules = check_price(conversion, terms, plan, line)?;
        let prices: Vec<Price> = lines.iter().map(|line| line.price.clone()).collect();
        let nothing = Money::zero(conversion.charge.amount.currency());
        let zero = Money::zero(terms.base.currency());
        let place = lines.iter().position(|other| other.id == line.id);
        let own = |terms: &Terms, refunded| {
            let amounts = terms.amounts(&prices, &conversion.charge, refunded)?;
            Ok::<_, MoneyError>(place.and_then(|place| amounts.get(place).copied()))
        };
        let before = own(terms, nothing)?;
        if before != Some(line.earned) {
            return Err(Mismatch::Earned { stored: line.earned, computed: before });
        }
        let after_refunds = own(terms, conversion.refunded)?.unwrap_or(zero);
        let left = line.at(after_refunds)?;
        if left != line.amount {
            return Err(Mismatch::Left { stored: line.amount, computed: Some(left) });
        }
        let unclamped = Terms { clamp: None, ..terms.clone() };
        let within_upline_cap = own(&unclamped, nothing)?.unwrap_or(zero);
        let full = own(&Terms { upline_cap: None, ..unclamped }, nothing)?.unwrap_or(zero);
        let level_one = (
            level_one(terms, &prices, conversion, nothing)?,
            level_one(terms, &prices, conversion, conversion.refunded)?,
        );
        let entries = check_journal(line, journal)?;
        Ok(Self {
            conversion,
            lines,
            line,
            terms,
            plan,
            rules,
            level_one,
            full,
            within_upline_cap,
            after_refunds,
            entries,
        })
    }

    /// Minor units that refunds took of what was payable. What a dispute has frozen is not gone.
    pub(crate) fn taken_from_available(&self) -> Money {
        use TransactionKind::{Hold, Refund, Restore};
        let of_refunds = |entry: &&Entry| matches!(entry.transaction.kind, Refund | Hold | Restore);
        let postings = self.entries.iter().filter(of_refunds).flat_map(|entry| &entry.postings);
        let of_available = postings
            .filter(|posting| matches!(posting.account, Account::Available(_) | Account::Held(_)))
            .map(|posting| posting.minor);
        Money::new(of_available.sum(), self.line.amount.currency())
    }
}

/// What level 1 is worth as a whole, when so much has been refunded.
fn level_one(
    terms: &Terms,
    prices: &[Price],
    conversion: &Conversion,
    refunded: Money,
) -> Result<Money, MoneyError> {
    let is_share = |price: &&Price| matches!(price, Price::Share { .. });
    let whole = prices.first().map(|price| match price {
        Price::Share { of, .. } => of.as_ref().clone(),
        price => price.clone(),
    });
    let upline = prices.iter().skip(1).filter(|price| !is_share(price)).cloned();
    let prices: Vec<Price> = whole.into_iter().chain(upline).collect();
    let amounts = terms.amounts(&prices, &conversion.charge, refunded)?;
    Ok(amounts.first().copied().unwrap_or(Money::zero(terms.base.currency())))
}

/// The line's price must be the one that the frozen terms and the plan version give today.
fn check_price(
    conversion: &Conversion,
    terms: &Terms,
    plan: &Plan,
    line: &Commission,
) -> Result<Vec<RuleTrace>, Mismatch> {
    let touch = conversion.attribution.touch().ok_or(Mismatch::NoTerms)?;
    let level_one = price_level_one(plan, terms, touch, &conversion.charge)?;
    let level = line.id.level();
    let computed = if level == Level::ONE {
        let choice = level_one.choice.filter(|choice| choice.rule_id == terms.rule_id);
        let split = conversion.charge.splits.iter().find(|split| split.partner_id == line.partner_id);
        choice.map(|choice| match split {
            Some(split) => Price::Share { weight: split.weight, of: Box::new(choice.price) },
            None => choice.price,
        })
    } else {
        let place = usize::from(level.number()).saturating_sub(2);
        plan.levels.get(place).map(|share| Price::from(*share))
    };
    if computed.as_ref() != Some(&line.price) {
        return Err(Mismatch::Price { level, stored: line.price.clone(), computed });
    }
    Ok(level_one.rules)
}

/// The journal's postings on the line must add up to what is left of it.
pub(crate) fn check_journal(line: &Commission, journal: Vec<Transaction>) -> Result<Vec<Entry>, Mismatch> {
    let concerns = |posting: &Posting| {
        posting.level == Some(line.id.level()) && posting.account.partner() == Some(&line.partner_id)
    };
    let mut entries: Vec<Entry> = journal
        .into_iter()
        .map(|transaction| {
            let postings = transaction.postings.iter().filter(|posting| concerns(posting)).cloned().collect();
            Entry { transaction, postings }
        })
        .filter(|entry| !entry.postings.is_empty())
        .collect();
    entries.sort_by(|one, other| {
        (one.transaction.at, &one.transaction.id).cmp(&(other.transaction.at, &other.transaction.id))
    });
    let postings = entries.iter().flat_map(|entry| &entry.postings);
    // Credits are negative, and what is owed to a partner is a credit.
    let booked: i128 = postings.map(|posting| -i128::from(posting.minor)).sum();
    if booked != i128::from(line.amount.minor()) {
        return Err(Mismatch::Journal { stored: line.amount, booked });
    }
    Ok(entries)
}

//! Amounts, rates and the other small texts.

use domain::{
    exchange::Quote,
    link::{Slug, check_template},
    money::{Currency, Money},
    rate::Rate,
};

/// Reads bytes as each of them; an amount begins with its currency, as in `USD12.34`.
pub(crate) fn run(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    if let Some((code, amount)) = text.split_at_checked(3)
        && let Ok(currency) = code.parse::<Currency>()
        && let Ok(money) = Money::parse(amount, currency)
    {
        assert_eq!(Money::parse(&money.to_decimal().to_string(), currency), Ok(money));
        let json = serde_json::to_string(&money).unwrap();
        assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money, "written and read again");
        assert!(amount.starts_with('-') || !money.is_negative());
    }
    if let Ok(rate) = text.parse::<Rate>() {
        assert!((0..=1_000_000).contains(&rate.millionths()));
        assert_eq!(String::from(rate).parse(), Ok(rate), "written and read again");
        let _ = rate.percent().to_string();
    }
    if let Ok(quote) = text.parse::<Quote>() {
        assert_eq!(String::from(quote).parse(), Ok(quote), "written and read again");
    }
    if let Ok(slug) = Slug::try_from(text.to_owned()) {
        assert_eq!(Slug::try_from(String::from(slug.clone())), Ok(slug));
    }
    let _ = check_template(text);
    let _ = serde_json::from_slice::<Money>(data);
}

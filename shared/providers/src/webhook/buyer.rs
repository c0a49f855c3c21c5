//! Who paid, without personal data.

use domain::{conversion::Customer, id::CustomerId, partner::normalised_email};

use super::Context;

/// Who paid, as far as an object tells.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Buyer<'a> {
    /// The sender's id of its customer.
    pub(crate) sender: Option<&'a str>,
    /// The merchant's own id.
    pub(crate) own: Option<&'a str>,
    /// The address given at checkout.
    pub(crate) email: Option<&'a str>,
}

impl Buyer<'_> {
    /// The customer. The sender's id comes first because every object of a subscription carries
    /// it, so that its renewals find the customer of its first sale.
    pub(crate) fn customer(&self, context: &Context<'_>) -> Option<Customer> {
        let email_hash = known(self.email).map(|email| (context.hash_email)(&normalised_email(email)));
        let key = known(self.sender).or(known(self.own)).or(email_hash.as_deref())?;
        let id = CustomerId::derive(&[context.program_id.as_str(), key]);
        Some(Customer { id, email_hash })
    }
}

fn known(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}

/// A country, where the text is an ISO 3166-1 alpha-2 code.
pub(crate) fn country(code: Option<&str>) -> Option<String> {
    code.filter(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use domain::id::ProgramId;

    use super::*;

    #[test]
    fn the_customer_is_the_senders_else_the_merchants_else_the_address() {
        let program_id = ProgramId::derive(&["p"]);
        let hash_email = |email: &str| format!("hash of {email}");
        let currency = "USD".parse().unwrap();
        let context = Context { program_id: &program_id, currency, hash_email: &hash_email };
        for (sender, own, email, key) in [
            (Some("cus_1"), Some("c-9"), Some("jane@example.com"), Some("cus_1")),
            (None, Some("c-9"), Some("jane@example.com"), Some("c-9")),
            (Some(""), Some(" "), Some("Jane+x@Example.com "), Some("hash of jane@example.com")),
            (None, None, Some(""), None),
            (None, None, None, None),
        ] {
            let customer = Buyer { sender, own, email }.customer(&context);
            let expected = key.map(|key| CustomerId::derive(&[program_id.as_str(), key]));
            assert_eq!(customer.map(|customer| customer.id), expected);
        }
    }

    #[test]
    fn only_a_code_is_a_country() {
        for (code, expected) in [("DE", Some("DE")), ("de", None), ("DEU", None), ("", None), ("Ä", None)] {
            assert_eq!(country(Some(code)).as_deref(), expected);
        }
    }
}

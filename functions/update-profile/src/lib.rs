//! `PATCH /affiliate/profile`: changes what the calling partner tells about itself.

use domain::{
    partner::{Partner, PartnerType},
    profile,
};
use runtime::{Answer, Problem, Request, Response, Violations, view::profile::ProfileView};
use serde::{Deserialize, Deserializer};
use store::Store;

/// The fields that change. A field that is left out is `None`; `null` is a value, which only the
/// website can take.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Change {
    #[serde(deserialize_with = "given")]
    name: Option<String>,
    #[serde(deserialize_with = "given")]
    country: Option<String>,
    #[serde(deserialize_with = "given")]
    partner_type: Option<PartnerType>,
    #[serde(deserialize_with = "given")]
    website: Option<Option<String>>,
}

/// Changes the caller's own profile.
///
/// # Errors
/// Problems by the contract.
pub async fn handle(store: Store, request: Request) -> Answer {
    let caller = request.partner()?;
    let change = request.json::<Change>()?.checked()?;
    let read = store.partner(&caller.id).await?.ok_or_else(Problem::not_found)?;
    let enrolments = store.enrolments(&caller.id).await?;
    let changed = change.apply(&read.value);
    let next_tiers = store.next_tiers(&enrolments, request.received_at()).await?;
    let response = Response::ok(&ProfileView::new(&changed, &enrolments, next_tiers))?;
    if changed != read.value {
        store.update_partner(&read, &changed).await?;
    }
    Ok(response)
}

fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl Change {
    fn checked(self) -> Result<Self, Problem> {
        let Self { name, country, partner_type, website } = self;
        let mut violations = Violations::new();
        let is_empty = name.is_none() && country.is_none() && partner_type.is_none() && website.is_none();
        violations.check(!is_empty, "", "missing", "give at least one field to change");
        let name = name.and_then(|text| violations.take("/name", profile::name(text)));
        let country = country.and_then(|text| violations.take("/country", profile::country(text)));
        let website =
            website.map(|text| text.and_then(|text| violations.take("/website", profile::website(text))));
        violations.finish()?;
        Ok(Self { name, country, partner_type, website })
    }

    fn apply(self, partner: &Partner) -> Partner {
        let partner = partner.clone();
        Partner {
            name: self.name.unwrap_or(partner.name),
            country: self.country.unwrap_or(partner.country),
            partner_type: self.partner_type.unwrap_or(partner.partner_type),
            website: self.website.unwrap_or(partner.website),
            ..partner
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(body: Value) -> Option<Change> {
        serde_json::from_value::<Change>(body).ok()?.checked().ok()
    }

    #[test]
    fn null_takes_the_website_away_and_nothing_else() {
        assert_eq!(read(json!({ "website": null })).unwrap().website, Some(None));
        assert_eq!(read(json!({ "country": "AT" })).unwrap().website, None);
        for field in ["name", "country", "partner_type"] {
            assert!(read(json!({ field: null })).is_none(), "{field}");
        }
    }

    #[test]
    fn nothing_to_change_is_refused_and_so_is_a_wrong_field() {
        for body in
            [json!({}), json!({ "email": "a@b.example" }), json!({ "country": "at" }), json!({ "name": " " })]
        {
            assert!(read(body.clone()).is_none(), "{body}");
        }
    }
}

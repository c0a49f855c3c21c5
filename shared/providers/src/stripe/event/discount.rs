//! Which code a customer used: <https://docs.stripe.com/api/discounts/object>.
//!
//! A promotion code is what the customer types, a coupon what stands behind it. Events name both by
//! id, unless the merchant's endpoint expands them: the text of a promotion code is then there too.
//! So a merchant whose codes belong to partners gives Stripe's ids, or says the code in `trb_coupon`.

use serde::Deserialize;

/// A discount, or only its id, which says nothing.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Discount {
    Object { promotion_code: Option<PromotionCode>, coupon: Option<Coupon>, source: Option<Source> },
    Id(#[expect(dead_code, reason = "names the use of a coupon, and not the coupon")] String),
}

/// Where the coupon stands since API version 2025-09-30.
#[derive(Deserialize)]
pub(super) struct Source {
    coupon: Option<Coupon>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum PromotionCode {
    Id(String),
    Object { code: String },
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Coupon {
    Id(String),
    Object { id: String },
}

impl Discount {
    fn code(&self) -> Option<&str> {
        let Self::Object { promotion_code, coupon, source } = self else { return None };
        let promotion = promotion_code.as_ref().map(|promotion| match promotion {
            PromotionCode::Id(text) | PromotionCode::Object { code: text } => text.as_str(),
        });
        let coupon = coupon.as_ref().or_else(|| source.as_ref()?.coupon.as_ref());
        promotion.or_else(|| {
            coupon.map(|coupon| match coupon {
                Coupon::Id(id) | Coupon::Object { id } => id.as_str(),
            })
        })
    }
}

/// The code of the first discount that tells one.
pub(super) fn code<'a>(discounts: impl IntoIterator<Item = &'a Discount>) -> Option<&'a str> {
    discounts.into_iter().find_map(Discount::code).filter(|code| !code.is_empty())
}

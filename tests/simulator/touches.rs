//! Whose each sale has to be: decided from what really happened, without a word of how it was told.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::town::LATER;

/// What ties a customer to a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Customer,
    Email,
    Coupon,
    Click,
}

/// How a program attributes.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    window: SignedDuration,
    is_first: bool,
    kinds: Vec<Kind>,
}

/// A tie of a member.
#[derive(Debug, Clone)]
pub(crate) struct Touch {
    pub(crate) kind: Kind,
    pub(crate) member: usize,
    pub(crate) at: Timestamp,
    /// Was the link or coupon there, and not disabled?
    pub(crate) counts: bool,
}

/// By what a customer is known: a name or an address.
pub(crate) type Identity = (Kind, String);

/// How a sale, or a customer, came to be.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) at: Timestamp,
    pub(crate) identities: Vec<Identity>,
    pub(crate) touches: Vec<Touch>,
    /// The merchant says whose it is, and it ties nobody.
    pub(crate) is_shared: bool,
}

/// Whose everything is.
#[derive(Debug, Default)]
pub(crate) struct Credits {
    /// The member that each origin is credited to.
    pub(crate) members: Vec<Option<usize>>,
    ties: BTreeMap<Identity, Touch>,
}

impl Policy {
    /// The policy of an attribution as programs and plans write it.
    pub(crate) fn read(attribution: &Value) -> Self {
        let kind = |name: &Value| match name.as_str().unwrap() {
            "customer" => Kind::Customer,
            "email" => Kind::Email,
            "coupon" => Kind::Coupon,
            "click" => Kind::Click,
            other => panic!("{other} is no kind of touch"),
        };
        let kinds = attribution["precedence"].as_array();
        Self {
            window: SignedDuration::from_hours(24 * attribution["window_days"].as_i64().unwrap()),
            is_first: attribution["model"] == "first_click",
            kinds: match kinds {
                Some(kinds) => kinds.iter().map(kind).collect(),
                None => vec![Kind::Customer, Kind::Coupon, Kind::Click],
            },
        }
    }

    /// Does it know customers by their addresses?
    pub(crate) fn knows_addresses(&self) -> bool {
        self.kinds.contains(&Kind::Email)
    }

    fn decide<'t>(&self, at: Timestamp, touches: impl Iterator<Item = &'t Touch>) -> Option<&'t Touch> {
        let rank = |touch: &Touch| self.kinds.iter().position(|kind| *kind == touch.kind);
        let holds = |touch: &&Touch| {
            let ends = matches!(touch.kind, Kind::Coupon | Kind::Click);
            let is_late = ends && at.duration_since(touch.at) >= self.window;
            touch.counts && touch.at <= at && !is_late && rank(touch).is_some()
        };
        touches.filter(holds).min_by_key(|touch| {
            let second = touch.at.as_second();
            (rank(touch), if self.is_first { second } else { -second })
        })
    }

    /// Is the outcome the same whatever the clocks of functions say of clicks?
    fn is_clear(&self, at: Timestamp, touch: &Touch) -> bool {
        let age = at.duration_since(touch.at);
        let is_exact = touch.kind == Kind::Coupon;
        is_exact || (age.abs() >= LATER && (age - self.window).abs() >= LATER)
    }
}

impl Credits {
    /// Decides everything in the order in which it came to be. Only the first with a tie of its own
    /// introduces an identity, so the order of deliveries is of no matter.
    pub(crate) fn of<'p>(origins: &[Origin], policy_at: impl Fn(Timestamp) -> &'p Policy) -> Self {
        let mut credits = Self::default();
        for origin in origins {
            let tied = credits.tied(origin);
            let touches = tied.iter().chain(&origin.touches);
            let touch =
                policy_at(origin.at).decide(origin.at, touches).filter(|_| !origin.is_shared).cloned();
            credits.members.push(touch.as_ref().map(|touch| touch.member));
            for identity in touch.iter().flat_map(|_| &origin.identities) {
                credits.ties.entry(identity.clone()).or_insert_with(|| touch.clone().unwrap());
            }
        }
        credits
    }

    fn tied(&self, origin: &Origin) -> Vec<Touch> {
        let touch = |identity: &Identity| {
            let tie = self.ties.get(identity)?;
            Some(Touch { kind: identity.0, ..tie.clone() })
        };
        origin.identities.iter().filter_map(touch).collect()
    }

    /// Is the outcome of this the same whatever the clocks of functions say of clicks?
    pub(crate) fn is_clear(&self, origin: &Origin, policy: &Policy) -> bool {
        let touches = self.tied(origin);
        touches.iter().chain(&origin.touches).all(|touch| policy.is_clear(origin.at, touch))
    }
}

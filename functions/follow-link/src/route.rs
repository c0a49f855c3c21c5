//! Where links lead, kept for a moment.
//!
//! A link that goes round is followed many times a second by way of one instance, and hardly ever
//! changes: it is read once a minute. What does not exist is not kept, so that a new link works
//! at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use domain::{id::LinkId, link::Link, program::AttributionPolicy};
use jiff::{SignedDuration, Timestamp};
use runtime::{Environment, Error, FromEnvironment, telemetry};
use store::Store;

/// For so long a disabled link may still be followed.
const LIFETIME: SignedDuration = SignedDuration::from_secs(60);
/// Some megabytes at most.
const ROUTES_MAX: usize = 5000;

/// A link, and for how long a click on it counts.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) link: Arc<Link>,
    pub(crate) window: SignedDuration,
    read_at: Timestamp,
}

/// The links followed lately.
#[derive(Debug, Clone, Default)]
pub struct Routes(Arc<Mutex<HashMap<LinkId, Route>>>);

impl FromEnvironment for Routes {
    async fn from_environment(_: &Environment) -> Result<Self, Error> {
        Ok(Self::default())
    }
}

impl Routes {
    /// A link, if there is one.
    pub(crate) async fn find(
        &self,
        store: &Store,
        id: &LinkId,
        now: Timestamp,
    ) -> Result<Option<Route>, store::Error> {
        if let Some(route) = self.kept(id, now) {
            return Ok(Some(route));
        }
        let Some(link) = store.link(id).await? else { return Ok(None) };
        let window = window(store, &link).await;
        let route = Route { link: Arc::new(link), window, read_at: now };
        self.keep(route.clone());
        Ok(Some(route))
    }

    fn kept(&self, id: &LinkId, now: Timestamp) -> Option<Route> {
        let routes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        routes.get(id).filter(|route| now.duration_since(route.read_at).abs() < LIFETIME).cloned()
    }

    fn keep(&self, route: Route) {
        let mut routes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if routes.len() >= ROUTES_MAX {
            routes.clear();
        }
        routes.insert(route.link.id.clone(), route);
    }
}

/// The program's window. Should its program be out of reach, the link is followed all the same:
/// the window only says how long cookie and record live, and attribution asks the program again.
async fn window(store: &Store, link: &Link) -> SignedDuration {
    match store.program(&link.program_id).await {
        Ok(Some(program)) => program.attribution.window(),
        Ok(None) => AttributionPolicy::default().window(),
        Err(error) => {
            tracing::warn!(error.cause = telemetry::chain(&error), "the default attribution window is used");
            AttributionPolicy::default().window()
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        id::{PartnerId, ProgramId},
        link::{Slug, Utm},
    };

    use super::*;

    #[test]
    fn a_link_is_kept_for_a_minute() {
        let slug = Slug::generated(&["x"]);
        let link = Link {
            id: slug.link_id(),
            slug,
            program_id: ProgramId::derive(&["p"]),
            partner_id: PartnerId::derive(&["p"]),
            destination: "https://shop.example.com/".parse().unwrap(),
            campaign: None,
            utm: Utm::default(),
            sub_ids: vec![],
            created_at: Timestamp::UNIX_EPOCH,
            disabled_at: None,
        };
        let id = link.id.clone();
        let read_at = Timestamp::from_second(1_795_348_800).unwrap();
        let routes = Routes::default();
        routes.keep(Route { link: Arc::new(link), window: SignedDuration::ZERO, read_at });
        for (seconds, is_kept) in [(0, true), (59, true), (60, false), (-60, false)] {
            let now = read_at + SignedDuration::from_secs(seconds);
            assert_eq!(routes.kept(&id, now).is_some(), is_kept, "{seconds}");
        }
        assert!(routes.kept(&LinkId::derive(&["other"]), read_at).is_none());
    }
}

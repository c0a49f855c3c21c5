//! Where links lead, kept for a moment.
//!
//! A link that goes round is followed many times a second by way of one instance, and hardly ever
//! changes: it is read once a minute. What does not exist is not kept, so that a new link works
//! at once. When the table is out of reach or slow, what was read before leads on for a day.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{
    id::LinkId,
    link::Link,
    program::{LinkPolicy, Program},
};
use jiff::{SignedDuration, Timestamp};
use runtime::{Environment, Error, FromEnvironment, telemetry};
use store::Store;

/// For so long a disabled link may still be followed; a click on it attributes nothing all the same.
const LIFETIME: SignedDuration = SignedDuration::from_secs(60);
/// So old may a route be that is followed because the table cannot be read.
const STALE_MAX: SignedDuration = SignedDuration::from_hours(24);
/// After a failure the table is asked again so much later: a visitor in between does not wait for it.
const RETRY: SignedDuration = SignedDuration::from_secs(5);
/// A visitor whose route is known does not wait longer for a fresh one.
const PATIENCE: Duration = Duration::from_millis(250);
/// Some megabytes at most.
const ROUTES_MAX: usize = 5000;

/// A link, and what its program says about links.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) link: Arc<Link>,
    /// For how long a click counts.
    pub(crate) window: SignedDuration,
    pub(crate) hosts: Arc<[String]>,
    pub(crate) policy: Arc<LinkPolicy>,
    read_at: Timestamp,
    /// Until when it is not read again.
    kept_until: Timestamp,
}

impl Route {
    fn new(link: Link, program: Program, now: Timestamp) -> Self {
        Self {
            link: Arc::new(link),
            window: program.attribution.window(),
            hosts: program.link_hosts.into(),
            policy: Arc::new(program.links),
            read_at: now,
            kept_until: now.saturating_add(LIFETIME).unwrap_or(Timestamp::MAX),
        }
    }

    /// The clock of another request may be a little behind.
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.read_at.duration_since(now) < LIFETIME && now < self.kept_until
    }

    fn is_usable(&self, now: Timestamp) -> bool {
        now.duration_since(self.read_at) < STALE_MAX
    }
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
        let Some(known) = self.known(id) else { return self.read(store, id, now).await };
        if known.is_fresh(now) {
            return Ok(Some(known));
        }
        let reading = Box::pin(self.read(store, id, now));
        let cause = match tokio::time::timeout(PATIENCE, reading).await {
            Ok(Ok(route)) => return Ok(route),
            Ok(Err(error)) if !known.is_usable(now) => return Err(error),
            Ok(Err(error)) => telemetry::chain(&error),
            // What is too old is read however long it takes.
            Err(_) if !known.is_usable(now) => return self.read(store, id, now).await,
            Err(_) => "the table took too long".to_owned(),
        };
        tracing::warn!(link.id = id.as_str(), error.cause = cause, "an old route is followed");
        telemetry::metric("StaleRoutes", 1, &[], now);
        let kept_until = now.saturating_add(RETRY).unwrap_or(Timestamp::MAX);
        self.keep(Route { kept_until, ..known.clone() });
        Ok(Some(known))
    }

    /// A link with its program, from the table.
    async fn read(&self, store: &Store, id: &LinkId, now: Timestamp) -> Result<Option<Route>, store::Error> {
        let link = store.link(id).await?;
        let Some(link) = link else {
            self.forget(id);
            return Ok(None);
        };
        let Some(program) = store.program(&link.program_id).await? else { return Ok(None) };
        let route = Route::new(link, program, now);
        self.keep(route.clone());
        Ok(Some(route))
    }

    fn known(&self, id: &LinkId) -> Option<Route> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn keep(&self, route: Route) {
        let mut routes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if routes.len() >= ROUTES_MAX && !routes.contains_key(&route.link.id) {
            // The older half goes, so that a sweep over many links does not take them all.
            let mut ages: Vec<_> = routes.values().map(|route| route.read_at).collect();
            ages.sort_unstable();
            let middle = ages.get(ages.len() / 2).copied().unwrap_or(Timestamp::MAX);
            routes.retain(|_, route| route.read_at > middle);
        }
        routes.insert(route.link.id.clone(), route);
    }

    fn forget(&self, id: &LinkId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        id::{PartnerId, ProgramId},
        link::{Slug, SubIds, Utm},
    };

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_348_800 + seconds).unwrap()
    }

    fn route(seed: &str, read_at: Timestamp) -> Route {
        let slug = Slug::generated(&[seed]);
        let link = Link {
            id: slug.link_id(),
            slug,
            program_id: ProgramId::derive(&["p"]),
            partner_id: PartnerId::derive(&["p"]),
            destination: "https://shop.example.com/".parse().unwrap(),
            campaign: None,
            utm: Utm::default(),
            sub_ids: SubIds::default(),
            created_at: Timestamp::UNIX_EPOCH,
            disabled_at: None,
        };
        Route {
            link: Arc::new(link),
            window: SignedDuration::ZERO,
            hosts: [].into(),
            policy: Arc::default(),
            read_at,
            kept_until: read_at + LIFETIME,
        }
    }

    #[test]
    fn a_route_is_fresh_for_a_minute_and_usable_for_a_day() {
        let route = route("x", at(0));
        for (seconds, is_fresh, is_usable) in [
            (0, true, true),
            (59, true, true),
            (60, false, true),
            (-59, true, true),
            (-60, false, true),
            (24 * 3600 - 1, false, true),
            (24 * 3600, false, false),
        ] {
            let now = at(seconds);
            assert_eq!((route.is_fresh(now), route.is_usable(now)), (is_fresh, is_usable), "{seconds}");
        }
    }

    #[test]
    fn there_are_never_too_many_and_the_latest_stay() {
        let routes = Routes::default();
        let count = i64::try_from(ROUTES_MAX).unwrap();
        for number in 0..2 * count {
            routes.keep(route(&number.to_string(), at(number)));
            assert!(routes.0.lock().unwrap().len() <= ROUTES_MAX);
        }
        for number in [2 * count - 1, 2 * count - 1000] {
            assert!(routes.known(&route(&number.to_string(), at(0)).link.id).is_some(), "{number}");
        }
        assert!(routes.known(&route("0", at(0)).link.id).is_none());
    }
}

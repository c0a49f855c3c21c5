//! Tracking links.

use domain::{
    id::{LinkId, PartnerId, ProgramId},
    link::Link,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    error::Error,
    expression::{Condition, Update},
    idempotency::{Committed, Once},
    item::{ENTITY, Row, Shape, VERSION},
    key,
    page::{List, Page, PageRequest},
    table::Read,
    transaction::Transaction,
};

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct LinkItem(Link);

impl Shape for LinkItem {
    const ENTITY: &'static str = "link";
}

/// How many links that are not disabled a partner has in a program.
#[derive(Serialize, Deserialize)]
struct LinkCountItem {
    links: u32,
}

impl Shape for LinkCountItem {
    const ENTITY: &'static str = "link_count";
}

const LINKS: &str = "links";
const DISABLED_AT: &str = "disabled_at";

/// What became of a new link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkCreated {
    /// It is there, or the answer of an earlier request is.
    Committed(Committed),
    /// There is a link with this slug; whose it is may decide what to answer.
    SlugTaken(Box<Link>),
    /// The partner has as many links as it may have.
    LimitReached,
}

impl Store {
    /// Creates a link, unless its partner has `limit` links already.
    ///
    /// The count stands at an item of its own that changes with the link, so that no two requests
    /// take the last place.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn create_link(&self, link: &Link, limit: u32, once: Once<'_>) -> Result<LinkCreated, Error> {
        let place = key::link_of_partner(&link.program_id, &link.partner_id, link.created_at);
        let row = Row::new(&key::link(&link.id), &LinkItem(link.clone()))?.listed(place);
        let mut transaction = Transaction::new();
        let position = transaction.put_new(row);
        let below = Condition::at_most(LINKS, i64::from(limit) - 1);
        let counted = transaction.update(count(link).add(LINKS, 1).when(Condition::Lacks(LINKS).or(below)));
        let error = match self.commit_once(transaction, once).await {
            Ok(committed) => return Ok(LinkCreated::Committed(committed)),
            Err(error) => error,
        };
        let Some(failures) = error.failures() else { return Err(error) };
        match failures.at(position).and_then(|failure| failure.old.clone()) {
            Some(row) => parse(row).map(|link| LinkCreated::SlugTaken(Box::new(link))),
            None if failures.at(counted).is_some() => Ok(LinkCreated::LimitReached),
            None => Err(error),
        }
    }

    /// Disables a link from now on; gives it as it stands, which may have been disabled before.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn disable_link(&self, link: Link, now: Timestamp) -> Result<Link, Error> {
        let mut transaction = Transaction::new();
        let enabled = Condition::Exists.and(Condition::Lacks(DISABLED_AT));
        let update = Update::new(key::link(&link.id)).set(DISABLED_AT, key::time(now)).when(enabled);
        let position = transaction.update(update);
        transaction.update(count(&link).add(LINKS, -1).when(Condition::at_least(LINKS, 1_i64)));
        let error = match self.commit(transaction).await {
            Ok(()) => return Ok(Link { disabled_at: Some(now), ..link }),
            Err(error) => error,
        };
        let disabled = error.failures().and_then(|failures| failures.at(position)?.old.clone());
        disabled.map_or(Err(error), parse)
    }

    /// A link. It may be some seconds old, which following one can bear.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is corrupt.
    pub async fn link(&self, id: &LinkId) -> Result<Option<Link>, Error> {
        self.get_settled(&key::link(id)).await?.map(parse).transpose()
    }

    /// A link as it is now.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is corrupt.
    pub async fn link_now(&self, id: &LinkId) -> Result<Option<Link>, Error> {
        self.get(&key::link(id), Read::Strong).await?.map(parse).transpose()
    }

    /// A partner's links in a program, the newest first.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn links(
        &self,
        program: &ProgramId,
        partner: &PartnerId,
        page: &PageRequest,
    ) -> Result<Page<Link>, Error> {
        let partitions = [key::links_of_partner(program, partner)];
        let list = List { partitions: &partitions, newest_first: true };
        self.list(&list, page, |_| true).await?.try_map(parse)
    }
}

/// A change of the count of links of a link's partner.
fn count(link: &Link) -> Update {
    Update::new(key::link_count(&link.program_id, &link.partner_id))
        .set(ENTITY, LinkCountItem::ENTITY)
        .set(VERSION, LinkCountItem::VERSION)
}

pub(crate) fn parse(row: Row) -> Result<Link, Error> {
    row.parse().map(|LinkItem(link)| link)
}

//! Tracking links, and the clicks that follow them.

use domain::{
    click::{Click, ClickId},
    id::{LinkId, PartnerId, ProgramId},
    link::Link,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    error::Error,
    idempotency::{Committed, Once},
    item::{Row, Shape},
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

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct ClickItem(Click);

impl Shape for ClickItem {
    const ENTITY: &'static str = "click";
}

/// What became of a new link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkCreated {
    /// It is there, or the answer of an earlier request is.
    Committed(Committed),
    /// There is a link with this slug; whose it is may decide what to answer.
    SlugTaken(Box<Link>),
}

impl Store {
    /// Creates a link.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn create_link(&self, link: &Link, once: Once<'_>) -> Result<LinkCreated, Error> {
        let place = key::link_of_partner(&link.program_id, &link.partner_id, link.created_at);
        let row = Row::new(&key::link(&link.id), &LinkItem(link.clone()))?.listed(place);
        let mut transaction = Transaction::new();
        let position = transaction.put_new(row);
        let error = match self.commit_once(transaction, once).await {
            Ok(committed) => return Ok(LinkCreated::Committed(committed)),
            Err(error) => error,
        };
        let taken = error.failures().and_then(|failures| failures.at(position)?.old.clone());
        match taken {
            Some(row) => parse(row).map(|link| LinkCreated::SlugTaken(Box::new(link))),
            None => Err(error),
        }
    }

    /// A link. It may be some seconds old, which following one can bear.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is corrupt.
    pub async fn link(&self, id: &LinkId) -> Result<Option<Link>, Error> {
        self.get_settled(&key::link(id)).await?.map(parse).transpose()
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

    /// Records a click until it can attribute nothing any more.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn record_click(&self, click: &Click, expires_at: Timestamp) -> Result<(), Error> {
        let row = Row::new(&key::click(click.id.as_str()), &ClickItem(click.clone()))?;
        let mut transaction = Transaction::new();
        transaction.put_new(row.expiring(expires_at));
        match self.commit(transaction).await {
            Ok(()) | Err(Error::Condition(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// A click, if it was recorded and is not past its time.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is corrupt.
    pub async fn click(&self, id: &ClickId, now: Timestamp) -> Result<Option<Click>, Error> {
        let row = self.get(&key::click(id.as_str()), Read::Strong).await?;
        let live = row.filter(|row| !row.is_expired(now));
        live.map(click_of).transpose()
    }
}

/// The click in a row, such as the table's stream hands over.
///
/// # Errors
/// When the row is no click, or is corrupt.
pub fn click_of(row: Row) -> Result<Click, Error> {
    row.parse().map(|ClickItem(click)| click)
}

fn parse(row: Row) -> Result<Link, Error> {
    row.parse().map(|LinkItem(link)| link)
}

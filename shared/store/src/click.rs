//! The clicks that follow links, and what they come to.

use std::collections::BTreeMap;

use domain::{
    click::{Click, ClickId},
    id::LinkId,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    error::Error,
    item::{Row, Shape},
    key,
    table::Read,
    transaction::Transaction,
};

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct ClickItem(Click);

impl Shape for ClickItem {
    const ENTITY: &'static str = "click";
}

/// What tells a visitor's further clicks of a day from its first one.
#[derive(Serialize, Deserialize)]
struct FirstClickItem {
    click: ClickId,
}

impl Shape for FirstClickItem {
    const ENTITY: &'static str = "first_click";
}

/// The stream tells of a click for a day; it is told apart for longer than that.
const TOLD_APART: SignedDuration = SignedDuration::from_hours(3 * 24);

/// What a link's clicks have come to; it follows the clicks by a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkClicks {
    /// How often it was followed.
    #[serde(default)]
    pub clicks: u64,
    /// Of these, the first of each visitor on a day.
    #[serde(default)]
    pub unique_clicks: u64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct LinkClicksItem {
    link: LinkId,
    #[serde(flatten)]
    clicks: LinkClicks,
}

impl Shape for LinkClicksItem {
    const ENTITY: &'static str = "link_clicks";
}

impl Store {
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

    /// What the clicks of links have come to; a link that nobody has followed is left out.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn link_clicks(&self, links: &[LinkId]) -> Result<BTreeMap<LinkId, LinkClicks>, Error> {
        let keys: Vec<_> = links.iter().map(key::link_clicks).collect();
        let rows = self.batch_get(&keys, Read::Eventual).await?;
        let items = rows.into_iter().map(Row::parse::<LinkClicksItem>);
        items.map(|item| item.map(|item| (item.link, item.clicks))).collect()
    }

    /// Is it the visitor's first click on the link on its day? The answer for a click never changes: what
    /// is first is written down with the click that it was.
    pub(crate) async fn is_first_click(&self, click: &Click) -> Result<bool, Error> {
        let key = key::first_click(&click.link_id, key::day(click.at), &click.visitor_hash);
        let row = Row::new(&key, &FirstClickItem { click: click.id.clone() })?;
        let mut transaction = Transaction::new();
        let position =
            transaction.put_new(row.expiring(click.at.saturating_add(TOLD_APART).unwrap_or(Timestamp::MAX)));
        let error = match self.commit(transaction).await {
            Ok(()) => return Ok(true),
            Err(error) => error,
        };
        let first = error.failures().and_then(|failures| failures.at(position)?.old.clone());
        match first {
            Some(row) => Ok(row.parse::<FirstClickItem>()?.click == click.id),
            None => Err(error),
        }
    }
}

/// The click in a row, such as the table's stream hands over.
///
/// # Errors
/// When the row is no click, or is corrupt.
pub fn click_of(row: Row) -> Result<Click, Error> {
    row.parse().map(|ClickItem(click)| click)
}

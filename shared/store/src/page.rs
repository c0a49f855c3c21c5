//! Lists: a page of rows, from one partition or merged from the shards of one.

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::try_join_all;
use jiff::Timestamp;

use crate::{
    Store,
    cursor::{Cursors, InvalidCursor, Position, Scope},
    error::Error,
    item::{Attributes, Row},
    key::Partition,
    schema::{Index, PK, SK},
    table::{Query, key_attributes},
};

/// Rows of a page when the caller names no number.
pub const DEFAULT_LIMIT: u8 = 25;
/// Most rows of a page.
pub const MAX_LIMIT: u8 = 100;

/// How often a list that filters is read on when it found too little.
const ROUNDS: usize = 4;

/// One page of a list. It may be short, even empty, while more follows: the list ends where
/// there is no `next`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The page.
    pub data: Vec<T>,
    /// The cursor of the next one.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// The same page with every row turned into something else.
    ///
    /// # Errors
    /// The first error that `change` returns.
    pub fn try_map<U, E>(self, change: impl FnMut(T) -> Result<U, E>) -> Result<Page<U>, E> {
        let data = self.data.into_iter().map(change).collect::<Result<_, _>>()?;
        Ok(Page { data, next: self.next })
    }
}

/// Which page a caller asks for.
#[derive(Clone)]
pub struct PageRequest {
    limit: usize,
    positions: Option<Vec<Position>>,
    cursors: Cursors,
    scope: [u8; 32],
    now: Timestamp,
}

impl PageRequest {
    /// The page of `limit` rows (1 to [`MAX_LIMIT`], beyond which it is cut) that begins at the
    /// cursor, or at the start.
    ///
    /// # Errors
    /// When the cursor was not made for this scope, or is older than a day.
    pub fn new(
        cursors: &Cursors,
        scope: &Scope<'_>,
        limit: Option<u8>,
        cursor: Option<&str>,
        now: Timestamp,
    ) -> Result<Self, InvalidCursor> {
        let scope = scope.digest();
        let positions = cursor.map(|text| cursors.open(&scope, text, now)).transpose()?;
        let limit = usize::from(limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT));
        Ok(Self { limit, positions, cursors: cursors.clone(), scope, now })
    }

    fn positions(&self, partitions: usize) -> Vec<Position> {
        match &self.positions {
            // A list whose shards have changed since starts again rather than skipping rows.
            Some(positions) if positions.len() == partitions => positions.clone(),
            _ => vec![Position::Start; partitions],
        }
    }

    fn page(&self, data: Vec<Row>, positions: Vec<Position>) -> Page<Row> {
        let ended = positions.iter().all(|position| *position == Position::End);
        let next = (!ended).then(|| self.cursors.seal(&self.scope, positions, self.now));
        Page { data, next }
    }
}

/// What a list reads.
pub(crate) struct List<'a> {
    pub(crate) partitions: &'a [Partition],
    pub(crate) newest_first: bool,
}

/// What one round found in one partition.
struct Fetched {
    rows: std::iter::Peekable<std::vec::IntoIter<Row>>,
    more: bool,
}

impl Store {
    /// One page of a list; rows that `keep` refuses are passed over.
    pub(crate) async fn list(
        &self,
        list: &List<'_>,
        request: &PageRequest,
        keep: impl Fn(&Row) -> bool,
    ) -> Result<Page<Row>, Error> {
        let mut positions = request.positions(list.partitions.len());
        let mut data = Vec::new();
        for _ in 0..ROUNDS {
            let wanted = request.limit - data.len();
            let fetched = self.fetch(list, &positions, wanted).await?;
            merge(list, fetched, &mut positions, &mut data, request.limit, &keep);
            let ended = positions.iter().all(|position| *position == Position::End);
            if data.len() == request.limit || ended {
                break;
            }
        }
        Ok(request.page(data, positions))
    }

    async fn fetch(
        &self,
        list: &List<'_>,
        positions: &[Position],
        limit: usize,
    ) -> Result<Vec<Fetched>, Error> {
        let queries = list.partitions.iter().zip(positions).map(|(partition, position)| async move {
            let start = match position {
                Position::End => return Ok(Fetched { rows: Vec::new().into_iter().peekable(), more: false }),
                Position::Start => None,
                Position::After(pk, sk, index_sk) => Some(start_key(partition, pk, sk, index_sk)),
            };
            let query = Query::of(partition).after(start).limit(limit);
            let query = if list.newest_first { query.newest_first() } else { query };
            let (rows, next) = Box::pin(self.query(query)).await?;
            Ok(Fetched { rows: rows.into_iter().peekable(), more: next.is_some() })
        });
        try_join_all(queries).await
    }
}

/// Takes the next rows over all partitions, in order, and notes how far each one got.
fn merge(
    list: &List<'_>,
    mut fetched: Vec<Fetched>,
    positions: &mut [Position],
    data: &mut Vec<Row>,
    limit: usize,
    keep: impl Fn(&Row) -> bool,
) {
    let index = list.partitions.first().and_then(|partition| partition.index);
    for (fetched, position) in fetched.iter_mut().zip(positions.iter_mut()) {
        if fetched.rows.peek().is_none() && !fetched.more {
            *position = Position::End;
        }
    }
    while data.len() < limit {
        // A partition with unread rows could hold the next one: this round ends with it.
        if fetched.iter_mut().any(|fetched| fetched.more && fetched.rows.peek().is_none()) {
            return;
        }
        let heads = fetched
            .iter_mut()
            .enumerate()
            .filter_map(|(place, fetched)| fetched.rows.peek().map(|row| (sort_key(row, index), place)));
        let next = if list.newest_first { heads.max() } else { heads.min() };
        let Some((_, place)) = next else { return };
        let (Some(fetched), Some(position)) = (fetched.get_mut(place), positions.get_mut(place)) else {
            return;
        };
        let Some(row) = fetched.rows.next() else { return };
        let ended = fetched.rows.peek().is_none() && !fetched.more;
        *position = if ended { Position::End } else { after(&row, index) };
        if keep(&row) {
            data.push(row);
        }
    }
}

fn sort_key(row: &Row, index: Option<Index>) -> String {
    row.text(index.map_or(SK, Index::sk)).unwrap_or_default().to_owned()
}

fn after(row: &Row, index: Option<Index>) -> Position {
    let key = row.key();
    Position::After(key.pk, key.sk, sort_key(row, index))
}

/// The key from which a query goes on.
fn start_key(partition: &Partition, pk: &str, sk: &str, index_sk: &str) -> Attributes {
    let Some(index) = partition.index else {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        return Attributes::from([(PK.to_owned(), text(pk)), (SK.to_owned(), text(sk))]);
    };
    let mut key = key_attributes(&crate::key::Key { pk: pk.to_owned(), sk: sk.to_owned() });
    key.insert(index.pk().to_owned(), AttributeValue::S(partition.pk.clone()));
    key.insert(index.sk().to_owned(), AttributeValue::S(index_sk.to_owned()));
    key
}

//! Reading: one item, many items, a partition.

use std::slice;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

use crate::{
    Store,
    capacity::{Kind, wanted},
    error::Error,
    expression::Aliases,
    item::{Attributes, Row},
    key::{Key, Partition},
    retry,
    schema::{PK, SK},
};

/// Most keys of one batch.
const BATCH: usize = 100;

/// Does a read have to see every write that came before it?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    /// Yes: for whatever decides something. Costs twice.
    Strong,
    /// No: for what is shown, and for what never changes.
    Eventual,
}

/// A query of one partition.
#[derive(Debug, Clone)]
pub(crate) struct Query<'a> {
    partition: &'a Partition,
    bounds: Bounds,
    newest_first: bool,
    start: Option<Attributes>,
    limit: Option<i32>,
}

#[derive(Debug, Clone)]
enum Bounds {
    Prefix,
    UpTo(String),
    Between(String, String),
}

impl<'a> Query<'a> {
    /// Everything in the partition, in the order of its sort key.
    pub(crate) fn of(partition: &'a Partition) -> Self {
        Self { partition, bounds: Bounds::Prefix, newest_first: false, start: None, limit: None }
    }

    /// Only sort keys up to this one, which is included.
    pub(crate) fn up_to(mut self, sk: String) -> Self {
        self.bounds = Bounds::UpTo(sk);
        self
    }

    /// Only sort keys between these two, both included.
    pub(crate) fn between(mut self, first: String, last: String) -> Self {
        self.bounds = Bounds::Between(first, last);
        self
    }

    /// In reverse order.
    pub(crate) fn newest_first(mut self) -> Self {
        self.newest_first = true;
        self
    }

    /// Only what follows this key.
    pub(crate) fn after(mut self, start: Option<Attributes>) -> Self {
        self.start = start;
        self
    }

    /// At most so many rows.
    pub(crate) fn limit(mut self, rows: usize) -> Self {
        self.limit = i32::try_from(rows).ok();
        self
    }

    fn render(&self, aliases: &mut Aliases) -> String {
        let (pk, sk) = self.partition.index.map_or((PK, SK), |index| (index.pk(), index.sk()));
        let pk_is = format!("{} = {}", aliases.name(pk), aliases.value(self.partition.pk.as_str().into()));
        let mut value = |text: &str| aliases.value(text.into());
        let bounds = match &self.bounds {
            Bounds::Prefix if self.partition.prefix.is_empty() => return pk_is,
            Bounds::Prefix => {
                let prefix = value(&self.partition.prefix);
                format!("begins_with({}, {prefix})", aliases.name(sk))
            }
            Bounds::UpTo(last) => {
                let last = value(last);
                format!("{} <= {last}", aliases.name(sk))
            }
            Bounds::Between(first, last) => {
                let (first, last) = (value(first), value(last));
                format!("{} BETWEEN {first} AND {last}", aliases.name(sk))
            }
        };
        format!("{pk_is} AND {bounds}")
    }
}

impl Store {
    /// One item.
    pub(crate) async fn get(&self, key: &Key, read: Read) -> Result<Option<Row>, Error> {
        let request = self.client.get_item().table_name(&self.table);
        let request = request
            .set_key(Some(key_attributes(key)))
            .consistent_read(read == Read::Strong)
            .set_return_consumed_capacity(wanted(self.meter.as_ref()));
        let answer = retry::read(slice::from_ref(key), || async {
            request.clone().send().await.map_err(Error::of_read)
        })
        .await?;
        self.measure(Kind::Read, answer.consumed_capacity());
        Ok(answer.item.map(Row::from_attributes))
    }

    /// One item of a kind that is never or seldom changed: a cheap read, and a strong one when
    /// that finds nothing, since the item may be new.
    pub(crate) async fn get_settled(&self, key: &Key) -> Result<Option<Row>, Error> {
        match self.get(key, Read::Eventual).await? {
            Some(row) => Ok(Some(row)),
            None => self.get(key, Read::Strong).await,
        }
    }

    /// Many items by their keys, in any order; those that do not exist are left out.
    pub(crate) async fn batch_get(&self, keys: &[Key], read: Read) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::with_capacity(keys.len());
        for batch in keys.chunks(BATCH) {
            let mut wanted: Vec<_> = batch.iter().map(key_attributes).collect();
            let mut attempt = 1;
            while !wanted.is_empty() {
                if attempt > retry::ATTEMPTS {
                    return Err(Error::Unavailable("a batch of reads was left unfinished".into()));
                }
                if attempt > 1 {
                    retry::pause(batch, attempt - 1).await;
                }
                let (found, left) = self.get_some(batch, wanted, read).await?;
                rows.extend(found);
                wanted = left;
                attempt += 1;
            }
        }
        Ok(rows)
    }

    /// One round of a batch: what was found, and the keys that the table did not get to.
    async fn get_some(
        &self,
        batch: &[Key],
        keys: Vec<Attributes>,
        read: Read,
    ) -> Result<(Vec<Row>, Vec<Attributes>), Error> {
        let keys = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .consistent_read(read == Read::Strong)
            .build()
            .map_err(|error| Error::Refused(Box::new(error)))?;
        let request = self.client.batch_get_item().request_items(&self.table, keys);
        let request = request.set_return_consumed_capacity(wanted(self.meter.as_ref()));
        let answer =
            retry::read(batch, || async { request.clone().send().await.map_err(Error::of_read) }).await?;
        self.measure(Kind::Read, answer.consumed_capacity());
        let found = answer.responses.and_then(|mut tables| tables.remove(&self.table));
        let left = answer.unprocessed_keys.and_then(|mut tables| tables.remove(&self.table));
        Ok((
            found.unwrap_or_default().into_iter().map(Row::from_attributes).collect(),
            left.map(|left| left.keys).unwrap_or_default(),
        ))
    }

    /// One page of a partition, and the key to go on from when there is more.
    ///
    /// The table is read strongly; an index cannot be.
    pub(crate) async fn query(&self, query: Query<'_>) -> Result<(Vec<Row>, Option<Attributes>), Error> {
        let mut aliases = Aliases::default();
        let condition = query.render(&mut aliases);
        let index = query.partition.index;
        let place = Key { pk: query.partition.pk.clone(), sk: String::new() };
        let request = self.client.query().table_name(&self.table);
        let request = request
            .set_index_name(index.map(|index| index.name().to_owned()))
            .consistent_read(index.is_none())
            .key_condition_expression(condition)
            .set_expression_attribute_names(aliases.names())
            .set_expression_attribute_values(aliases.values())
            .set_exclusive_start_key(query.start)
            .set_limit(query.limit)
            .scan_index_forward(!query.newest_first)
            .set_return_consumed_capacity(wanted(self.meter.as_ref()));
        let answer = retry::read(slice::from_ref(&place), || async {
            request.clone().send().await.map_err(Error::of_read)
        })
        .await?;
        self.measure(Kind::Read, answer.consumed_capacity());
        let rows = answer.items.unwrap_or_default().into_iter().map(Row::from_attributes);
        Ok((rows.collect(), answer.last_evaluated_key))
    }

    /// All rows of a partition that is known to stay small, such as a conversion with its lines.
    pub(crate) async fn query_all(&self, query: Query<'_>) -> Result<Vec<Row>, Error> {
        let mut all = Vec::new();
        let mut start = query.start.clone();
        loop {
            let (rows, next) = self.query(query.clone().after(start)).await?;
            all.extend(rows);
            match next {
                Some(next) => start = Some(next),
                None => return Ok(all),
            }
        }
    }
}

/// A key as the SDK wants it.
pub(crate) fn key_attributes(key: &Key) -> Attributes {
    Attributes::from([
        (PK.to_owned(), AttributeValue::S(key.pk.clone())),
        (SK.to_owned(), AttributeValue::S(key.sk.clone())),
    ])
}

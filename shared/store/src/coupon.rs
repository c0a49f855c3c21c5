//! Coupons and whose they are.

use domain::{
    coupon::{Coupon, CouponCode},
    id::{CouponId, PartnerId, ProgramId},
};
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
    versioned::Versioned,
};

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct CouponItem(Coupon);

impl Shape for CouponItem {
    const ENTITY: &'static str = "coupon";
}

/// What became of a new coupon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CouponCreated {
    /// It is there, or the answer of an earlier request is.
    Committed(Committed),
    /// There is a coupon of this code; it stays whose it is.
    CodeTaken(Box<Coupon>),
}

impl Store {
    /// Creates a coupon.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn create_coupon(&self, coupon: &Coupon, once: Once<'_>) -> Result<CouponCreated, Error> {
        let mut transaction = Transaction::new();
        let position = transaction.put_new(row(coupon)?);
        let error = match self.commit_once(transaction, once).await {
            Ok(committed) => return Ok(CouponCreated::Committed(committed)),
            Err(error) => error,
        };
        let taken = error.failures().and_then(|failures| failures.at(position)?.old.clone());
        match taken {
            Some(row) => parse(row).map(|coupon| CouponCreated::CodeTaken(Box::new(coupon))),
            None => Err(error),
        }
    }

    /// A coupon by its id, as the last write left it.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is corrupt.
    pub async fn coupon(&self, id: &CouponId) -> Result<Option<Versioned<Coupon>>, Error> {
        let Some(row) = self.get(&key::coupon(id), Read::Strong).await? else { return Ok(None) };
        let revision = row.revision();
        Ok(Some(Versioned { value: parse(row)?, revision }))
    }

    /// The coupon of a code in a program, however the code is written.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is corrupt.
    pub async fn coupon_of(&self, program: &ProgramId, code: &CouponCode) -> Result<Option<Coupon>, Error> {
        Ok(self.coupon(&code.coupon_id(program)).await?.map(|coupon| coupon.value))
    }

    /// Replaces a coupon that was read by what it has become.
    ///
    /// # Errors
    /// [`Error::Condition`] when somebody else changed it meanwhile.
    pub async fn update_coupon(&self, read: &Versioned<Coupon>, changed: &Coupon) -> Result<(), Error> {
        let mut transaction = Transaction::new();
        transaction.replace(row(changed)?, read.revision);
        self.commit(transaction).await
    }

    /// A program's coupons, or those of one partner in it, the newest first for each partner.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn coupons(
        &self,
        program: &ProgramId,
        partner: Option<&PartnerId>,
        page: &PageRequest,
    ) -> Result<Page<Coupon>, Error> {
        let partitions = key::coupons_of(program, partner);
        let list = List { partitions: &partitions, newest_first: true };
        self.list(&list, page, |_| true).await?.try_map(parse)
    }
}

fn row(coupon: &Coupon) -> Result<Row, Error> {
    let place = key::coupon_in_program(&coupon.program_id, &coupon.partner_id, coupon.created_at);
    Ok(Row::new(&key::coupon(&coupon.id), &CouponItem(coupon.clone()))?.listed(place))
}

fn parse(row: Row) -> Result<Coupon, Error> {
    row.parse().map(|CouponItem(coupon)| coupon)
}

//! Partners: registration, profile, payout method, identity.
//!
//! What is personal stands under the partner's own key and nowhere else.

use domain::{agreement::Agreement, id::PartnerId, partner::Partner};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    agreement::add_enrolment,
    error::Error,
    idempotency::{Committed, Once},
    item::{Row, Shape},
    key,
    table::Read,
    transaction::Transaction,
    versioned::Versioned,
};

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct PartnerItem(Partner);

impl Shape for PartnerItem {
    const ENTITY: &'static str = "partner";
}

/// Marks an e-mail address as taken; the address itself is in nobody's key.
#[derive(Serialize, Deserialize)]
struct EmailMarker {
    partner_id: PartnerId,
}

impl Shape for EmailMarker {
    const ENTITY: &'static str = "email_marker";
}

/// Where the money goes, by one version of the payout method. Never changed: a payout pays by
/// the version it was requested with.
#[derive(Serialize, Deserialize)]
struct PayoutMethodItem {
    sealed: String,
    set_at: Timestamp,
}

impl Shape for PayoutMethodItem {
    const ENTITY: &'static str = "payout_method";
}

/// A session with the identity checker.
#[derive(Serialize, Deserialize)]
struct IdentityCheck {
    session_id: String,
    started_at: Timestamp,
}

impl Shape for IdentityCheck {
    const ENTITY: &'static str = "identity_check";
}

/// What became of a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registered {
    /// Partner and enrolment are there, or the answer of an earlier request is.
    Committed(Committed),
    /// The subject is a partner already: read it and enrol it.
    Exists,
    /// Another partner has this e-mail address.
    EmailTaken,
    /// The sponsor's enrolment is not active any more.
    SponsorInactive,
}

impl Store {
    /// Registers a new partner together with its first enrolment.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn register(
        &self,
        partner: &Partner,
        agreement: &Agreement,
        once: Once<'_>,
    ) -> Result<Registered, Error> {
        let marker = EmailMarker { partner_id: partner.id.clone() };
        let mut transaction = Transaction::new();
        let person = transaction.put_new(partner_row(partner)?);
        let email = transaction.put_new(Row::new(&key::email_marker(&partner.email_hash), &marker)?);
        add_enrolment(&mut transaction, agreement)?;
        let error = match self.commit_once(transaction, once).await {
            Ok(committed) => return Ok(Registered::Committed(committed)),
            Err(error) => error,
        };
        let Some(failures) = error.failures() else { return Err(error) };
        // A partner who is there already fails on the own marker too.
        Ok(if failures.at(person).is_some() {
            Registered::Exists
        } else if failures.at(email).is_some() {
            Registered::EmailTaken
        } else {
            Registered::SponsorInactive
        })
    }

    /// A partner, as the last write left it.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is corrupt.
    pub async fn partner(&self, id: &PartnerId) -> Result<Option<Versioned<Partner>>, Error> {
        let row = self.get(&key::partner(id), Read::Strong).await?;
        row.map(versioned_partner).transpose()
    }

    /// Partners by their ids, in any order; those that do not exist are left out.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn partners(&self, ids: &[PartnerId]) -> Result<Vec<Partner>, Error> {
        let keys: Vec<_> = ids.iter().map(key::partner).collect();
        let rows = self.batch_get(&keys, Read::Eventual).await?;
        rows.into_iter().map(|row| row.parse().map(|PartnerItem(partner)| partner)).collect()
    }

    /// Puts a changed partner in the place of the one that was read.
    ///
    /// # Errors
    /// [`Error::Condition`] when somebody else changed it meanwhile.
    pub async fn update_partner(&self, read: &Versioned<Partner>, changed: &Partner) -> Result<(), Error> {
        let mut transaction = Transaction::new();
        transaction.replace(partner_row(changed)?, read.revision);
        self.commit(transaction).await
    }

    /// Sets the payout method that `changed` names; `sealed` says where the money goes.
    ///
    /// # Errors
    /// [`Error::Condition`] when somebody else changed the partner meanwhile.
    pub async fn set_payout_method(
        &self,
        read: &Versioned<Partner>,
        changed: &Partner,
        sealed: &str,
    ) -> Result<(), Error> {
        let mut transaction = Transaction::new();
        transaction.replace(partner_row(changed)?, read.revision);
        if let Some(method) = &changed.payout_method {
            let item = PayoutMethodItem { sealed: sealed.to_owned(), set_at: method.set_at };
            transaction.put_new(Row::new(&key::payout_method(&changed.id, method.version), &item)?);
        }
        self.commit(transaction).await
    }

    /// Where the money of a payout goes, as it was sealed.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is corrupt.
    pub async fn payout_destination(
        &self,
        partner: &PartnerId,
        version: u32,
    ) -> Result<Option<String>, Error> {
        let row = self.get_settled(&key::payout_method(partner, version)).await?;
        row.map(|row| row.parse().map(|item: PayoutMethodItem| item.sealed)).transpose()
    }

    /// Notes a session with the identity checker, which `changed` names as the current one.
    ///
    /// # Errors
    /// [`Error::Condition`] when somebody else changed the partner meanwhile.
    pub async fn start_identity_check(
        &self,
        read: &Versioned<Partner>,
        changed: &Partner,
        once: Once<'_>,
    ) -> Result<Committed, Error> {
        let mut transaction = Transaction::new();
        transaction.replace(partner_row(changed)?, read.revision);
        if let Some(session_id) = &changed.identity.session_id {
            let check = IdentityCheck { session_id: session_id.clone(), started_at: once.now };
            // The checker may answer a repeated start with the same session.
            transaction.put(Row::new(&key::identity_check(&changed.id, session_id), &check)?);
        }
        self.commit_once(transaction, once).await
    }
}

/// The row of a partner.
pub(crate) fn partner_row(partner: &Partner) -> Result<Row, Error> {
    Row::new(&key::partner(&partner.id), &PartnerItem(partner.clone()))
}

fn versioned_partner(row: Row) -> Result<Versioned<Partner>, Error> {
    let revision = row.revision();
    row.parse().map(|PartnerItem(value)| Versioned { value, revision })
}

//! Agreements: enrolments, which are also the edges of the referral tree.

use domain::{
    agreement::{Agreement, AgreementStatus},
    id::{PartnerId, ProgramId},
    program::Program,
};
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    error::Error,
    expression::Condition,
    idempotency::{Committed, Once},
    item::{Row, Shape},
    key,
    page::{List, Page, PageRequest},
    table::{Query, Read},
    transaction::Transaction,
    versioned::Versioned,
};

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct AgreementItem(Agreement);

impl Shape for AgreementItem {
    const ENTITY: &'static str = "agreement";
}

/// Says under the partner's own key that there is an agreement, which stands under the program's.
#[derive(Serialize, Deserialize)]
struct EnrolmentItem {
    program_id: ProgramId,
}

impl Shape for EnrolmentItem {
    const ENTITY: &'static str = "enrolment";
}

/// What became of an enrolment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enrolled {
    /// It is there, or the answer of an earlier request is.
    Committed(Committed),
    /// The partner is enrolled already: read the enrolment.
    Exists,
    /// The sponsor's enrolment is not active any more.
    SponsorInactive,
}

impl Store {
    /// Enrols a partner who is registered already.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn enrol(&self, agreement: &Agreement, once: Once<'_>) -> Result<Enrolled, Error> {
        let mut transaction = Transaction::new();
        let enrolment = add_enrolment(&mut transaction, agreement)?;
        match self.commit_once(transaction, once).await {
            Ok(committed) => Ok(Enrolled::Committed(committed)),
            Err(Error::Condition(failures)) if failures.at(enrolment).is_some() => Ok(Enrolled::Exists),
            Err(Error::Condition(_)) => Ok(Enrolled::SponsorInactive),
            Err(error) => Err(error),
        }
    }

    /// A partner's agreement in a program, as the last write left it; it holds the whole upline.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is corrupt.
    pub async fn agreement(
        &self,
        program: &ProgramId,
        partner: &PartnerId,
    ) -> Result<Option<Versioned<Agreement>>, Error> {
        let row = self.get(&key::agreement(program, partner), Read::Strong).await?;
        row.map(versioned_agreement).transpose()
    }

    /// Several partners' agreements in a program, in any order; missing ones are left out.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn agreements(
        &self,
        program: &ProgramId,
        partners: &[PartnerId],
    ) -> Result<Vec<Agreement>, Error> {
        let keys: Vec<_> = partners.iter().map(|partner| key::agreement(program, partner)).collect();
        let rows = self.batch_get(&keys, Read::Strong).await?;
        rows.into_iter().map(parse).collect()
    }

    /// Puts a changed agreement in the place of the one that was read.
    ///
    /// # Errors
    /// [`Error::Condition`] when somebody else changed it meanwhile.
    pub async fn update_agreement(
        &self,
        read: &Versioned<Agreement>,
        changed: &Agreement,
    ) -> Result<(), Error> {
        let mut transaction = Transaction::new();
        transaction.replace(agreement_row(changed)?, read.revision);
        self.commit(transaction).await
    }

    /// A partner's enrolments in all programs, with their programs, the earliest first.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn enrolments(&self, partner: &PartnerId) -> Result<Vec<(Agreement, Program)>, Error> {
        let partition = key::enrolments_of(partner);
        let rows = self.query_all(Query::of(&partition)).await?;
        let ids = rows.into_iter().map(|row| row.parse().map(|item: EnrolmentItem| item.program_id));
        let ids = ids.collect::<Result<Vec<_>, _>>()?;
        let programs = self.programs(&ids).await?;
        let keys: Vec<_> = ids.iter().map(|program| key::agreement(program, partner)).collect();
        let rows = self.batch_get(&keys, Read::Strong).await?;
        let agreements = rows.into_iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        let program_of =
            |agreement: &Agreement| programs.iter().find(|p| p.id == agreement.program_id).cloned();
        let mut enrolments: Vec<_> = agreements
            .into_iter()
            .filter_map(|agreement| program_of(&agreement).map(|program| (agreement, program)))
            .collect();
        enrolments
            .sort_by(|(one, _), (other, _)| (one.applied_at, &one.id).cmp(&(other.applied_at, &other.id)));
        Ok(enrolments)
    }

    /// A program's agreements, all or those of one status, by status and then the oldest first.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn agreements_of_program(
        &self,
        program: &ProgramId,
        status: Option<AgreementStatus>,
        page: &PageRequest,
    ) -> Result<Page<Agreement>, Error> {
        let partitions = key::agreements_of_program(program, status.map(AgreementStatus::as_str));
        let list = List { partitions: &partitions, newest_first: false };
        self.list(&list, page, |_| true).await?.try_map(parse)
    }

    /// The partners whom a sponsor has recruited, the newest first.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn recruits(
        &self,
        program: &ProgramId,
        sponsor: &PartnerId,
        page: &PageRequest,
    ) -> Result<Page<Agreement>, Error> {
        let partitions = [key::recruits_of(program, sponsor)];
        let list = List { partitions: &partitions, newest_first: true };
        self.list(&list, page, |_| true).await?.try_map(parse)
    }
}

/// The row of an agreement.
pub(crate) fn agreement_row(agreement: &Agreement) -> Result<Row, Error> {
    let Agreement { program_id, partner_id, status, applied_at, .. } = agreement;
    let row = Row::new(&key::agreement(program_id, partner_id), &AgreementItem(agreement.clone()))?;
    let row = row.listed(key::agreement_in_program(program_id, partner_id, status.as_str(), *applied_at));
    Ok(match agreement.sponsor() {
        Some(sponsor) => row.listed(key::agreement_of_sponsor(program_id, sponsor, *applied_at)),
        None => row,
    })
}

/// Adds everything that an enrolment writes and demands; gives the agreement's position.
pub(crate) fn add_enrolment(transaction: &mut Transaction, agreement: &Agreement) -> Result<usize, Error> {
    let Agreement { program_id, partner_id, .. } = agreement;
    let position = transaction.put_new(agreement_row(agreement)?);
    let item = EnrolmentItem { program_id: program_id.clone() };
    transaction.put_new(Row::new(&key::enrolment(partner_id, program_id), &item)?);
    add_sponsor_check(transaction, agreement);
    Ok(position)
}

/// Lets a recruit join only under a sponsor who is active and not below the recruit: the tree
/// cannot get a cycle, and the sponsor was not stopped while the request was under way.
fn add_sponsor_check(transaction: &mut Transaction, recruit: &Agreement) {
    let Some(sponsor) = recruit.sponsor() else { return };
    let active = Condition::equals("status", AgreementStatus::Approved.as_str())
        .and(Condition::not_contains("ancestors", recruit.partner_id.as_str()));
    transaction.check(key::agreement(&recruit.program_id, sponsor), active);
}

pub(crate) fn parse(row: Row) -> Result<Agreement, Error> {
    row.parse().map(|AgreementItem(agreement)| agreement)
}

pub(crate) fn versioned_agreement(row: Row) -> Result<Versioned<Agreement>, Error> {
    let revision = row.revision();
    parse(row).map(|value| Versioned { value, revision })
}

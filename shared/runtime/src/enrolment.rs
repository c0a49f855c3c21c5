//! A partner's way into a program: what every request about the partner's own earnings starts with.

use domain::{
    agreement::Agreement,
    id::{PartnerId, ProgramId},
    money::Currency,
    program::Program,
};
use futures_util::future::try_join;
use store::{Store, Versioned};

use crate::Problem;

/// A program together with a partner's agreement in it.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// The program.
    pub program: Program,
    /// The partner's agreement, whatever its status: what was earned stays visible.
    pub agreement: Versioned<Agreement>,
}

impl Enrolment {
    /// The partner's enrolment in a program.
    ///
    /// # Errors
    /// 404 when there is no such program or the partner has no agreement in it: from outside the
    /// two cannot be told apart.
    pub async fn load(store: &Store, program: &ProgramId, partner: &PartnerId) -> Result<Self, Problem> {
        match try_join(store.program(program), store.agreement(program, partner)).await? {
            (Some(program), Some(agreement)) => Ok(Self { program, agreement }),
            _ => Err(Problem::not_found()),
        }
    }

    /// The currency of the partner's account.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.program.currency
    }
}

//! The line below a partner, breadth first.

use domain::{
    agreement::{Agreement, AgreementStatus},
    id::{PartnerId, ProgramId},
    partner::Partner,
};
use futures_util::future::try_join_all;
use jiff::Timestamp;
use runtime::{Cursors, PageRequest, Problem};
use serde::Serialize;
use store::{Store, cursor::Scope, page::MAX_LIMIT};

/// Most recruits of one answer, over all generations. A line can be as wide as the program, and
/// each recruit costs a query to look below.
pub(crate) const ROWS_MAX: usize = 100;

/// Recruits whose own recruits are read at the same time.
const AT_ONCE: usize = 10;

/// A partner in the caller's line.
#[derive(Debug, Serialize)]
pub(crate) struct ReferralView {
    partner_id: PartnerId,
    sponsor_id: PartnerId,
    depth: u8,
    name: Option<String>,
    status: AgreementStatus,
    joined_at: Timestamp,
}

/// Reads the line below a caller.
pub(crate) struct Line<'a> {
    pub(crate) store: &'a Store,
    pub(crate) cursors: &'a Cursors,
    pub(crate) caller: &'a PartnerId,
    pub(crate) now: Timestamp,
}

impl Line<'_> {
    /// The direct recruits, then theirs, down to a depth; and whether the answer was full before
    /// every generation was read.
    ///
    /// Generation by generation, so that a full answer lacks the furthest recruits and not those
    /// who happen to stand below the last direct one.
    pub(crate) async fn below(
        &self,
        program: &ProgramId,
        direct: Vec<Agreement>,
        people: &[Partner],
        depth_max: u8,
    ) -> Result<(Vec<ReferralView>, bool), Problem> {
        let name =
            |id: &PartnerId| people.iter().find(|person| person.id == *id).map(|person| person.name.clone());
        let mut rows = Vec::new();
        let mut generation: Vec<PartnerId> =
            direct.iter().map(|recruit| recruit.partner_id.clone()).collect();
        rows.extend(direct.into_iter().map(|recruit| self.view(&recruit, 1, name(&recruit.partner_id))));
        for depth in 2..=depth_max {
            let mut next = Vec::new();
            for sponsors in generation.chunks(AT_ONCE) {
                let room = ROWS_MAX.saturating_sub(rows.len());
                if room == 0 {
                    return Ok((rows, true));
                }
                let (mut recruits, more) = self.recruits(program, sponsors).await?;
                let is_full = more || recruits.len() > room;
                recruits.truncate(room);
                next.extend(recruits.iter().map(|recruit| recruit.partner_id.clone()));
                // The name of a recruit's recruit is not the caller's to see.
                rows.extend(recruits.iter().map(|recruit| self.view(recruit, depth, None)));
                if is_full {
                    return Ok((rows, true));
                }
            }
            generation = next;
        }
        Ok((rows, false))
    }

    /// The recruits of several sponsors; and whether one has more than a page of them.
    async fn recruits(
        &self,
        program: &ProgramId,
        sponsors: &[PartnerId],
    ) -> Result<(Vec<Agreement>, bool), Problem> {
        let scope = Scope { caller: self.caller.as_str(), list: "recruits_below", filters: &[] };
        let page = PageRequest::new(self.cursors, &scope, Some(MAX_LIMIT), None, self.now);
        let page = &page.map_err(Problem::internal)?;
        let pages =
            try_join_all(sponsors.iter().map(|sponsor| self.store.recruits(program, sponsor, page))).await?;
        let more = pages.iter().any(|page| page.next.is_some());
        Ok((pages.into_iter().flat_map(|page| page.data).collect(), more))
    }

    fn view(&self, recruit: &Agreement, depth: u8, name: Option<String>) -> ReferralView {
        ReferralView {
            partner_id: recruit.partner_id.clone(),
            sponsor_id: recruit.sponsor().unwrap_or(self.caller).clone(),
            depth,
            name,
            status: recruit.status,
            joined_at: recruit.applied_at,
        }
    }
}

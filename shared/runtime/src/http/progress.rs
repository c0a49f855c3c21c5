//! Work that is done page by page: where it stands travels with the caller.

use serde::{Serialize, de::DeserializeOwned};
use store::cursor::Scope;

use super::{Code, Problem, Request};
use crate::Cursors;

/// How far an operation is, sealed into a cursor that holds only for the same caller, the same
/// path and the same question.
pub struct Progress<'a> {
    cursors: &'a Cursors,
    caller: String,
    operation: String,
    asked: String,
    now: jiff::Timestamp,
}

impl<'a> Progress<'a> {
    /// The progress of an operation. `asked` is everything but the page that the answer depends on.
    ///
    /// # Errors
    /// 401 without a caller.
    pub fn of(
        request: &Request,
        cursors: &'a Cursors,
        operation: &str,
        asked: String,
    ) -> Result<Self, Problem> {
        Ok(Self {
            cursors,
            caller: request.caller()?.scope(),
            operation: format!("{operation} {}", request.path()),
            asked,
            now: request.received_at(),
        })
    }

    /// Where the operation stands, or nothing when it begins.
    ///
    /// # Errors
    /// 400 for a cursor of another operation or question.
    pub fn resume<S: DeserializeOwned>(&self, cursor: Option<&str>) -> Result<Option<S>, Problem> {
        let open = |text| self.cursors.open_state(&self.scope(&[("asked", &self.asked)]), text, self.now);
        let state = cursor.map(open).transpose();
        state.map_err(|error| Problem::new(Code::InvalidCursor).detail(error.to_string()))
    }

    /// The cursor to go on with; nothing when the state is larger than a cursor may be.
    #[must_use]
    pub fn pause<S: Serialize>(&self, state: &S) -> Option<String> {
        self.cursors.seal_state(&self.scope(&[("asked", &self.asked)]), state, self.now)
    }

    fn scope<'b>(&'b self, filters: &'b [(&'b str, &'b str)]) -> Scope<'b> {
        Scope { caller: &self.caller, list: &self.operation, filters }
    }
}

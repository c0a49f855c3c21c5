//! Cursors.

use jiff::Timestamp;

use crate::cursor::{Cursors, Position, Scope};

/// Reads bytes as a cursor, and makes one of them.
pub(crate) fn run(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let now = Timestamp::from_second(1_795_348_800).unwrap_or_default();
    let cursors = Cursors::new([1; 32], Some([2; 32]));
    let scope = Scope { caller: text, list: "listLinks", filters: &[("status", text)] };
    let other = Scope { caller: text, list: "listLinks", filters: &[(text, "status")] };
    assert!(cursors.open_state::<Vec<u64>>(&scope, text, now).is_err(), "a cursor that nobody made");
    let state = vec![Position::After(text.to_owned(), String::new(), text.to_owned()), Position::End];
    let Some(sealed) = cursors.seal_state(&scope, &state, now) else { return };
    let open = |scope: &Scope<'_>, text: &str| cursors.open_state::<Vec<Position>>(scope, text, now);
    assert_eq!(open(&scope, &sealed), Ok(state), "made and opened again");
    assert!(text == "status" || open(&other, &sealed).is_err(), "opened for another list");
    assert!(open(&scope, &format!("{sealed}A")).is_err() && open(&scope, &sealed[1..]).is_err(), "changed");
}

//! A page of a list.

use serde::Serialize;
use store::page::Page;

/// A page of a list.
#[derive(Debug, Clone, Serialize)]
pub struct ListView<V> {
    /// The entries.
    pub data: Vec<V>,
    /// Where the next page starts; none on the last one.
    pub next_cursor: Option<String>,
}

impl<V> ListView<V> {
    /// The page with every entry as it is shown.
    pub fn new<T>(page: Page<T>, view: impl FnMut(T) -> V) -> Self {
        Self { data: page.data.into_iter().map(view).collect(), next_cursor: page.next }
    }
}

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
    /// The page as it is shown.
    pub fn of<'a, T>(page: &'a Page<T>) -> Self
    where
        V: From<&'a T>,
    {
        Self { data: page.data.iter().map(V::from).collect(), next_cursor: page.next.clone() }
    }
}

//! A value together with the revision it was read at.

/// A value as it was read; a write that is based on it holds only while the revision does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The value.
    pub value: T,
    /// The item's revision, raised by every update.
    pub revision: u64,
}

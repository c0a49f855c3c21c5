//! Which seeds are run.

use crate::repository;

/// Seeds that found something once.
#[must_use]
pub fn kept() -> Vec<u64> {
    let text = repository::read("tests/seeds.txt");
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    lines.filter(|line| !line.is_empty()).map(|line| line.parse().unwrap()).collect()
}

/// So many seeds from the first one on.
pub fn spread(first: u64, count: u64) -> impl Iterator<Item = u64> {
    first..first.saturating_add(count)
}

//! Reads the query string.

use serde::{Deserialize, de::DeserializeOwned};
use store::page::MAX_LIMIT;
use url::form_urlencoded;

use super::{Problem, body::violation};
use crate::Violations;

/// Which part of a list is wanted, and the filters that the list is bound to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ListQuery {
    pub(super) limit: Option<u8>,
    pub(super) cursor: Option<String>,
    /// Sorted, so that the same filters in another order are the same list.
    pub(super) filters: Vec<(String, String)>,
}

/// For a list that takes nothing but `limit` and `cursor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoFilters {}

/// Parses the whole query string.
pub(super) fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs))
        .map_err(|error| violation(error.path(), &error.inner().to_string()).into())
}

/// Takes `limit` and `cursor` out and parses the rest.
///
/// Two steps, because serde's `flatten` neither refuses unknown parameters nor parses numbers.
pub(super) fn parse_list<T: DeserializeOwned>(query: &str) -> Result<(T, ListQuery), Problem> {
    let (mut limits, mut cursors, mut filters) = (Vec::new(), Vec::new(), Vec::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()).into_owned() {
        match name.as_str() {
            "limit" => limits.push(value),
            "cursor" => cursors.push(value),
            _ => filters.push((name, value)),
        }
    }
    let mut violations = Violations::new();
    let in_range = |limit: &u8| (1..=MAX_LIMIT).contains(limit);
    let limit = match limits.as_slice() {
        [] => Some(None),
        [limit] => limit.parse().ok().filter(in_range).map(Some),
        _ => None,
    };
    violations.check(limit.is_some(), "/limit", "out_of_range", "limit is a number from 1 to 100");
    violations.check(cursors.len() < 2, "/cursor", "invalid", "cursor may be given once");
    violations.finish()?;
    let rest = form_urlencoded::Serializer::new(String::new()).extend_pairs(&filters).finish();
    filters.sort_unstable();
    Ok((parse(&rest)?, ListQuery { limit: limit.flatten(), cursor: cursors.pop(), filters }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Filters {
        status: Option<String>,
        depth: Option<u8>,
    }

    #[test]
    fn an_empty_query_asks_for_the_first_page() {
        let (filters, list) = parse_list::<Filters>("").unwrap();
        assert_eq!(filters, Filters { status: None, depth: None });
        assert_eq!(list, ListQuery { limit: None, cursor: None, filters: Vec::new() });
    }

    #[test]
    fn page_and_filters_are_told_apart() {
        let (filters, list) = parse_list::<Filters>("limit=100&status=a%20b&cursor=x%2By&depth=3").unwrap();
        assert_eq!(filters, Filters { status: Some("a b".to_owned()), depth: Some(3) });
        assert_eq!((list.limit, list.cursor.as_deref()), (Some(100), Some("x+y")));
    }

    #[track_caller]
    fn check(query: &str, pointer: &str) {
        let problem = parse_list::<Filters>(query).unwrap_err();
        assert_eq!(problem.fields()[0].pointer, pointer, "{query}");
    }

    #[test]
    fn the_order_of_filters_does_not_matter() {
        let (_, first) = parse_list::<Filters>("status=open&depth=3").unwrap();
        let (_, second) = parse_list::<Filters>("depth=3&status=open").unwrap();
        assert_eq!(first, second);
    }

    #[test]
    fn wrong_parameters_are_named() {
        for query in ["limit=0", "limit=101", "limit=x", "limit=", "limit=1&limit=2"] {
            check(query, "/limit");
        }
        check("cursor=a&cursor=b", "/cursor");
        check("depth=x", "/depth");
        check("depth=-1", "/depth");
        check("nonsense=1", "/nonsense");
    }

    #[test]
    fn a_list_without_filters_refuses_them() {
        assert!(parse_list::<NoFilters>("limit=5").is_ok());
        assert!(parse_list::<NoFilters>("status=open").is_err());
    }
}

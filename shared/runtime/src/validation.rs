//! Collects every wrong field of a request, so that the caller can mend them in one go.

use std::fmt::Display;

use domain::{money::Currency, plan::Plan};
use serde::Serialize;

use crate::http::{Code, Problem};

/// One wrong field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// A JSON pointer into the body, such as `/amount/currency`; for a query parameter, its name
    /// behind a slash.
    pub pointer: String,
    /// A stable name for what is wrong.
    pub code: String,
    /// What is wrong, for a person.
    pub detail: String,
}

/// The wrong fields found so far.
#[derive(Debug, Default)]
#[must_use = "nothing is reported unless `finish` is called"]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a wrong field.
    pub fn add(&mut self, pointer: impl Into<String>, code: &str, detail: impl Into<String>) -> &mut Self {
        self.0.push(Violation { pointer: pointer.into(), code: code.to_owned(), detail: detail.into() });
        self
    }

    /// Notes a wrong field unless `holds`.
    pub fn check(&mut self, holds: bool, pointer: &str, code: &str, detail: &str) -> &mut Self {
        if !holds {
            self.add(pointer, code, detail);
        }
        self
    }

    /// Notes a text that is blank or has more than `most` characters.
    pub fn text(&mut self, text: &str, most: usize, pointer: &str) -> &mut Self {
        let fits = !text.trim().is_empty() && text.chars().count() <= most;
        self.check(fits, pointer, "invalid_length", &format!("use 1 to {most} characters"))
    }

    /// Notes everything that is wrong with a plan, for a program of this currency.
    pub fn plan(&mut self, plan: &Plan, currency: Currency) -> &mut Self {
        for fault in plan.faults(currency) {
            self.add(format!("/plan{}", fault.pointer), fault.code, fault.detail);
        }
        self
    }

    /// Takes a parsed field's value, or notes why it could not be parsed.
    pub fn take<T, E: Display>(&mut self, pointer: &str, parsed: Result<T, E>) -> Option<T> {
        parsed.map_err(|error| self.add(pointer, "invalid", error.to_string())).ok()
    }

    /// Is every field right so far?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One problem with every wrong field, or nothing.
    ///
    /// # Errors
    /// When a field is wrong.
    pub fn finish(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(self.into()) }
    }
}

/// Pointer, code and detail of each.
impl<'a> FromIterator<(String, &'a str, String)> for Violations {
    fn from_iter<I: IntoIterator<Item = (String, &'a str, String)>>(fields: I) -> Self {
        let mut violations = Self::new();
        for (pointer, code, detail) in fields {
            violations.add(pointer, code, detail);
        }
        violations
    }
}

impl From<Violations> for Problem {
    fn from(violations: Violations) -> Self {
        Self::new(Code::ValidationFailed).violations(violations.0)
    }
}

impl From<Violation> for Problem {
    fn from(violation: Violation) -> Self {
        Self::new(Code::ValidationFailed).violations(vec![violation])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_field_is_reported_at_once() {
        let mut violations = Violations::new();
        violations.check(false, "/a", "too_small", "a is at least 1").check(true, "/b", "never", "never");
        let taken: Option<u8> = violations.take("/c", "x".parse::<u8>());
        assert_eq!(taken, None);
        let problem = violations.finish().unwrap_err();
        let pointers: Vec<_> = problem.fields().iter().map(|field| field.pointer.as_str()).collect();
        assert_eq!(pointers, ["/a", "/c"]);
    }

    #[test]
    fn a_text_is_neither_blank_nor_too_long() {
        for (text, fits) in [("", false), (" ", false), ("äöü", true), ("äöüß", false)] {
            let mut violations = Violations::new();
            violations.text(text, 3, "/name");
            assert_eq!(violations.is_empty(), fits, "{text}");
        }
    }

    #[test]
    fn no_wrong_field_is_no_problem() {
        let mut violations = Violations::new();
        assert_eq!(violations.take("/c", "7".parse::<u8>()), Some(7));
        assert!(violations.finish().is_ok());
    }
}

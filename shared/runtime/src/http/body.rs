//! Reads the body of a request.

use data_encoding::BASE64;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use super::{Code, Problem};
use crate::Violation;

/// Bytes a body may have, well below what API Gateway lets through.
pub const BODY_LIMIT: usize = 256 * 1024;

/// The bytes as the caller sent them. API Gateway hands binary and some text bodies on in base 64.
pub(super) fn decode(body: Option<String>, is_base64: bool) -> Option<Vec<u8>> {
    match body {
        Some(text) if is_base64 => BASE64.decode(text.as_bytes()).ok(),
        Some(text) => Some(text.into_bytes()),
        None => Some(Vec::new()),
    }
}

pub(super) fn too_large(limit: usize) -> Problem {
    Problem::new(Code::BodyTooLarge).detail(format!("a body has at most {} KB", limit / 1024))
}

/// Is this `application/json` or a format based on it, parameters such as the charset aside?
pub(super) fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Parses JSON. What is no JSON is unreadable; what is JSON of another shape is understood but
/// wrong, and the answer points at the field.
///
/// # Errors
/// 400 when it is no JSON, 422 when a field is wrong.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // serde would take a list for an object, field by field in the order in which we wrote them.
    if body.trim_ascii_start().starts_with(b"[") {
        let violation = Violation {
            pointer: String::new(),
            code: "invalid".to_owned(),
            detail: "the body is a list; send an object".to_owned(),
        };
        return Err(violation.into());
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        if error.inner().classify() == Category::Data {
            violation(error.path(), &error.inner().to_string()).into()
        } else {
            unreadable(error.inner())
        }
    })?;
    deserializer.end().map_err(|error| unreadable(&error))?;
    Ok(value)
}

fn unreadable(error: &serde_json::Error) -> Problem {
    let detail = format!("the body is not JSON: stopped at line {}, column {}", error.line(), error.column());
    Problem::new(Code::UnreadableBody).detail(detail)
}

/// Turns serde's complaint into a pointer, a code and a text.
pub(super) fn violation(path: &Path, complaint: &str) -> Violation {
    // "… at line 1 column 7": the pointer says it better.
    let complaint = complaint.rsplit_once(" at line ").map_or(complaint, |(text, _)| text);
    let mut pointer = pointer(path);
    let named = |prefix: &str| complaint.strip_prefix(prefix)?.split('`').next();
    if let Some(field) = named("missing field `") {
        // serde blames the object for a field that it has not got.
        push(&mut pointer, field);
        return Violation {
            pointer,
            code: "missing".to_owned(),
            detail: "this field is required".to_owned(),
        };
    }
    if let Some(field) = named("unknown field `") {
        if !pointer.ends_with(&format!("/{}", escape(field))) {
            push(&mut pointer, field);
        }
        return Violation { pointer, code: "unknown".to_owned(), detail: complaint.to_owned() };
    }
    Violation { pointer, code: "invalid".to_owned(), detail: complaint.to_owned() }
}

/// RFC 6901.
fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => push(&mut pointer, &index.to_string()),
            Segment::Map { key } => push(&mut pointer, key),
            // A variant is no step of the document, and an unknown one cannot be named.
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

fn push(pointer: &mut String, name: &str) {
    pointer.push('/');
    pointer.push_str(&escape(name));
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsed")]
    struct Sale {
        amount: Amount,
        #[serde(default)]
        lines: Vec<Amount>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsed")]
    struct Amount {
        value: u32,
        #[serde(rename = "a/b", default)]
        odd: u8,
    }

    #[track_caller]
    fn check(body: &str, pointer: &str, code: &str) {
        let problem = parse::<Sale>(body.as_bytes()).unwrap_err();
        assert_eq!(problem.code(), Code::ValidationFailed);
        let found: Vec<_> =
            problem.fields().iter().map(|field| (field.pointer.as_str(), field.code.as_str())).collect();
        assert_eq!(found, [(pointer, code)]);
        assert!(!problem.fields()[0].detail.contains("line 1"));
    }

    #[test]
    fn a_wrong_field_is_pointed_at() {
        check(r#"{"amount":{"value":"x"}}"#, "/amount/value", "invalid");
        check(r#"{"amount":{"value":1},"lines":[{"value":1},{"value":-1}]}"#, "/lines/1/value", "invalid");
        check(r#"{"amount":{"value":1,"a/b":300}}"#, "/amount/a~1b", "invalid");
        check("[]", "", "invalid");
        check(r#" [{"value":1}, []]"#, "", "invalid");
    }

    #[test]
    fn a_missing_field_is_pointed_at() {
        check("{}", "/amount", "missing");
        check(r#"{"amount":{}}"#, "/amount/value", "missing");
    }

    #[test]
    fn an_unknown_field_is_pointed_at() {
        check(r#"{"amount":{"value":1},"x":1}"#, "/x", "unknown");
        check(r#"{"amount":{"value":1,"x~y":1}}"#, "/amount/x~0y", "unknown");
    }

    #[test]
    fn what_is_no_json_is_unreadable() {
        for body in ["", "{", "{\"amount\":", "nonsense", "{\"amount\":{\"value\":1}} trailing"] {
            let problem = parse::<Sale>(body.as_bytes()).unwrap_err();
            assert_eq!(problem.code(), Code::UnreadableBody, "{body}");
        }
    }

    #[test]
    fn content_types_with_parameters_and_suffixes_are_json() {
        assert!(is_json("application/json"));
        assert!(is_json("Application/JSON; charset=utf-8"));
        assert!(is_json("application/merge-patch+json"));
        assert!(!is_json("text/json"));
        assert!(!is_json(""));
    }
}

//! One request and its answer, with every way of not getting one told in our own words.

use http::StatusCode;
use reqwest::RequestBuilder;
use serde_json::Value;
use url::Url;

/// An answer; a body that is not JSON is null, because nothing can be concluded from it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

/// Why there is no answer. The text holds no address, header or body, so that it may be kept.
pub(crate) type NoAnswer = &'static str;

/// Sends the request once. Nothing is retried here: what a lost answer means is for the caller.
pub(crate) async fn exchange(request: RequestBuilder) -> Result<Answer, NoAnswer> {
    let response = request.send().await.map_err(|error| cause(&error))?;
    let status = response.status();
    let bytes = response.bytes().await.map_err(|error| cause(&error))?;
    Ok(Answer { status, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) })
}

/// The address of a resource; every segment is escaped, so an id cannot change the path.
pub(crate) fn address(base: &Url, path: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url
}

/// The text at a path of names, if there is one.
pub(crate) fn text<'a>(body: &'a Value, path: &[&str]) -> Option<&'a str> {
    path.iter().try_fold(body, |value, name| value.get(name))?.as_str()
}

fn cause(error: &reqwest::Error) -> NoAnswer {
    if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_cannot_change_the_path() {
        let base: Url = "https://api.example.com".parse().unwrap();
        assert_eq!(address(&base, &["v1", "transfers"]).as_str(), "https://api.example.com/v1/transfers");
        assert_eq!(address(&base, &["v1", "../x?y"]).as_str(), "https://api.example.com/v1/..%2Fx%3Fy");
    }
}

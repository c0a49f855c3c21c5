//! What a caller gets: an answer, or nothing at all.

use serde::Deserialize;
use serde_json::Value;

/// The end of a call, seen from the caller.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// An HTTP answer.
    Answer(Answer),
    /// No answer; the caller cannot know what happened.
    Silence(Silence),
}

/// How the connection goes silent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// Closed without an answer: the caller sees an error at once.
    #[default]
    Close,
    /// Held open: the caller sees its own timeout.
    Hold,
}

/// An HTTP answer with a JSON body.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers besides the content type.
    pub headers: Vec<(&'static str, String)>,
    /// JSON body.
    pub body: Value,
}

impl Answer {
    pub(crate) fn new(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}

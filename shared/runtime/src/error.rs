//! Why a function could not start, or why its loop ended.

use std::error::Error as StdError;

/// A fault of the surroundings: nothing a request could have caused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A variable that the function's dependencies need is not set.
    #[error("the environment variable {name} is not set; template.yaml must give it to this function")]
    MissingVariable {
        /// The variable's name.
        name: &'static str,
    },

    /// A variable is set to something unusable.
    #[error("the environment variable {name} is not usable: {reason}")]
    InvalidVariable {
        /// The variable's name.
        name: &'static str,
        /// What is wrong with it; never its value, which may be a secret.
        reason: String,
    },

    /// A secret could not be fetched, or has not the expected shape.
    #[error("the secret named by {name} could not be read")]
    Secret {
        /// The variable that names the secret.
        name: &'static str,
        /// The cause, which never contains the secret's text.
        #[source]
        cause: Box<dyn StdError + Send + Sync>,
    },

    /// The HTTP client could not be built.
    #[error("the HTTP client could not be built")]
    HttpClient(#[source] reqwest::Error),

    /// The loop that asks Lambda for events ended.
    #[error("the Lambda loop ended: {0}")]
    Loop(lambda_runtime::Error),
}

//! The edge: everything that knows Lambda, HTTP events, queue events, environment variables or
//! the time of day.
//!
//! A function is a `handle` and one line of `main`; what surrounds it lives here once:
//!
//! | loop | trigger | handler |
//! | --- | --- | --- |
//! | [`serve`] | API Gateway, payload 2.0 | `(deps, Request) -> Answer` |
//! | [`consume`] | SQS, standard or FIFO | `(deps, message, now) -> Outcome` |
//! | [`react`] | DynamoDB stream | `(deps, Change, now) -> Outcome` |
//! | [`tick`] | schedule | `(deps, now) -> Outcome` |
//! | [`authorize`] | API Gateway request authorizer | `(deps, Credentials, now) -> Result<Caller, Problem>` |
//!
//! `deps` is what the handler names in its signature, built through [`FromEnvironment`], so a
//! function links only the clients it uses. Each loop is a thin shell around a function that
//! answers one event ([`http::answer`], [`sqs::process_batch`], [`stream::process_batch`],
//! [`schedule::run`], [`authorizer::decide`]); tests call those and so run what Lambda runs.

mod afterwards;
mod api_key;
mod audit_window;
mod aws;
mod caller;
mod config;
mod enrolment;
mod error;
mod from_environment;
mod http_client;
mod idempotency;
mod intake;
mod keyring;
mod link_base;
mod oidc;
mod outbox;
mod panic;
mod provider_settings;
mod queue;
mod run;
mod secret;
mod validation;
mod worker;

#[cfg(test)]
mod loopback;
#[cfg(test)]
mod tests;

pub mod authorizer;
pub mod clock;
pub mod http;
pub mod schedule;
pub mod sqs;
pub mod stream;
pub mod sweep;
pub mod telemetry;
pub mod view;

pub use afterwards::Afterwards;
pub use api_key::{ApiKey, ApiKeyError};
pub use audit_window::AuditWindow;
pub use authorizer::Credentials;
pub use caller::{AdminCaller, Caller, MerchantCaller, PartnerCaller, Scope};
pub use config::{Environment, Variable};
pub use enrolment::Enrolment;
pub use error::Error;
pub use from_environment::FromEnvironment;
pub use http::{Answer, Code, NoFilters, Problem, Progress, Request, Response, SealedAnswers};
pub use http_client::{HttpClient, http_client};
pub use intake::{Intake, known_otherwise};
pub use keyring::{Keyring, Purpose, SealError, SubKey};
pub use link_base::{LinkAddress, LinkBase};
pub use oidc::{Claims, OidcVerifier, TokenError};
pub use outbox::Outbox;
pub use provider_settings::ProviderSettings;
pub use queue::{ConversionQueue, MaturityQueue, Message, PayoutQueue};
pub use run::{authorize, consume, react, serve, tick};
pub use secret::Secret;
pub use store::{cursor::Cursors, idempotency::Idempotency, page::PageRequest};
pub use stream::{Change, ChangeKind};
pub use validation::{Violation, Violations};
pub use worker::{Failure, Outcome, park};

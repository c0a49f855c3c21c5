//! Environment variables and what is built from them.
//!
//! The names here and the ones in `template.yaml` are the same set; a test compares them.

use std::{collections::BTreeMap, sync::OnceLock};

use aws_config::SdkConfig;
use store::Store;
use tokio::sync::OnceCell;
use url::Url;

use crate::{Error, Keyring, aws};

/// The variables that the functions read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variable {
    /// The DynamoDB table.
    TableName,
    /// The secret that holds the master key.
    KeyringSecretArn,
    /// The standard queue of conversions to price.
    ConversionQueueUrl,
    /// The FIFO queue of accounts with commissions to mature.
    MaturityQueueUrl,
    /// The FIFO queue of payouts to send.
    PayoutQueueUrl,
    /// Who must have issued a token.
    OidcIssuer,
    /// Where the issuer's public keys are, which is not always below the issuer's own URL.
    OidcJwksUrl,
    /// Whom a token must be meant for.
    OidcAudience,
    /// The claim that lists a person's groups.
    OidcGroupsClaim,
    /// The group whose members administer.
    OidcAdminGroup,
    /// What tracking links start with; empty for the address that a request was sent to.
    LinkBaseUrl,
    /// The secret that holds the payment providers' credentials.
    ProviderSecretArn,
    /// Stripe's API.
    StripeApiUrl,
    /// PayPal's API.
    PaypalApiUrl,
    /// Days back to which the audit recomputes conversions.
    AuditDays,
}

impl Variable {
    /// Every variable.
    pub const ALL: &[Self] = &[
        Self::TableName,
        Self::KeyringSecretArn,
        Self::ConversionQueueUrl,
        Self::MaturityQueueUrl,
        Self::PayoutQueueUrl,
        Self::OidcIssuer,
        Self::OidcJwksUrl,
        Self::OidcAudience,
        Self::OidcGroupsClaim,
        Self::OidcAdminGroup,
        Self::LinkBaseUrl,
        Self::ProviderSecretArn,
        Self::StripeApiUrl,
        Self::PaypalApiUrl,
        Self::AuditDays,
    ];

    /// The name as the process sees it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TableName => "TABLE_NAME",
            Self::KeyringSecretArn => "KEYRING_SECRET_ARN",
            Self::ConversionQueueUrl => "CONVERSION_QUEUE_URL",
            Self::MaturityQueueUrl => "MATURITY_QUEUE_URL",
            Self::PayoutQueueUrl => "PAYOUT_QUEUE_URL",
            Self::OidcIssuer => "OIDC_ISSUER",
            Self::OidcJwksUrl => "OIDC_JWKS_URL",
            Self::OidcAudience => "OIDC_AUDIENCE",
            Self::OidcGroupsClaim => "OIDC_GROUPS_CLAIM",
            Self::OidcAdminGroup => "OIDC_ADMIN_GROUP",
            Self::LinkBaseUrl => "LINK_BASE_URL",
            Self::ProviderSecretArn => "PROVIDER_SECRET_ARN",
            Self::StripeApiUrl => "STRIPE_API_URL",
            Self::PaypalApiUrl => "PAYPAL_API_URL",
            Self::AuditDays => "AUDIT_DAYS",
        }
    }

    /// The value that stands when the variable is not set.
    #[must_use]
    pub const fn default(self) -> Option<&'static str> {
        match self {
            Self::OidcGroupsClaim => Some("cognito:groups"),
            Self::OidcAdminGroup => Some("admin"),
            Self::LinkBaseUrl => Some(""),
            Self::StripeApiUrl => Some("https://api.stripe.com"),
            Self::PaypalApiUrl => Some("https://api-m.paypal.com"),
            Self::AuditDays => Some("7"),
            _ => None,
        }
    }
}

/// The surroundings of a function: its variables, how to reach AWS, and what is shared between
/// its dependencies.
///
/// On Lambda it comes from the process; a test builds one by hand, with the AWS configuration
/// pointed at a loopback endpoint.
#[derive(Debug)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    aws: SdkConfig,
    store: OnceLock<Store>,
    keyring: OnceCell<Keyring>,
}

impl Environment {
    /// The environment of a function.
    pub(crate) fn of_function() -> Self {
        let variables = variables();
        let aws = aws::of_function(&variables);
        Self::new(variables, aws)
    }

    /// The environment of a command that a person runs.
    pub async fn from_process() -> Self {
        Self::new(variables(), aws::of_command().await)
    }

    /// An environment made by hand.
    #[must_use]
    pub fn new(variables: BTreeMap<String, String>, aws: SdkConfig) -> Self {
        Self { variables, aws, store: OnceLock::new(), keyring: OnceCell::new() }
    }

    /// The same environment with more variables, as a command gets them by its arguments.
    #[must_use]
    pub fn with_variables(mut self, variables: BTreeMap<String, String>) -> Self {
        self.variables.extend(variables);
        self
    }

    /// The same environment with a given keyring, so that no secret has to be fetched.
    #[must_use]
    pub fn with_keyring(mut self, keyring: Keyring) -> Self {
        self.keyring = OnceCell::new_with(Some(keyring));
        self
    }

    /// The same environment with a given store, for a table that was opened elsewhere.
    #[must_use]
    pub fn with_store(mut self, store: Store) -> Self {
        self.store = OnceLock::from(store);
        self
    }

    /// How to reach AWS.
    #[must_use]
    pub fn aws(&self) -> &SdkConfig {
        &self.aws
    }

    /// The value of a variable, or its default.
    ///
    /// # Errors
    /// When it is neither set nor has a default.
    pub fn variable(&self, variable: Variable) -> Result<&str, Error> {
        self.raw(variable.name())
            .or(variable.default())
            .ok_or(Error::MissingVariable { name: variable.name() })
    }

    /// The value of a variable that holds a URL.
    ///
    /// # Errors
    /// When it is not set or not a URL.
    pub fn url(&self, variable: Variable) -> Result<Url, Error> {
        self.variable(variable)?.parse().map_err(|error: url::ParseError| Error::InvalidVariable {
            name: variable.name(),
            reason: error.to_string(),
        })
    }

    /// Any variable by name, empty ones counting as not set.
    pub(crate) fn raw(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The endpoint that stands in for one AWS service, named as the AWS tools name it.
    ///
    /// The table and the queues may answer at different ports, so this goes before the one for all.
    pub(crate) fn endpoint(&self, service: &str) -> Option<&str> {
        self.raw(&format!("AWS_ENDPOINT_URL_{service}"))
    }

    /// The store, opened once.
    ///
    /// # Errors
    /// When the table's name is not set.
    pub fn store(&self) -> Result<Store, Error> {
        if let Some(store) = self.store.get() {
            return Ok(store.clone());
        }
        let store = Store::new(aws::dynamodb(self), self.variable(Variable::TableName)?.to_owned());
        Ok(self.store.get_or_init(|| store).clone())
    }

    /// The keyring, fetched once.
    ///
    /// # Errors
    /// When its secret cannot be read.
    pub async fn keyring(&self) -> Result<Keyring, Error> {
        self.keyring.get_or_try_init(|| Keyring::load(self)).await.cloned()
    }
}

/// The variables of this process.
#[expect(clippy::disallowed_methods, reason = "this is the one place that may read the environment")]
fn variables() -> BTreeMap<String, String> {
    // One that is not UTF-8 is none of ours; `vars` would panic on it.
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        let variables =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Environment::new(variables, SdkConfig::builder().build())
    }

    #[test]
    fn every_variable_has_a_name_of_its_own() {
        let mut names: Vec<_> = Variable::ALL.iter().map(|variable| variable.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Variable::ALL.len());
    }

    #[test]
    fn a_missing_variable_is_named() {
        let error = environment(&[]).variable(Variable::TableName).unwrap_err();
        assert!(error.to_string().contains("TABLE_NAME"), "{error}");
    }

    #[test]
    fn an_empty_variable_falls_back_to_its_default() {
        let environment = environment(&[("OIDC_ADMIN_GROUP", "")]);
        assert_eq!(environment.variable(Variable::OidcAdminGroup).unwrap(), "admin");
    }

    #[test]
    fn a_bad_url_is_an_error_that_does_not_repeat_it() {
        let error =
            environment(&[("STRIPE_API_URL", "sk_live_pasted")]).url(Variable::StripeApiUrl).unwrap_err();
        assert!(!error.to_string().contains("sk_live"), "{error}");
    }
}

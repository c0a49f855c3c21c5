//! Where the payment providers are and with which credentials.

use std::sync::Arc;

use serde::Deserialize;
use url::Url;

use crate::{Environment, Error, FromEnvironment, Secret, Variable, aws};

/// The settings of every payout provider.
#[derive(Debug, Clone)]
pub struct ProviderSettings(Arc<Settings>);

#[derive(Debug)]
struct Settings {
    stripe_api_url: Url,
    paypal_api_url: Url,
    credentials: Credentials,
}

/// The secret's shape. A provider that is not used has no entry.
#[derive(Debug, Deserialize)]
struct Credentials {
    stripe_secret_key: Option<Secret>,
    paypal_client_id: Option<Secret>,
    paypal_client_secret: Option<Secret>,
}

impl ProviderSettings {
    /// Stripe's API.
    #[must_use]
    pub fn stripe_api_url(&self) -> &Url {
        &self.0.stripe_api_url
    }

    /// Stripe's key, if Stripe is used.
    #[must_use]
    pub fn stripe_secret_key(&self) -> Option<&Secret> {
        self.0.credentials.stripe_secret_key.as_ref()
    }

    /// PayPal's API.
    #[must_use]
    pub fn paypal_api_url(&self) -> &Url {
        &self.0.paypal_api_url
    }

    /// PayPal's client id, if PayPal is used.
    #[must_use]
    pub fn paypal_client_id(&self) -> Option<&Secret> {
        self.0.credentials.paypal_client_id.as_ref()
    }

    /// PayPal's client secret, if PayPal is used.
    #[must_use]
    pub fn paypal_client_secret(&self) -> Option<&Secret> {
        self.0.credentials.paypal_client_secret.as_ref()
    }
}

impl FromEnvironment for ProviderSettings {
    async fn from_environment(environment: &Environment) -> Result<Self, Error> {
        Ok(Self(Arc::new(Settings {
            stripe_api_url: environment.url(Variable::StripeApiUrl)?,
            paypal_api_url: environment.url(Variable::PaypalApiUrl)?,
            credentials: aws::secret(environment, Variable::ProviderSecretArn).await?,
        })))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::loopback::Loopback;

    #[tokio::test]
    async fn an_unused_provider_needs_no_credentials() {
        let secret = json!({ "SecretString": r#"{"stripe_secret_key":"sk_test_1"}"# });
        let loopback = Loopback::start("200 OK", secret.to_string());
        let environment = loopback.environment(&[("PROVIDER_SECRET_ARN", "arn")]);
        let settings = ProviderSettings::from_environment(&environment).await.unwrap();
        assert_eq!(settings.stripe_secret_key().map(Secret::expose), Some("sk_test_1"));
        assert!(settings.paypal_client_id().is_none() && settings.paypal_client_secret().is_none());
        assert_eq!(settings.paypal_api_url().as_str(), "https://api-m.paypal.com/");
        assert!(!format!("{settings:?}").contains("sk_test"));
    }
}

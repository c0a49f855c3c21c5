//! The payout providers, from the settings of the deployment.

use providers::{InvalidCredential, payout::Payers, paypal::PaypalPayouts, stripe::StripeTransfers};
use runtime::{Environment, Error, FromEnvironment, HttpClient, ProviderSettings, Variable};

/// The providers for which there are credentials.
#[derive(Debug, Clone)]
pub struct PayoutProviders(pub Payers);

impl FromEnvironment for PayoutProviders {
    async fn from_environment(environment: &Environment) -> Result<Self, Error> {
        let (client, settings) = <(HttpClient, ProviderSettings)>::from_environment(environment).await?;
        let stripe = settings
            .stripe_secret_key()
            .map(|key| StripeTransfers::new(client.clone(), settings.stripe_api_url().clone(), key.expose()));
        let paypal = settings.paypal_client_id().zip(settings.paypal_client_secret()).map(|(id, secret)| {
            PaypalPayouts::new(
                client.clone(),
                settings.paypal_api_url().clone(),
                id.expose(),
                secret.expose(),
            )
        });
        Ok(Self(Payers {
            stripe: stripe.transpose().map_err(unusable)?,
            paypal: paypal.transpose().map_err(unusable)?,
        }))
    }
}

fn unusable(error: InvalidCredential) -> Error {
    Error::Secret { name: Variable::ProviderSecretArn.name(), cause: Box::new(error) }
}

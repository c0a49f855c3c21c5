//! The request authorizer: tells who calls, by a token of the identity provider or an API key.

use std::collections::BTreeSet;

use jiff::Timestamp;
use runtime::{ApiKey, Caller, Credentials, MerchantCaller, OidcVerifier, Problem};
use store::Store;

/// Decides who calls.
///
/// # Errors
/// 401 when the credentials are missing or not valid, 5xx when that cannot be told now.
pub async fn handle(
    (store, verifier): (Store, OidcVerifier),
    credentials: Credentials,
    now: Timestamp,
) -> Result<Caller, Problem> {
    let token = credentials.bearer()?;
    if ApiKey::is_api_key(token) {
        return merchant(&store, token, now).await.map(Caller::Merchant);
    }
    let claims = verifier.verify(token, now).await?;
    Ok(verifier.caller(claims))
}

/// The merchant whose API key this is.
async fn merchant(store: &Store, token: &str, now: Timestamp) -> Result<MerchantCaller, Problem> {
    let key = ApiKey::parse(token).map_err(|error| Problem::unauthenticated().caused_by(error))?;
    let record = store.api_key(key.id()).await?;
    let record =
        record.filter(|record| key.matches(&record.digest)).ok_or_else(|| refused("not a known API key"))?;
    if record.revoked_at.is_some_and(|revoked| revoked <= now) {
        return Err(refused("the API key is revoked"));
    }
    // A scope this version does not know yet allows nothing here, and does not spoil the others.
    let scopes: BTreeSet<_> = record.scopes.iter().filter_map(|scope| scope.parse().ok()).collect();
    Ok(MerchantCaller { key: record.id, program: record.program_id, scopes })
}

/// The cause is for the log: the caller is not told which part was wrong.
fn refused(cause: &'static str) -> Problem {
    Problem::unauthenticated().caused_by(cause)
}

//! Identity checks.

use domain::{id::PartnerId, partner::IdentityStatus};
use serde_json::Value;

use super::*;
use crate::identity::{IdentityChecks, IdentityError};

#[tokio::test]
async fn a_session_is_opened_once_per_key_and_carries_the_partner() {
    let providers = Providers::start().await;
    let checks = IdentityChecks::new(providers.client.clone(), providers.url.clone(), SECRET).unwrap();
    let partner = PartnerId::derive(&["issuer", "subject"]);
    let session = checks.start(&partner, "key-1").await.unwrap();
    assert_eq!(session.status, IdentityStatus::Started);
    assert!(session.url.as_deref().is_some_and(|url| url.starts_with("https://verify.stripe.com/")));
    assert!(!format!("{session:?}").contains("verify.stripe.com"));
    assert_eq!(checks.start(&partner, "key-1").await.unwrap(), session);
    assert_ne!(checks.start(&partner, "key-2").await.unwrap().id, session.id);

    let object: Value = providers.world.lock().identity_session(&session.id).body;
    assert_eq!(object["metadata"]["partner_id"], partner.as_str());
}

#[tokio::test]
async fn a_key_used_for_another_partner_and_a_checker_out_of_reach_are_told_apart_from_a_refusal() {
    let providers = Providers::start().await;
    let checks = IdentityChecks::new(providers.client.clone(), providers.url.clone(), SECRET).unwrap();
    checks.start(&PartnerId::derive(&["a"]), "key-1").await.unwrap();
    let other = checks.start(&PartnerId::derive(&["b"]), "key-1").await;
    assert!(matches!(other, Err(IdentityError::Unavailable { .. })), "{other:?}");

    let nowhere = IdentityChecks::new(client(), "http://127.0.0.1:9".parse().unwrap(), SECRET).unwrap();
    let cause = nowhere.start(&PartnerId::derive(&["a"]), "key-1").await;
    assert_eq!(cause, Err(IdentityError::Unavailable { cause: "no connection".into() }));
}

//! The certificate of the key that signs: where it is fetched, and whether it is PayPal's.
//!
//! PayPal's own libraries check that it is issued for `messageverificationcerts.paypal.com`, or
//! `messageverificationcerts.sandbox.paypal.com`, and that DigiCert vouches for it; they bring the
//! issuing authority along, because the address gives the certificate alone. So do we: `issuers.pem`
//! holds DigiCert's authorities for certificates of this kind. Once PayPal uses another one, and does
//! not send it along, every webhook is refused as `untrusted` until that file has it too.
//!
//! What vouches in the end is the system's own list of roots, by which PayPal's TLS is checked as well.

use std::{sync::LazyLock, time::Duration};

use http::HeaderMap;
use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime, pem::PemObject};
use url::{Host, Url};
use webpki::{EndEntityCert, KeyUsage, ring as algorithm};

use crate::webhook::{InvalidSignature, header};

const HOSTS: [&str; 4] =
    ["api.paypal.com", "api-m.paypal.com", "api.sandbox.paypal.com", "api-m.sandbox.paypal.com"];
/// Where the certificates are on each of them; nothing else there is a certificate.
const FOLDER: &str = "/v1/notifications/certs/";
const NAMES: [&str; 2] =
    ["messageverificationcerts.paypal.com", "messageverificationcerts.sandbox.paypal.com"];
/// A certificate with the authorities over it is a few thousand bytes.
const CERTIFICATES_MAX: usize = 65_536;

static ISSUERS: LazyLock<Vec<CertificateDer<'static>>> =
    LazyLock::new(|| CertificateDer::pem_slice_iter(include_bytes!("issuers.pem")).flatten().collect());

static ROOTS: LazyLock<Vec<TrustAnchor<'static>>> = LazyLock::new(|| {
    let certificates = rustls_native_certs::load_native_certs().certs;
    let anchors = certificates.iter().filter_map(|root| webpki::anchor_from_trusted_cert(root).ok());
    anchors.map(|anchor| anchor.to_owned()).collect()
});

/// The address of the certificates, where it is one of PayPal's.
pub(super) fn url(headers: &HeaderMap) -> Result<Url, InvalidSignature> {
    let text = header(headers, "paypal-cert-url")?;
    let url: Url = text.parse().map_err(|_| InvalidSignature::Malformed)?;
    let is_paypal = matches!(url.host(), Some(Host::Domain(host)) if HOSTS.contains(&host));
    let is_plain = url.scheme() == "https"
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    let is_certificate = url.path().strip_prefix(FOLDER).is_some_and(|name| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    });
    if is_paypal && is_plain && is_certificate { Ok(url) } else { Err(InvalidSignature::Untrusted) }
}

/// Who is trusted to vouch for a certificate: the authorities of this system, read once.
pub(super) fn roots() -> &'static [TrustAnchor<'static>] {
    &ROOTS
}

/// How many authorities come along.
#[cfg(test)]
pub(super) fn issuers() -> usize {
    ISSUERS.iter().filter(|issuer| webpki::anchor_from_trusted_cert(issuer).is_ok()).count()
}

/// Checks a signature with the first of these certificates, if it is PayPal's at this time.
pub(super) fn verify(
    pem: &[u8],
    roots: &[TrustAnchor<'_>],
    now: Timestamp,
    messages: &[Vec<u8>],
    signature: &[u8],
) -> Result<(), InvalidSignature> {
    let untrusted = InvalidSignature::Untrusted;
    if pem.len() > CERTIFICATES_MAX {
        return Err(untrusted);
    }
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = certificates.map_err(|_| untrusted)?;
    let (leaf, others) = certificates.split_first().ok_or(untrusted)?;
    let leaf = EndEntityCert::try_from(leaf).map_err(|_| untrusted)?;
    let authorities: Vec<_> = others.iter().chain(ISSUERS.iter()).cloned().collect();
    check(&leaf, &authorities, roots, now).ok_or(untrusted)?;
    let fits = |message: &Vec<u8>| {
        leaf.verify_signature(algorithm::RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
    };
    if messages.iter().any(fits) { Ok(()) } else { Err(InvalidSignature::Mismatch) }
}

/// Is it PayPal's, valid now, and does a root vouch for it?
fn check(
    leaf: &EndEntityCert<'_>,
    authorities: &[CertificateDer<'_>],
    roots: &[TrustAnchor<'_>],
    now: Timestamp,
) -> Option<()> {
    let seconds = u64::try_from(now.as_second()).ok()?;
    let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let usage = KeyUsage::server_auth();
    leaf.verify_for_usage(webpki::ALL_VERIFICATION_ALGS, roots, authorities, now, usage, None, None).ok()?;
    let mut names = NAMES.into_iter().filter_map(|name| ServerName::try_from(name).ok());
    names.any(|name| leaf.verify_is_valid_for_subject_name(&name).is_ok()).then_some(())
}

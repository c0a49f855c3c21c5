//! Certificates that a sender signs with, from where it publishes them.
//!
//! Which addresses may be asked the sender's module knows. What came from there is kept only once it has
//! proved a signature: an error page in its place must not refuse a week's webhooks.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use runtime::{Environment, Error, FromEnvironment, HttpClient, Problem, http_client};
use url::Url;

/// Senders wait for an answer, and repeat what fails.
const PATIENCE: Duration = Duration::from_secs(3);
/// A chain of certificates has some ten kilobytes.
const SIZE_MAX: usize = 64 * 1024;
/// For how long one is kept: a sender publishes a new one at another address.
const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A sender has one or two at a time.
const KEPT_MAX: usize = 16;

/// Fetches certificates and keeps those that proved something, as long as the instance lives.
#[derive(Debug, Clone, Default)]
pub struct Certificates(Arc<Known>);

#[derive(Debug, Default)]
struct Known {
    /// Made when it is first needed: most senders need no certificate, and a client takes its time.
    http: OnceLock<HttpClient>,
    kept: Mutex<HashMap<Url, Kept>>,
}

#[derive(Debug, Clone)]
struct Kept {
    pem: Arc<[u8]>,
    at: Timestamp,
}

impl Certificates {
    /// What is at this address.
    ///
    /// # Errors
    /// 503 when it cannot be had now: nothing is known about the signature then, and the sender may try
    /// again.
    pub(crate) async fn at(&self, url: &Url, now: Timestamp) -> Result<Arc<[u8]>, Problem> {
        match self.kept(url, now) {
            Some(pem) => Ok(pem),
            None => self.fetch(url).await,
        }
    }

    /// Keeps what has proved a signature.
    pub(crate) fn keep(&self, url: &Url, pem: &Arc<[u8]>, now: Timestamp) {
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, kept| kept.is_fresh(now));
        if kept.len() < KEPT_MAX {
            kept.entry(url.clone()).or_insert_with(|| Kept { pem: Arc::clone(pem), at: now });
        }
    }

    fn kept(&self, url: &Url, now: Timestamp) -> Option<Arc<[u8]>> {
        let kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(url).filter(|kept| kept.is_fresh(now)).map(|kept| Arc::clone(&kept.pem))
    }

    async fn fetch(&self, url: &Url) -> Result<Arc<[u8]>, Problem> {
        let request = self.http()?.get(url.clone()).timeout(PATIENCE);
        let mut response = request.send().await.map_err(|error| Problem::unavailable(error.without_url()))?;
        if response.status() != 200 {
            let cause = format!("the certificate was answered with {}", response.status());
            return Err(Problem::unavailable(cause));
        }
        let mut pem = Vec::new();
        while let Some(part) =
            response.chunk().await.map_err(|error| Problem::unavailable(error.without_url()))?
        {
            if pem.len() + part.len() > SIZE_MAX {
                return Err(Problem::unavailable("what was sent as a certificate is too large for one"));
            }
            pem.extend_from_slice(&part);
        }
        Ok(pem.into())
    }

    fn http(&self) -> Result<&HttpClient, Problem> {
        match self.0.http.get() {
            Some(client) => Ok(client),
            None => {
                let client = http_client().map_err(Problem::internal)?;
                Ok(self.0.http.get_or_init(|| client))
            }
        }
    }
}

impl Kept {
    fn is_fresh(&self, now: Timestamp) -> bool {
        now.duration_since(self.at) < LIFETIME
    }
}

impl FromEnvironment for Certificates {
    async fn from_environment(_: &Environment) -> Result<Self, Error> {
        Ok(Self::default())
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn days(days: i64) -> Timestamp {
        Timestamp::from_second(days * 24 * 3600).unwrap()
    }

    /// Gives these answers, one for each connection, and is gone then.
    async fn answering(answers: Vec<String>) -> (Url, impl Future<Output = ()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/cert.pem", listener.local_addr().unwrap()).parse().unwrap();
        let serve = async move {
            for answer in answers {
                let (mut connection, _) = listener.accept().await.unwrap();
                let _ = connection.read(&mut [0; 1024]).await.unwrap();
                let _ = connection.write_all(answer.as_bytes()).await;
            }
        };
        (url, serve)
    }

    fn answer(status: &str, body: &str) -> String {
        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
    }

    #[tokio::test]
    async fn a_certificate_is_fetched_once_in_seven_days_when_it_proves_something() {
        let answers = ["one", "two", "three"].map(|body| answer("200 OK", body));
        let (url, serve) = answering(answers.into()).await;
        let ask = async {
            let certificates = Certificates::default();
            assert_eq!(&*certificates.at(&url, START).await.unwrap(), b"one");
            // Nothing was proved by the first one.
            let second = certificates.at(&url, START).await.unwrap();
            certificates.keep(&url, &second, START);
            assert_eq!(certificates.at(&url, days(6)).await.unwrap(), second);
            assert_eq!(&*certificates.clone().at(&url, days(7)).await.unwrap(), b"three");
        };
        tokio::join!(serve, ask);
    }

    #[tokio::test]
    async fn what_is_no_certificate_is_no_word_on_the_signature() {
        let long = answer("200 OK", &"x".repeat(SIZE_MAX + 1));
        let moved =
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n".to_owned();
        let answers = vec![answer("404 Not Found", "gone"), moved, long, "nonsense".to_owned()];
        let (url, serve) = answering(answers).await;
        let ask = async {
            let certificates = Certificates::default();
            for _ in 0..4 {
                assert_eq!(certificates.at(&url, START).await.unwrap_err().code().status(), 503);
            }
        };
        tokio::join!(serve, ask);
        assert!(Certificates::default().at(&url, START).await.is_err());
    }

    #[test]
    fn no_number_of_addresses_fills_the_memory() {
        let (certificates, pem) = (Certificates::default(), Arc::from(b"pem".as_slice()));
        let url = |number: usize| format!("https://example.com/{number}").parse::<Url>().unwrap();
        (0..100).for_each(|number| certificates.keep(&url(number), &pem, START));
        assert_eq!(certificates.0.kept.lock().unwrap().len(), KEPT_MAX);
        certificates.keep(&url(200), &pem, days(8));
        assert!(
            certificates.kept(&url(200), days(9)).is_some() && certificates.kept(&url(0), days(9)).is_none()
        );
    }
}

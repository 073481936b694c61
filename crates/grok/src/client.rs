//! The client: settings, pools and the way of every call.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderMap, RETRY_AFTER};
use http::{Method, StatusCode};
use serde_json::Value;
use url::Url;

use crate::classify;
use crate::error::{Class, UpstreamError};
use crate::headers::HeaderProfile;
use crate::net::{Body, Request, Response, Transport, Transports};
use crate::protocol::{Learned, Protocol};
use crate::settings::{Settings, SettingsError};

/// As much of a refusal as is read: enough for any explanation.
const MAX_REFUSAL_BYTES: usize = 64 * 1024;
/// A refusal whose body stalls is judged by what has come.
const REFUSAL_BODY_TIMEOUT: Duration = Duration::from_secs(5);
/// Largest JSON answer of the small calls.
const MAX_JSON_BYTES: usize = 1024 * 1024;

/// The upstream, seen with one set of settings. Cheap to clone; every call is one try.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    headers: HeaderProfile,
    secrets: Vec<String>,
    transports: Transports,
    learned: Arc<Learned>,
}

impl Client {
    /// Checks the settings and opens empty connection pools.
    ///
    /// # Errors
    /// The first setting that cannot work.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        Self::build(settings, None)
    }

    /// A client with other settings. It keeps this one's pooled connections where the proxy, the
    /// check of its certificate and the connect timeout are the same, and opens empty pools where one
    /// of them differs; everything else (addresses, cookies, browser) applies to its next call. Calls
    /// under way on this one are not touched. For settings that change while the server runs.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn with_settings(&self, settings: Settings) -> Result<Self, SettingsError> {
        Self::build(settings, Some(&self.inner))
    }

    fn build(settings: Settings, old: Option<&Inner>) -> Result<Self, SettingsError> {
        settings.check()?;
        let headers = HeaderProfile::new(&settings)?;
        let transports = Transports::new(&settings, old.map(|old| &old.transports))?;
        let same_upstream = old.filter(|old| old.settings.web_url == settings.web_url);
        let learned = same_upstream.map(|old| Arc::clone(&old.learned));
        let secrets = headers.secrets();
        Ok(Self {
            inner: Arc::new(Inner {
                settings,
                headers,
                secrets,
                transports,
                learned: learned.unwrap_or_default(),
            }),
        })
    }

    pub(crate) fn headers(&self) -> &HeaderProfile {
        &self.inner.headers
    }

    pub(crate) fn base(&self) -> &Transport {
        &self.inner.transports.base
    }

    pub(crate) fn asset(&self) -> &Transport {
        &self.inner.transports.asset
    }

    pub(crate) fn protocol(&self) -> Protocol {
        self.inner.settings.protocol
    }

    pub(crate) fn learned(&self) -> &Learned {
        &self.inner.learned
    }

    pub(crate) fn assets_url(&self) -> &Url {
        &self.inner.settings.assets_url
    }

    pub(crate) fn web_url_base(&self) -> &Url {
        &self.inner.settings.web_url
    }

    /// The address of the web app with `path` (absolute, unescaped) below it.
    pub(crate) fn web_url(&self, path: &str) -> Url {
        let base = &self.inner.settings.web_url;
        let mut url = base.clone();
        url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
        url.set_query(None);
        url.set_fragment(None);
        url
    }

    /// Sends a request; whatever is not 200 becomes an error.
    pub(crate) async fn send(
        &self,
        transport: &Transport,
        request: &Request,
        credential: &str,
    ) -> Result<Response, UpstreamError> {
        let response = transport.send(request).await?;
        if response.status == StatusCode::OK {
            return Ok(response);
        }
        Err(self.refusal(transport, response, credential).await)
    }

    pub(crate) async fn refusal(
        &self,
        transport: &Transport,
        mut response: Response,
        credential: &str,
    ) -> UpstreamError {
        let mut body = Vec::new();
        let reading = read_at_most(&mut response.body, MAX_REFUSAL_BYTES, &mut body);
        // A body that stalls or breaks is judged by its beginning.
        let _ = tokio::time::timeout(REFUSAL_BODY_TIMEOUT, reading).await;
        let answer = (response.status, &response.headers, body.as_slice());
        self.refused(transport, answer, credential)
    }

    /// The error that an answer of another status than the hoped-for one stands for.
    pub(crate) fn refused(
        &self,
        transport: &Transport,
        (status, headers, body): (StatusCode, &HeaderMap, &[u8]),
        credential: &str,
    ) -> UpstreamError {
        let mut secrets = vec![credential];
        secrets.extend(self.inner.secrets.iter().map(String::as_str));
        let error = classify::refusal(status.as_u16(), retry_after(headers), body, &secrets);
        if error.class() == Class::Clearance {
            transport.renew();
        }
        error
    }

    /// Posts a JSON text and reads a small JSON answer.
    pub(crate) async fn post_json(
        &self,
        transport: &Transport,
        path: &str,
        credential: &str,
        body: Bytes,
        timeout: Duration,
    ) -> Result<Value, UpstreamError> {
        let request = Request {
            method: Method::POST,
            url: self.web_url(path),
            headers: self.headers().json(credential)?,
            body,
        };
        self.ask(transport, &request, credential, timeout).await
    }

    /// Sends a request and reads a small JSON answer.
    pub(crate) async fn ask(
        &self,
        transport: &Transport,
        request: &Request,
        credential: &str,
        timeout: Duration,
    ) -> Result<Value, UpstreamError> {
        let asking = async {
            let mut response = self.send(transport, request, credential).await?;
            let mut answer = Vec::new();
            read_at_most(&mut response.body, MAX_JSON_BYTES, &mut answer).await?;
            Ok(answer)
        };
        let answer = tokio::time::timeout(timeout, asking)
            .await
            .map_err(|_| UpstreamError::Timeout)??;
        serde_json::from_slice(&answer).map_err(|_| UpstreamError::Malformed {
            what: "the answer is not JSON",
        })
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Client")
            .field("settings", &self.inner.settings)
            .finish()
    }
}

async fn read_at_most(
    body: &mut Body,
    limit: usize,
    read: &mut Vec<u8>,
) -> Result<(), UpstreamError> {
    while read.len() < limit {
        let Some(chunk) = body.chunk().await? else {
            break;
        };
        let room = limit - read.len();
        read.extend_from_slice(chunk.get(..room.min(chunk.len())).unwrap_or_default());
    }
    Ok(())
}

/// `Retry-After` in seconds; the form with a date was not seen here.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: f64 = headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

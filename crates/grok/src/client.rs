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
use crate::net::{
    Body, Missed, NotOpened, ProxyList, ProxyReport, Request, Response, Route, Traffic, Way, Ways,
    WebSocket,
};
use crate::protocol::{Learned, Protocol};
use crate::settings::{Settings, SettingsError};

/// As much of a refusal as is read: enough for any explanation.
const MAX_REFUSAL_BYTES: usize = 64 * 1024;
/// How long the rest of a refusal's body is waited for.
const REFUSAL_BODY_TIMEOUT: Duration = Duration::from_secs(5);
/// Largest answer of the small calls.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// The upstream, seen with one set of settings. Cheap to clone; every call is one try.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
    route: Route,
}

struct Inner {
    settings: Settings,
    headers: HeaderProfile,
    secrets: Vec<String>,
    ways: Ways,
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
        let ways = Ways::new(&settings, old.map(|old| &old.ways))?;
        let same_upstream = old.filter(|old| old.settings.web_url == settings.web_url);
        let learned = same_upstream.map(|old| Arc::clone(&old.learned));
        let secrets = headers.secrets();
        Ok(Self {
            inner: Arc::new(Inner {
                settings,
                headers,
                secrets,
                ways,
                learned: learned.unwrap_or_default(),
            }),
            route: Route::Shared,
        })
    }

    pub(crate) fn headers(&self) -> &HeaderProfile {
        &self.inner.headers
    }

    /// This client for an account that has a proxy for itself: all its calls go by that, and by no
    /// other. `None`: the operator's ways.
    #[must_use]
    pub fn by_proxy(&self, proxy: Option<&str>) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            route: self.inner.ways.route(proxy),
        }
    }

    /// Whether calls wait for a list of proxies that was not read yet.
    #[must_use]
    pub fn awaits_proxies(&self) -> bool {
        self.inner.ways.awaits_list()
    }

    /// The address of the proxy of the list that something which is no call of ours should go by, with
    /// its password; `None`: that of `base_proxy_url`, or none.
    ///
    /// # Errors
    /// [`UpstreamError::NoProxy`]: there is a list, without proxies.
    pub fn proxy_for(&self, what: &str) -> Result<Option<String>, UpstreamError> {
        self.inner.ways.proxy_for(what)
    }

    /// Whether the list of proxies has any.
    #[must_use]
    pub fn has_proxies(&self) -> bool {
        self.inner.ways.has_listed()
    }

    /// Takes a list of proxies, one a line; one without any is not taken, and the last one stays.
    pub fn set_proxies(&self, text: &str) -> ProxyList {
        self.inner.ways.set_list(text)
    }

    /// The list could not be read: calls no longer wait for it.
    pub fn no_proxies_yet(&self) {
        self.inner.ways.give_up_waiting();
    }

    /// Every proxy of the list and those that `accounts` (credential and own proxy) have for
    /// themselves. O(accounts × proxies).
    #[must_use]
    pub fn proxies<'a>(
        &self,
        accounts: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
    ) -> Vec<ProxyReport> {
        self.inner.ways.reports(accounts)
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

    pub(crate) fn accounts_url(&self) -> &Url {
        &self.inner.settings.accounts_url
    }

    /// The address of the web app with `path` (absolute, unescaped) below it.
    pub(crate) fn web_url(&self, path: &str) -> Url {
        below(&self.inner.settings.web_url, path)
    }

    /// Sends a request; whatever is not 200 becomes an error.
    pub(crate) async fn send(
        &self,
        traffic: Traffic,
        request: &Request,
        credential: &str,
    ) -> Result<Response, UpstreamError> {
        let (way, response) = self.dispatch(traffic, request, credential).await?;
        if response.status == StatusCode::OK {
            way.passed();
            return Ok(response);
        }
        Err(self.refusal(&way, response, credential).await)
    }

    /// Sends a request, by another proxy of the list where one gives no connection.
    pub(crate) async fn dispatch(
        &self,
        traffic: Traffic,
        request: &Request,
        credential: &str,
    ) -> Result<(Way, Response), UpstreamError> {
        let mut missed = Missed::default();
        loop {
            let ways = &self.inner.ways;
            let way = ways.choose(&self.route, traffic, credential, &mut missed);
            let way = way.await?;
            match way.transport.send(request).await {
                Ok(response) if response.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                    way.miss(proxy_password(), &mut missed)?;
                }
                Ok(response) => return Ok((way, response)),
                Err(error) => way.miss(error, &mut missed)?,
            }
        }
    }

    /// Opens a WebSocket on the way of web calls.
    pub(crate) async fn open_socket(
        &self,
        url: &Url,
        headers: &HeaderMap,
        credential: &str,
    ) -> Result<WebSocket, UpstreamError> {
        let mut missed = Missed::default();
        loop {
            let ways = &self.inner.ways;
            let way = ways.choose(&self.route, Traffic::Web, credential, &mut missed);
            let way = way.await?;
            match way.transport.open_socket(url, headers.clone()).await {
                Ok(socket) => {
                    way.passed();
                    return Ok(socket);
                }
                Err(NotOpened::Failed(error)) => way.miss(error, &mut missed)?,
                Err(NotOpened::Refused {
                    status,
                    headers,
                    body,
                }) => return Err(self.refused(&way, (status, &headers, &body), credential)),
            }
        }
    }

    pub(crate) async fn refusal(
        &self,
        way: &Way,
        mut response: Response,
        credential: &str,
    ) -> UpstreamError {
        let body = refusal_body(&mut response).await;
        let answer = (response.status, &response.headers, body.as_slice());
        self.refused(way, answer, credential)
    }

    /// What must not be repeated in a message of a call for this account.
    pub(crate) fn secrets<'a>(&'a self, credential: &'a str) -> Vec<&'a str> {
        let own = self.inner.secrets.iter().map(String::as_str);
        std::iter::once(credential).chain(own).collect()
    }

    /// The error that an answer of another status than the hoped-for one stands for.
    pub(crate) fn refused(
        &self,
        way: &Way,
        (status, headers, body): (StatusCode, &HeaderMap, &[u8]),
        credential: &str,
    ) -> UpstreamError {
        let secrets = self.secrets(credential);
        let error = classify::refusal(status.as_u16(), retry_after(headers), body, &secrets);
        let is_walled = error.class() == Class::Clearance;
        if is_walled {
            way.refused(self.inner.settings.proxy_refusals);
        } else {
            way.passed();
        }
        let renews = &self.inner.settings.renew_statuses;
        if is_walled || renews.contains(&status.as_u16()) {
            way.transport.renew();
        }
        error
    }

    /// Posts a JSON text and reads a small JSON answer.
    pub(crate) async fn post_json(
        &self,
        traffic: Traffic,
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
        self.ask(traffic, &request, credential, timeout).await
    }

    /// Sends a request and reads a small JSON answer.
    pub(crate) async fn ask(
        &self,
        traffic: Traffic,
        request: &Request,
        credential: &str,
        timeout: Duration,
    ) -> Result<Value, UpstreamError> {
        let asked = self.ask_bytes(traffic, request, credential, timeout);
        let (_, answer) = asked.await?;
        serde_json::from_slice(&answer).map_err(|_| UpstreamError::Malformed {
            what: "the answer is not JSON",
        })
    }

    /// Sends a request and reads a small answer, with its headers.
    pub(crate) async fn ask_bytes(
        &self,
        traffic: Traffic,
        request: &Request,
        credential: &str,
        timeout: Duration,
    ) -> Result<(HeaderMap, Vec<u8>), UpstreamError> {
        let asking = async {
            let mut response = self.send(traffic, request, credential).await?;
            let mut answer = Vec::new();
            read_at_most(&mut response.body, MAX_ANSWER_BYTES, &mut answer).await?;
            Ok((response.headers, answer))
        };
        let answer = tokio::time::timeout(timeout, asking).await;
        answer.map_err(|_| UpstreamError::Timeout)?
    }
}

/// An address with `path` (absolute, unescaped) below it.
pub(crate) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url.set_query(None);
    url.set_fragment(None);
    url
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Client")
            .field("settings", &self.inner.settings)
            .finish()
    }
}

fn proxy_password() -> UpstreamError {
    UpstreamError::Connect {
        reason: "the proxy refuses its user name or password".to_owned(),
    }
}

/// The beginning of a refusal's body; one that stalls or breaks is judged by what has come.
pub(crate) async fn refusal_body(response: &mut Response) -> Vec<u8> {
    let mut body = Vec::new();
    let reading = read_at_most(&mut response.body, MAX_REFUSAL_BYTES, &mut body);
    let _ = tokio::time::timeout(REFUSAL_BODY_TIMEOUT, reading).await;
    body
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

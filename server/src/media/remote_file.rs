//! Fetches files that callers name by URL, without becoming their door to the inside network.
//!
//! Every hop (the URL itself and each redirect) goes the same way: the address is parsed and judged,
//! its name is resolved once, every resolved address must be public, and the connection goes to those
//! checked addresses and to no others: the HTTP client's resolver knows nothing else. A second answer
//! of the name server, meant for the connection only, is never asked for.
//!
//! Behind an http or https proxy the proxy resolves the name again, so only https is allowed there: a
//! host inside has no certificate for the name. Behind a socks5 proxy the checked address is sent.

mod address;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use reqwest::{
    dns::{Addrs, Name, Resolve, Resolving},
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, LOCATION, USER_AGENT},
    redirect::Policy,
};
use url::{Host, Url};

use super::{budget::Share, sniff};

/// Longest address that is accepted, in bytes.
const MAX_URL_BYTES: usize = 8192;
const MAX_REDIRECTS: usize = 5;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const OUR_USER_AGENT: &str = concat!("grok2api/", env!("CARGO_PKG_VERSION"));

/// What may be fetched.
#[derive(Debug, Clone)]
pub struct FetchPolicy {
    /// Lets loopback and private addresses and every port pass. For tests only.
    pub allow_private: bool,
    pub max_bytes: usize,
    /// For the whole fetch with its redirects.
    pub timeout: Duration,
    /// `proxy.base_proxy_url`, when set.
    pub proxy: Option<String>,
}

impl Default for FetchPolicy {
    fn default() -> Self {
        Self {
            allow_private: false,
            max_bytes: 32 * 1024 * 1024,
            timeout: Duration::from_secs(30),
            proxy: None,
        }
    }
}

/// A fetched file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteFile {
    /// Last segment of the URL's path, or `download`.
    pub name: String,
    /// As declared, else guessed from the content or the name.
    pub mime: String,
    pub content: Bytes,
}

/// Why a file was not fetched. Texts complete "the URL cannot be used: …".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    #[error("it is not an http or https address")]
    InvalidUrl,
    #[error("it is longer than {MAX_URL_BYTES} characters")]
    UrlTooLong,
    #[error("it carries a user name or password")]
    Userinfo,
    #[error("port {port} is not allowed, only 80 and 443 are")]
    Port { port: u16 },
    #[error("behind the server's proxy only https addresses are fetched")]
    PlainBehindProxy,
    /// One error for names that do not exist and names that point inside: told apart, they would
    /// list the names of an internal network.
    #[error("`{host}` has no public address")]
    NoPublicAddress { host: String },
    #[error("`{host}` cannot be reached")]
    Unreachable { host: String },
    #[error("it redirects more than {MAX_REDIRECTS} times")]
    TooManyRedirects,
    #[error("it answers with status {status}")]
    Status { status: u16 },
    #[error("the file is larger than {limit_bytes} bytes")]
    TooLarge { limit_bytes: usize },
    #[error("other files take all the memory that there is for files")]
    NoMemory,
    #[error("the file is empty")]
    Empty,
    #[error("it took longer than {after:?}")]
    Timeout { after: Duration },
    #[error("the connection broke during the transfer")]
    Cut,
    #[error("it is declared as `{declared}`, but its content is {}", found.unwrap_or("no image we know"))]
    ImageMismatch {
        declared: String,
        found: Option<&'static str>,
    },
    #[error("this server's list of proxies has none to fetch it by")]
    NoProxy,
    #[error("the HTTP client cannot be set up")]
    Setup,
}

impl FetchError {
    /// Whether the other server or the way to it failed, rather than the caller's choice of URL.
    #[must_use]
    pub fn is_remote_failure(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Status { status: 500.. }
                | Self::Timeout { .. }
                | Self::Cut
                | Self::NoProxy
                | Self::Setup
        )
    }
}

type Lookup = Arc<dyn Fn(&str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

/// Fetches callers' files under one policy.
#[derive(Clone)]
pub struct RemoteFiles {
    policy: FetchPolicy,
    lookup: Lookup,
    is_allowed: fn(IpAddr) -> bool,
    /// Built at the first fetch: most servers never fetch anything.
    tls: Arc<OnceLock<rustls::ClientConfig>>,
}

impl RemoteFiles {
    #[must_use]
    pub fn new(policy: FetchPolicy) -> Self {
        let is_allowed = if policy.allow_private {
            |_| true
        } else {
            address::is_public
        };
        Self::with_network(policy, Arc::new(|host| system_lookup(host)), is_allowed)
    }

    /// The same by another way: the address of a proxy.
    #[must_use]
    pub fn by(&self, proxy: String) -> Self {
        let mut other = self.clone();
        other.policy.proxy = Some(proxy);
        other
    }

    fn with_network(policy: FetchPolicy, lookup: Lookup, is_allowed: fn(IpAddr) -> bool) -> Self {
        Self {
            policy,
            lookup,
            is_allowed,
            tls: Arc::default(),
        }
    }

    /// Fetches `url`, following redirects that pass the same checks. What comes is taken from `share`.
    ///
    /// # Errors
    /// See [`FetchError`]; nothing is sent to a host that fails the checks.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection.
    pub async fn fetch(&self, url: &str, share: &mut Share) -> Result<RemoteFile, FetchError> {
        let after = self.policy.timeout;
        tokio::time::timeout(after, self.follow(url, share))
            .await
            .map_err(|_| FetchError::Timeout { after })?
    }

    async fn follow(&self, text: &str, share: &mut Share) -> Result<RemoteFile, FetchError> {
        if text.len() > MAX_URL_BYTES {
            return Err(FetchError::UrlTooLong);
        }
        let start = Url::parse(text.trim()).map_err(|_| FetchError::InvalidUrl)?;
        let mut url = start.clone();
        for _ in 0..=MAX_REDIRECTS {
            let response = self.request(&url).await?;
            let status = response.status().as_u16();
            if let Some(target) = redirect_target(status, response.headers()) {
                url = url.join(target).map_err(|_| FetchError::InvalidUrl)?;
            } else if status == 200 {
                return self.receive(&start, response, share).await;
            } else {
                return Err(FetchError::Status { status });
            }
        }
        Err(FetchError::TooManyRedirects)
    }

    async fn request(&self, url: &Url) -> Result<reqwest::Response, FetchError> {
        let host = self.checked_host(url)?;
        let addresses = self.checked_addresses(&host, url).await?;
        let client = self.client(host.clone(), addresses)?;
        let request = client
            .get(url.clone())
            .header(USER_AGENT, OUR_USER_AGENT)
            .header(ACCEPT, "image/*,*/*;q=0.8");
        request
            .send()
            .await
            .map_err(|_| FetchError::Unreachable { host })
    }

    /// Judges everything about the address that needs no network.
    fn checked_host(&self, url: &Url) -> Result<String, FetchError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(FetchError::InvalidUrl);
        }
        if url.scheme() == "http" && self.proxy_resolves() {
            return Err(FetchError::PlainBehindProxy);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FetchError::Userinfo);
        }
        let port = url.port_or_known_default().unwrap_or_default();
        if !self.policy.allow_private && !matches!(port, 80 | 443) {
            return Err(FetchError::Port { port });
        }
        url.host_str()
            .map(str::to_owned)
            .ok_or(FetchError::InvalidUrl)
    }

    /// Whether the way out is a proxy that resolves names itself. It may find another address than
    /// the one that was judged; with https the certificate must be that of the name all the same.
    fn proxy_resolves(&self) -> bool {
        let proxy = self.policy.proxy.as_deref().unwrap_or_default().trim();
        !self.policy.allow_private && !proxy.is_empty() && !proxy.starts_with("socks")
    }

    /// The host's addresses; a single forbidden one refuses them all.
    async fn checked_addresses(&self, host: &str, url: &Url) -> Result<Vec<IpAddr>, FetchError> {
        let addresses = match url.host() {
            Some(Host::Ipv4(literal)) => vec![IpAddr::V4(literal)],
            Some(Host::Ipv6(literal)) => vec![IpAddr::V6(literal)],
            Some(Host::Domain(name)) => (self.lookup)(name).await.unwrap_or_default(),
            None => Vec::new(),
        };
        let is_public =
            !addresses.is_empty() && addresses.iter().all(|&address| (self.is_allowed)(address));
        if !is_public {
            tracing::info!(host, ?addresses, "a caller's URL has no public address");
            return Err(FetchError::NoPublicAddress {
                host: host.to_owned(),
            });
        }
        Ok(addresses)
    }

    /// A client for one hop that can connect to `addresses` (and the proxy) only.
    fn client(&self, host: String, addresses: Vec<IpAddr>) -> Result<reqwest::Client, FetchError> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls()?)
            .redirect(Policy::none())
            .no_proxy()
            // Whoever owns the address would choose the memory that it takes to undo its compression.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .tcp_nodelay(true)
            .connect_timeout(CONNECT_TIMEOUT);
        let mut proxy_host = None;
        if let Some(proxy) = self
            .policy
            .proxy
            .as_deref()
            .filter(|proxy| !proxy.trim().is_empty())
        {
            let proxy = pinning_proxy(proxy.trim());
            let url = Url::parse(&proxy).map_err(|_| FetchError::Setup)?;
            proxy_host = url.host_str().map(str::to_owned);
            builder = builder.proxy(reqwest::Proxy::all(proxy).map_err(|_| FetchError::Setup)?);
        }
        let lookup = Arc::clone(&self.lookup);
        let pinned = Pinned {
            host,
            addresses,
            proxy_host,
            lookup,
        };
        builder
            .dns_resolver(Arc::new(pinned))
            .build()
            .map_err(|_| FetchError::Setup)
    }

    fn tls(&self) -> Result<rustls::ClientConfig, FetchError> {
        if let Some(config) = self.tls.get() {
            return Ok(config.clone());
        }
        let config = grok::tls_config().map_err(|_| FetchError::Setup)?;
        Ok(self.tls.get_or_init(|| config).clone())
    }

    async fn receive(
        &self,
        url: &Url,
        mut response: reqwest::Response,
        share: &mut Share,
    ) -> Result<RemoteFile, FetchError> {
        let limit_bytes = self.policy.max_bytes;
        let declared_bytes = response.content_length().unwrap_or_default();
        if usize::try_from(declared_bytes).map_or(true, |size| size > limit_bytes) {
            return Err(FetchError::TooLarge { limit_bytes });
        }
        let mut content = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| FetchError::Cut)? {
            if content.len() + chunk.len() > limit_bytes {
                return Err(FetchError::TooLarge { limit_bytes });
            }
            share.grow(chunk.len()).map_err(|_| FetchError::NoMemory)?;
            content.extend_from_slice(&chunk);
        }
        if content.is_empty() {
            return Err(FetchError::Empty);
        }
        let name = file_name(url);
        let mime = sniff::mime(
            declared_mime(response.headers()).as_deref(),
            &name,
            &content,
        )?;
        Ok(RemoteFile {
            name,
            mime,
            content: content.into(),
        })
    }
}

/// Answers for the checked host with the checked addresses, and for the operator's proxy.
struct Pinned {
    host: String,
    addresses: Vec<IpAddr>,
    proxy_host: Option<String>,
    lookup: Lookup,
}

impl Resolve for Pinned {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str();
        if name == self.host {
            let addresses = self.addresses.clone();
            return async move { Ok(with_any_port(addresses)) }.boxed();
        }
        if self.proxy_host.as_deref() == Some(name) {
            let lookup = (self.lookup)(name);
            return async move { Ok(with_any_port(lookup.await?)) }.boxed();
        }
        async { Err(io::Error::other("a name that was not checked").into()) }.boxed()
    }
}

/// Port 0 means "the one of the URL".
fn with_any_port(addresses: Vec<IpAddr>) -> Addrs {
    Box::new(
        addresses
            .into_iter()
            .map(|address| SocketAddr::new(address, 0)),
    )
}

fn system_lookup(host: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
    let host = host.to_owned();
    async move {
        let found = tokio::net::lookup_host((host, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
    .boxed()
}

/// socks5 and socks4 proxies get the checked address instead of the name.
fn pinning_proxy(proxy: &str) -> String {
    match proxy.split_once("://") {
        Some(("socks5h", rest)) => format!("socks5://{rest}"),
        Some(("socks4a", rest)) => format!("socks4://{rest}"),
        _ => proxy.to_owned(),
    }
}

fn redirect_target(status: u16, headers: &HeaderMap) -> Option<&str> {
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    headers.get(LOCATION)?.to_str().ok()
}

fn declared_mime(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let mime = value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    (!mime.is_empty()).then_some(mime)
}

fn file_name(url: &Url) -> String {
    let last = url
        .path_segments()
        .and_then(|mut segments| segments.next_back());
    let name = last.filter(|name| !name.is_empty()).unwrap_or("download");
    name.chars().take(200).collect()
}

#[cfg(test)]
mod tests;

//! From an address to an open connection: TCP, the operator's proxy, TLS.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV4, SocksV5, Tunnel};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tower_service::Service;
use url::{Host, Url};

use crate::error::UpstreamError;
use crate::settings::SettingsError;
use crate::tls::Tls;

/// Bytes in both directions.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Whom a connection leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    is_tls: bool,
    host: Host<String>,
    port: u16,
    /// As in `Host`: without the port that goes without saying.
    authority: String,
}

impl Origin {
    pub(super) fn of(url: &Url) -> Option<Self> {
        let host = url.host()?.to_owned();
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_string(),
        };
        Some(Self {
            is_tls: url.scheme() == "https",
            port: url.port_or_known_default()?,
            host,
            authority,
        })
    }

    pub(super) fn is_tls(&self) -> bool {
        self.is_tls
    }

    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    fn uri(&self) -> Result<Uri, http::Error> {
        let scheme = if self.is_tls { "https" } else { "http" };
        Uri::builder()
            .scheme(scheme)
            .authority(format!("{}:{}", self.host, self.port))
            .path_and_query("/")
            .build()
    }

    fn server_name(&self) -> io::Result<ServerName<'static>> {
        match &self.host {
            Host::Domain(name) => ServerName::try_from(name.clone())
                .map_err(|error| io::Error::other(error.to_string())),
            Host::Ipv4(address) => Ok(ServerName::from(std::net::IpAddr::from(*address))),
            Host::Ipv6(address) => Ok(ServerName::from(std::net::IpAddr::from(*address))),
        }
    }
}

/// An HTTP proxy that is told the whole address with every request, as it is for plain HTTP.
#[derive(Clone)]
pub(super) struct Forwarding {
    /// `Proxy-Authorization`.
    pub(super) authorization: Option<HeaderValue>,
}

/// An open connection.
pub(super) struct Opened {
    pub(super) io: Box<dyn Io>,
    pub(super) forwarding: Option<Forwarding>,
    /// What the other side chose; without TLS always HTTP/1.1.
    pub(super) is_http2: bool,
}

/// Opens connections on one way: direct, or through one proxy.
pub(super) struct Connector {
    way: Way,
    pub(super) tls: TlsConnector,
    timeout: Duration,
}

#[derive(Clone)]
enum Way {
    Direct(HttpConnector),
    Http(HttpProxy<HttpConnector>),
    Https(HttpProxy<HttpsConnector<HttpConnector>>),
    Socks4(SocksV4<HttpConnector>),
    Socks5(SocksV5<HttpConnector>),
}

#[derive(Clone)]
struct HttpProxy<C> {
    address: Uri,
    authorization: Option<HeaderValue>,
    connector: C,
}

impl<C> HttpProxy<C> {
    fn tunnel(self) -> Tunnel<C> {
        let tunnel = Tunnel::new(self.address, self.connector);
        match self.authorization {
            Some(header) => tunnel.with_auth(header),
            None => tunnel,
        }
    }

    fn forwarding(&self) -> Forwarding {
        Forwarding {
            authorization: self.authorization.clone(),
        }
    }
}

impl Connector {
    /// `proxy` is what the setting `key` says. `trust_proxy` takes whatever certificate an https proxy
    /// shows. `timeout` is for all of a dial.
    ///
    /// # Errors
    /// TLS could not be set up, or the proxy's address does not fit into a header.
    pub(super) fn new(
        proxy: Option<&Url>,
        key: &'static str,
        trust_proxy: bool,
        timeout: Duration,
        tls: &Tls,
    ) -> Result<Self, SettingsError> {
        Ok(Self {
            way: Way::new(proxy, key, trust_proxy, tls)?,
            tls: TlsConnector::from(Arc::clone(&tls.upstream)),
            timeout,
        })
    }

    /// # Errors
    /// [`UpstreamError::Timeout`], [`UpstreamError::Connect`] and [`UpstreamError::NoDescriptor`].
    pub(super) async fn open(&self, origin: &Origin) -> Result<Opened, UpstreamError> {
        let dial = Box::pin(self.dial(origin));
        match tokio::time::timeout(self.timeout, dial).await {
            Ok(opened) => opened.map_err(|error| UpstreamError::connect(error.as_ref())),
            Err(_) => Err(UpstreamError::Timeout),
        }
    }

    /// A connection for HTTP/1 and what begins as HTTP/1; through an HTTP proxy always a tunnel.
    ///
    /// # Errors
    /// As [`Connector::open`].
    pub(super) async fn open_http1(&self, origin: &Origin) -> Result<Box<dyn Io>, UpstreamError> {
        let dial = Box::pin(async {
            let io = self.way.clone().reach(origin.uri()?).await?;
            if !origin.is_tls {
                return Ok::<_, BoxError>(io);
            }
            let tls = self.tls.with_alpn(vec![b"http/1.1".to_vec()]);
            let stream = tls.connect(origin.server_name()?, io).await?;
            Ok(Box::new(stream) as Box<dyn Io>)
        });
        match tokio::time::timeout(self.timeout, dial).await {
            Ok(opened) => opened.map_err(|error| UpstreamError::connect(error.as_ref())),
            Err(_) => Err(UpstreamError::Timeout),
        }
    }

    async fn dial(&self, origin: &Origin) -> Result<Opened, BoxError> {
        let target = origin.uri()?;
        if !origin.is_tls {
            let (io, forwarding) = self.way.clone().reach_plain(target).await?;
            return Ok(Opened {
                io,
                forwarding,
                is_http2: false,
            });
        }
        let io = self.way.clone().reach(target).await?;
        let stream = self.tls.connect(origin.server_name()?, io).await?;
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(Opened {
            io: Box::new(stream),
            forwarding: None,
            is_http2,
        })
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Reaching = Pin<Box<dyn Future<Output = Result<Box<dyn Io>, BoxError>> + Send>>;

impl Way {
    fn new(
        proxy: Option<&Url>,
        key: &'static str,
        trust_proxy: bool,
        tls: &Tls,
    ) -> Result<Self, SettingsError> {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let Some(proxy) = proxy else {
            return Ok(Self::Direct(tcp));
        };
        let refused = || SettingsError::Proxy { key };
        let address = proxy_uri(proxy).ok_or_else(refused)?;
        let (user, password) = credentials(proxy);
        Ok(match proxy.scheme() {
            "socks4a" => Self::Socks4(SocksV4::new(address, tcp).local_dns(false)),
            "socks5h" => {
                let way = SocksV5::new(address, tcp).local_dns(false);
                Self::Socks5(if user.is_empty() {
                    way
                } else {
                    way.with_auth(user, password)
                })
            }
            "https" => {
                let host = proxy.host_str().filter(|_| trust_proxy);
                let tls = tls.proxy(host).map_err(tls_trouble)?;
                let connector = HttpsConnectorBuilder::new()
                    .with_tls_config(tls)
                    .https_only()
                    .enable_http1()
                    .wrap_connector(tcp);
                Self::Https(HttpProxy {
                    address,
                    authorization: basic(&user, &password),
                    connector,
                })
            }
            _ => Self::Http(HttpProxy {
                address,
                authorization: basic(&user, &password),
                connector: tcp,
            }),
        })
    }

    /// Plain HTTP: an HTTP proxy forwards the requests themselves.
    async fn reach_plain(self, target: Uri) -> Result<(Box<dyn Io>, Option<Forwarding>), BoxError> {
        Ok(match self {
            Self::Http(proxy) => {
                let forwarding = proxy.forwarding();
                let io = reach(proxy.connector, proxy.address, tcp).await?;
                (io, Some(forwarding))
            }
            Self::Https(proxy) => {
                let forwarding = proxy.forwarding();
                let io = reach(proxy.connector, proxy.address, tls_to_proxy).await?;
                (io, Some(forwarding))
            }
            way => (way.reach(target).await?, None),
        })
    }

    fn reach(self, target: Uri) -> Reaching {
        match self {
            Self::Direct(way) => reach(way, target, tcp),
            Self::Http(proxy) => reach(proxy.tunnel(), target, tcp),
            Self::Socks4(way) => reach(way, target, tcp),
            Self::Socks5(way) => reach(way, target, tcp),
            Self::Https(proxy) => reach(proxy.tunnel(), target, tls_to_proxy),
        }
    }
}

/// `as_io` takes what the way ends in for bytes in both directions.
fn reach<S>(mut way: S, target: Uri, as_io: fn(S::Response) -> Box<dyn Io>) -> Reaching
where
    S: Service<Uri> + Send + 'static,
    S::Response: Send,
    S::Future: Send,
    S::Error: Into<BoxError>,
{
    Box::pin(async move {
        std::future::poll_fn(|context| way.poll_ready(context))
            .await
            .map_err(Into::into)?;
        way.call(target).await.map(as_io).map_err(Into::into)
    })
}

/// Of the ways that end in a TCP connection.
fn tcp<T: Io + 'static>(io: TokioIo<T>) -> Box<dyn Io> {
    Box::new(io.into_inner())
}

/// Of the ways that begin with TLS to the proxy.
fn tls_to_proxy<T>(io: T) -> Box<dyn Io>
where
    T: hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
{
    Box::new(TokioIo::new(io))
}

/// The proxy's own address, without what is secret in it.
fn proxy_uri(proxy: &Url) -> Option<Uri> {
    let default = match proxy.scheme() {
        "http" => 80,
        "https" => 443,
        _ => 1080,
    };
    let port = proxy.port().unwrap_or(default);
    Uri::builder()
        .scheme(proxy.scheme())
        .authority(format!("{}:{port}", proxy.host_str()?))
        .path_and_query("/")
        .build()
        .ok()
}

fn credentials(proxy: &Url) -> (String, String) {
    let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    (
        plain(proxy.username()),
        plain(proxy.password().unwrap_or_default()),
    )
}

fn basic(user: &str, password: &str) -> Option<HeaderValue> {
    if user.is_empty() && password.is_empty() {
        return None;
    }
    let text = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    let mut header = HeaderValue::try_from(text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

pub(super) fn tls_trouble(error: rustls::Error) -> SettingsError {
    SettingsError::Tls {
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(url: &str) -> Origin {
        Origin::of(&Url::parse(url).unwrap()).unwrap()
    }

    #[test]
    fn the_authority_leaves_out_the_port_that_goes_without_saying() {
        for (url, authority, uri) in [
            ("https://grok.com/x", "grok.com", "https://grok.com:443/"),
            ("http://a.test:81/", "a.test:81", "http://a.test:81/"),
            ("https://[::1]:8/", "[::1]:8", "https://[::1]:8/"),
        ] {
            let origin = origin(url);
            assert_eq!(origin.authority(), authority);
            assert_eq!(origin.uri().unwrap().to_string(), uri);
        }
        assert_ne!(origin("https://a.test"), origin("http://a.test:443"));
    }

    #[test]
    fn certificates_are_checked_against_the_host() {
        let name = |url: &str| origin(url).server_name().unwrap().to_str().into_owned();
        assert_eq!(name("https://grok.com"), "grok.com");
        assert_eq!(name("https://127.0.0.1:1"), "127.0.0.1");
        assert_eq!(name("https://[::1]"), "::1");
    }

    #[test]
    fn a_proxy_gets_its_password_and_nobody_else_does() {
        let url = Url::parse("http://us%20er:p%40ss@proxy.test").unwrap();
        assert_eq!(
            proxy_uri(&url).unwrap().to_string(),
            "http://proxy.test:80/"
        );
        let (user, password) = credentials(&url);
        assert_eq!((user.as_str(), password.as_str()), ("us er", "p@ss"));
        let header = basic(&user, &password).unwrap();
        assert_eq!(header, "Basic dXMgZXI6cEBzcw==");
        assert_eq!(basic("", ""), None);
    }
}

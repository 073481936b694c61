//! Pooled connections, one pool per proxy setting (`upstream-protocol` 1.8).

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use parking_lot::RwLock;
use tokio::time::Instant;
use url::Url;

use super::connect::Connector;
use super::pool::Pool;
use super::websocket::{NotOpened, WebSocket};
use super::{Request, Response};
use crate::error::UpstreamError;
use crate::settings::{Settings, SettingsError};
use crate::tls::Tls;

/// Most of the connections of a burst over HTTP/1 will not be needed again soon.
const MAX_IDLE: usize = 64;
/// A burst of challenges opens one new pool, not hundreds.
const RENEW_INTERVAL: Duration = Duration::from_secs(5);

/// What makes two pools the same.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Recipe {
    /// Normalised address; `None` = direct.
    pub(super) proxy: Option<Url>,
    /// Accept any certificate of the proxy itself.
    pub(super) trust_proxy: bool,
    pub(super) connect_timeout: Duration,
}

struct Current {
    pool: Arc<Pool>,
    renewed_at: Option<Instant>,
}

/// A connection pool that can be exchanged for a fresh one.
pub(crate) struct Transport {
    recipe: Recipe,
    /// The setting that names the proxy; the first one where two say the same.
    key: &'static str,
    max_idle: usize,
    tls: Tls,
    current: RwLock<Current>,
}

/// The pools for web and asset traffic; the same one when the proxies are the same.
#[derive(Clone)]
pub(super) struct Transports {
    pub(super) base: Arc<Transport>,
    pub(super) asset: Arc<Transport>,
}

impl Transports {
    /// Builds the pools; those of `old` that fit are kept with their connections.
    pub(super) fn new(
        settings: &Settings,
        old: Option<&Self>,
        tls: &Tls,
    ) -> Result<Self, SettingsError> {
        let known = old.map(|old| [&old.base, &old.asset]);
        let reuse_or_open = |proxy: &str, key, also: Option<&Arc<Transport>>| {
            let recipe = recipe(settings, proxy, key)?;
            let fitting = known
                .iter()
                .flatten()
                .copied()
                .chain(also)
                .find(|transport| transport.recipe == recipe);
            match fitting {
                Some(transport) => Ok(Arc::clone(transport)),
                None => Transport::open(recipe, key, MAX_IDLE, tls).map(Arc::new),
            }
        };
        let base = reuse_or_open(settings.base_proxy(), "proxy.base_proxy_url", None)?;
        let asset = settings.asset_proxy();
        let asset = reuse_or_open(asset, "proxy.asset_proxy_url", Some(&base))?;
        Ok(Self { base, asset })
    }
}

impl Transport {
    /// Keeps at most `max_idle` HTTP/1 connections that are not in use.
    pub(super) fn open(
        recipe: Recipe,
        key: &'static str,
        max_idle: usize,
        tls: &Tls,
    ) -> Result<Self, SettingsError> {
        let pool = build(&recipe, key, max_idle, tls)?;
        Ok(Self {
            recipe,
            key,
            max_idle,
            tls: tls.clone(),
            current: RwLock::new(Current {
                pool,
                renewed_at: None,
            }),
        })
    }

    pub(super) fn is_of(&self, recipe: &Recipe) -> bool {
        self.recipe == *recipe
    }

    /// As [`Pool::send`].
    ///
    /// # Errors
    /// As [`Pool::send`].
    pub(crate) async fn send(&self, request: &Request) -> Result<Response, UpstreamError> {
        let pool = Arc::clone(&self.current.read().pool);
        pool.send(request).await
    }

    /// Opens a WebSocket; it is not pooled here.
    pub(crate) async fn open_socket(
        &self,
        url: &Url,
        headers: HeaderMap,
    ) -> Result<WebSocket, NotOpened> {
        let pool = Arc::clone(&self.current.read().pool);
        WebSocket::open(pool.connector(), url, headers).await
    }

    /// Leaves the pooled connections to the streams that use them and starts with new ones:
    /// behind a rotating proxy that is another exit. At most once in a few seconds.
    pub(crate) fn renew(&self) {
        let now = Instant::now();
        let is_fresh = |at: Instant| now.duration_since(at) < RENEW_INTERVAL;
        if self.current.read().renewed_at.is_some_and(is_fresh) {
            return;
        }
        match build(&self.recipe, self.key, self.max_idle, &self.tls) {
            Ok(pool) => {
                *self.current.write() = Current {
                    pool,
                    renewed_at: Some(now),
                }
            }
            Err(error) => tracing::warn!(%error, "keeping the old upstream connections: {error}"),
        }
    }
}

fn recipe(settings: &Settings, proxy: &str, key: &'static str) -> Result<Recipe, SettingsError> {
    let proxy = if proxy.is_empty() {
        None
    } else {
        Some(proxy_url(proxy, key)?)
    };
    Ok(recipe_of(
        settings,
        proxy,
        !settings.base_proxy().is_empty(),
    ))
}

/// `may_trust`: `skip_proxy_ssl_verify` is in force.
pub(super) fn recipe_of(settings: &Settings, proxy: Option<Url>, may_trust: bool) -> Recipe {
    // The target's certificate is always checked, so a proxy that shares its host is checked too.
    let trust_proxy = settings.skip_proxy_ssl_verify
        && may_trust
        && proxy
            .as_ref()
            .is_some_and(|url| url.scheme() == "https" && url.host() != settings.web_url.host());
    Recipe {
        proxy,
        trust_proxy,
        connect_timeout: settings.connect_timeout,
    }
}

/// Checks a proxy address; names are resolved by the proxy, so socks5 means socks5h.
pub(super) fn proxy_url(text: &str, key: &'static str) -> Result<Url, SettingsError> {
    let refused = SettingsError::Proxy { key };
    let (scheme, rest) = text.split_once("://").ok_or_else(|| refused.clone())?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "http" => "http",
        "https" => "https",
        "socks4" | "socks4a" => "socks4a",
        "socks5" | "socks5h" => "socks5h",
        _ => return Err(refused),
    };
    let url = Url::parse(&format!("{scheme}://{rest}")).map_err(|_| refused.clone())?;
    if url.has_host() {
        Ok(url)
    } else {
        Err(refused)
    }
}

fn build(
    recipe: &Recipe,
    key: &'static str,
    max_idle: usize,
    tls: &Tls,
) -> Result<Arc<Pool>, SettingsError> {
    let connector = Connector::new(
        recipe.proxy.as_ref(),
        key,
        recipe.trust_proxy,
        recipe.connect_timeout,
        tls,
    )?;
    Ok(Pool::new(connector, max_idle))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(settings: &Settings, old: Option<&Transports>) -> Result<Transports, SettingsError> {
        Transports::new(settings, old, &Tls::new().unwrap())
    }

    #[test]
    fn proxies_resolve_names_themselves() {
        let scheme = |text: &str| proxy_url(text, "k").map(|url| url.scheme().to_owned());
        assert_eq!(scheme("socks5://u:p@h:1").unwrap(), "socks5h");
        assert_eq!(scheme("socks4://h:1").unwrap(), "socks4a");
        for kept in ["http", "https", "socks4a", "socks5h"] {
            assert_eq!(scheme(&format!("{kept}://h:1")).unwrap(), kept);
        }
        for bad in ["ftp://h", "h:1080", "socks5://", ""] {
            assert_eq!(scheme(bad), Err(SettingsError::Proxy { key: "k" }), "{bad}");
        }
    }

    #[test]
    fn every_scheme_builds_a_client() {
        for scheme in ["http", "https", "socks4", "socks4a", "socks5", "socks5h"] {
            let proxied = Settings {
                base_proxy_url: format!("{scheme}://u:p@proxy.test:1"),
                skip_proxy_ssl_verify: true,
                ..Settings::default()
            };
            assert!(open(&proxied, None).is_ok(), "{scheme}");
        }
    }

    #[test]
    fn a_proxy_that_no_connection_can_be_made_to_is_named_by_its_key() {
        let bad = || "socks5://a\"b:1".to_owned();
        let named = |settings: Settings| open(&settings, None).err();
        let base = Settings {
            base_proxy_url: bad(),
            ..Settings::default()
        };
        let asset = Settings {
            asset_proxy_url: bad(),
            ..Settings::default()
        };
        for (settings, key) in [
            (base, "proxy.base_proxy_url"),
            (asset, "proxy.asset_proxy_url"),
        ] {
            assert_eq!(named(settings), Some(SettingsError::Proxy { key }));
        }
    }

    #[test]
    fn one_pool_serves_equal_proxies_and_survives_other_changes() {
        let mut settings = Settings::default();
        let first = open(&settings, None).unwrap();
        assert!(Arc::ptr_eq(&first.base, &first.asset));
        settings.cf_clearance = "new".to_owned();
        settings.asset_proxy_url = "http://proxy.test:1".to_owned();
        let second = open(&settings, Some(&first)).unwrap();
        assert!(Arc::ptr_eq(&first.base, &second.base));
        assert!(!Arc::ptr_eq(&second.base, &second.asset));
    }

    #[test]
    fn only_an_https_proxy_of_its_own_host_escapes_the_check() {
        let trusts = |proxy: &str, skip: bool| {
            let settings = Settings {
                base_proxy_url: proxy.to_owned(),
                skip_proxy_ssl_verify: skip,
                ..Settings::default()
            };
            recipe(&settings, settings.base_proxy(), "k")
                .unwrap()
                .trust_proxy
        };
        assert!(trusts("https://proxy.test:1", true));
        assert!(!trusts("https://proxy.test:1", false));
        assert!(!trusts("http://proxy.test:1", true));
        assert!(!trusts("https://grok.com:1", true));
        assert!(!trusts("", true));
    }
}

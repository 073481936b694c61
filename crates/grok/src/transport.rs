//! Pooled connections, one pool per proxy setting (`upstream-protocol` 1.8).

use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use reqwest::redirect::Policy;
use tokio::time::Instant;
use url::Url;

use crate::settings::{Settings, SettingsError};
use crate::tls;

/// Idle connections keep the door open for the next request, and cost memory on both sides.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Most of the connections of a burst over HTTP/1 will not be needed again soon.
const POOL_MAX_IDLE: usize = 64;
/// A dead HTTP/2 connection would otherwise hang all its streams until their idle timeouts.
const HTTP2_PING_INTERVAL: Duration = Duration::from_secs(20);
const HTTP2_PING_TIMEOUT: Duration = Duration::from_secs(10);
/// A burst of challenges opens one new pool, not hundreds.
const RENEW_INTERVAL: Duration = Duration::from_secs(5);

/// What makes two pools the same.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Recipe {
    /// Normalised address; `None` = direct.
    proxy: Option<Url>,
    /// Accept any certificate of the proxy itself.
    trust_proxy: bool,
    connect_timeout: Duration,
}

struct Pool {
    client: reqwest::Client,
    renewed_at: Option<Instant>,
}

/// A connection pool that can be exchanged for a fresh one.
pub(crate) struct Transport {
    recipe: Recipe,
    pool: RwLock<Pool>,
}

/// The pools for web and asset traffic; the same one when the proxies are the same.
#[derive(Clone)]
pub(crate) struct Transports {
    pub(crate) base: Arc<Transport>,
    pub(crate) asset: Arc<Transport>,
}

impl Transports {
    /// Builds the pools; those of `old` that fit are kept with their connections.
    pub(crate) fn new(settings: &Settings, old: Option<&Self>) -> Result<Self, SettingsError> {
        let known = old.map(|old| [&old.base, &old.asset]);
        let reuse_or_open = |recipe: Recipe, also: Option<&Arc<Transport>>| {
            let fitting = known
                .iter()
                .flatten()
                .copied()
                .chain(also)
                .find(|transport| transport.recipe == recipe);
            match fitting {
                Some(transport) => Ok(Arc::clone(transport)),
                None => Transport::open(recipe).map(Arc::new),
            }
        };
        let base = recipe(settings, settings.base_proxy(), "proxy.base_proxy_url")?;
        let base = reuse_or_open(base, None)?;
        let asset = recipe(settings, settings.asset_proxy(), "proxy.asset_proxy_url")?;
        let asset = reuse_or_open(asset, Some(&base))?;
        Ok(Self { base, asset })
    }
}

impl Transport {
    fn open(recipe: Recipe) -> Result<Self, SettingsError> {
        let client = build(&recipe)?;
        Ok(Self {
            recipe,
            pool: RwLock::new(Pool {
                client,
                renewed_at: None,
            }),
        })
    }

    pub(crate) fn client(&self) -> reqwest::Client {
        self.pool.read().client.clone()
    }

    /// Leaves the pooled connections to the streams that use them and starts with new ones:
    /// behind a rotating proxy that is another exit. At most once in a few seconds.
    pub(crate) fn renew(&self) {
        let now = Instant::now();
        let is_fresh = |at: Instant| now.duration_since(at) < RENEW_INTERVAL;
        if self.pool.read().renewed_at.is_some_and(is_fresh) {
            return;
        }
        match build(&self.recipe) {
            Ok(client) => {
                *self.pool.write() = Pool {
                    client,
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
    // The target's certificate is always checked, so a proxy that shares its host is checked too.
    let trust_proxy = settings.skip_proxy_ssl_verify
        && !settings.base_proxy().is_empty()
        && proxy
            .as_ref()
            .is_some_and(|url| url.scheme() == "https" && url.host() != settings.web_url.host());
    Ok(Recipe {
        proxy,
        trust_proxy,
        connect_timeout: settings.connect_timeout,
    })
}

/// Checks a proxy address; names are resolved by the proxy, so socks5 means socks5h.
fn proxy_url(text: &str, key: &'static str) -> Result<Url, SettingsError> {
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

fn build(recipe: &Recipe) -> Result<reqwest::Client, SettingsError> {
    let proxy_host = recipe
        .proxy
        .as_ref()
        .filter(|_| recipe.trust_proxy)
        .and_then(Url::host_str);
    let tls = match proxy_host {
        Some(host) => tls::tls_config_trusting_proxy(host),
        None => tls::tls_config(),
    };
    let tls = tls.map_err(|error| SettingsError::Tls {
        reason: error.to_string(),
    })?;
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(Policy::none())
        .no_proxy()
        .tcp_nodelay(true)
        .connect_timeout(recipe.connect_timeout)
        .pool_idle_timeout(POOL_IDLE_TIMEOUT)
        .pool_max_idle_per_host(POOL_MAX_IDLE)
        .http2_keep_alive_interval(HTTP2_PING_INTERVAL)
        .http2_keep_alive_timeout(HTTP2_PING_TIMEOUT);
    if let Some(proxy) = &recipe.proxy {
        let proxy = reqwest::Proxy::all(proxy.as_str()).map_err(|_| SettingsError::Proxy {
            key: "proxy.base_proxy_url",
        })?;
        builder = builder.proxy(proxy);
    }
    builder.build().map_err(|error| SettingsError::Client {
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert!(Transports::new(&proxied, None).is_ok(), "{scheme}");
        }
    }

    #[test]
    fn one_pool_serves_equal_proxies_and_survives_other_changes() {
        let mut settings = Settings::default();
        let first = Transports::new(&settings, None).unwrap();
        assert!(Arc::ptr_eq(&first.base, &first.asset));
        settings.cf_clearance = "new".to_owned();
        settings.asset_proxy_url = "http://proxy.test:1".to_owned();
        let second = Transports::new(&settings, Some(&first)).unwrap();
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

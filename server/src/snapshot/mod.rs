//! What one request sees, taken once when it enters: settings, accounts, mode.

pub mod api_keys;
pub mod client_keys;
pub mod hosts;
pub mod models;

use std::{net::IpAddr, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use arc_swap::{ArcSwap, Guard};
use grok2api_app::dto::Demo;
use ipnet::IpNet;
use pool::{Account, AccountProxy, Lease, Policy, Pool};
use rand::Rng;
use secrecy::ExposeSecret;
use settings::{Config, UpstreamProtocol};

use self::{api_keys::ApiKeys, hosts::Hosts, models::Models};
use crate::media::remote_file::{FetchPolicy, RemoteFiles};

/// Configuration and what is built from it. Never changed, only replaced.
pub struct Settings {
    pub config: Config,
    pub models: Models,
    pub upstream: grok::Client,
    remote_files: RemoteFiles,
    /// `app.api_key`. None: the API is open.
    pub api_keys: ApiKeys,
    /// `mcp.api_key`. None: nobody may call.
    pub mcp_keys: ApiKeys,
    pub hosts: Hosts,
    trusted_proxies: Vec<IpNet>,
}

/// What one request sees from its beginning to its end. Cheap to clone.
#[derive(Clone)]
pub struct Snapshot {
    pub settings: Arc<Settings>,
    pub pool: Arc<Pool>,
    pub mode: Mode,
    /// Keys that the store keeps.
    pub client_keys: Arc<ApiKeys>,
}

impl Snapshot {
    /// A snapshot with a pool of these accounts, outside demo mode.
    ///
    /// # Errors
    /// As [`Settings::build`].
    pub fn own(config: Config, accounts: Vec<Account>) -> anyhow::Result<Self> {
        let mode = Mode::of(&config, Demo::Off, config.server.is_loopback());
        let settings = Arc::new(Settings::build(config, None)?);
        let pool = Pool::new(settings.policy(), rand::rng().random());
        pool.insert(accounts);
        Ok(Self {
            settings,
            pool,
            mode,
            client_keys: Arc::default(),
        })
    }

    /// There is no key at all: nobody needs one.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.settings.api_keys.is_empty() && self.client_keys.is_empty()
    }

    /// As [`ApiKeys::matching`], of all keys.
    #[must_use]
    pub fn matching_key(&self, given: &str) -> Option<Arc<str>> {
        let configured = self.settings.api_keys.matching(given);
        let stored = self.client_keys.matching(given);
        configured.or(stored)
    }

    /// Whether the key with this label is still in force.
    #[must_use]
    pub fn has_key(&self, label: &str) -> bool {
        self.settings.api_keys.has(label) || self.client_keys.has(label)
    }
}

/// Who answers, and who may ask without signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    pub demo: Demo,
    /// The public pages are open without signing in.
    pub is_public: bool,
}

impl Mode {
    /// The mode that a configuration asks for. A demo is open to visitors where only this machine
    /// can connect.
    #[must_use]
    pub fn of(config: &Config, demo: Demo, is_loopback: bool) -> Self {
        let wants_no_key = config.app.public_key.expose_secret().is_empty();
        let is_open_demo = demo.is_on() && is_loopback;
        Self {
            demo,
            is_public: (config.app.public_enabled && wants_no_key) || is_open_demo,
        }
    }
}

/// The snapshot in force. Settings, pool and mode change together, so that a request never sees
/// the accounts of one upstream with the client of another.
#[derive(Clone)]
pub struct Current(Arc<ArcSwap<Snapshot>>);

impl Current {
    #[must_use]
    pub fn new(snapshot: Snapshot) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(snapshot)))
    }

    #[must_use]
    pub fn load(&self) -> Guard<Arc<Snapshot>> {
        self.0.load()
    }

    /// As [`Current::load`], for keeping it over an await.
    #[must_use]
    pub fn load_full(&self) -> Arc<Snapshot> {
        self.0.load_full()
    }

    /// Puts keys of the store in force; whether they are others than before.
    pub(crate) fn set_client_keys(&self, keys: ApiKeys) -> bool {
        if *self.load().client_keys == keys {
            return false;
        }
        let client_keys = Arc::new(keys);
        self.0.rcu(|snapshot| Snapshot {
            client_keys: client_keys.clone(),
            ..Snapshot::clone(snapshot)
        });
        true
    }

    pub(crate) fn store(&self, snapshot: Snapshot) {
        self.0.store(Arc::new(snapshot));
    }
}

impl Settings {
    /// Builds what depends on the configuration. Connections of `old` are kept where they fit.
    ///
    /// # Errors
    /// A value that no client can be built with; its text names the key.
    pub fn build(config: Config, old: Option<&grok::Client>) -> anyhow::Result<Self> {
        let wanted = upstream_settings(&config);
        let upstream = match old {
            Some(old) => old.with_settings(wanted),
            None => grok::Client::new(wanted),
        };
        let upstream = upstream.context("upstream settings")?;
        let remote_files = RemoteFiles::new(FetchPolicy {
            allow_private: config.upstream.allow_private_fetch,
            proxy: Some(config.proxy.base_proxy_url.clone()).filter(|url| !url.is_empty()),
            timeout: config.chat.attachment_timeout,
            ..FetchPolicy::default()
        });
        Ok(Self {
            models: Models::from_config(&config.models),
            api_keys: ApiKeys::new(&config.app.api_key),
            mcp_keys: ApiKeys::new(&config.mcp.api_key),
            hosts: Hosts::new(&config),
            trusted_proxies: networks(&config.server.trusted_proxies),
            upstream,
            remote_files,
            config,
        })
    }

    /// The upstream by the way that an account's calls take.
    #[must_use]
    pub fn upstream_by(&self, proxy: Option<&AccountProxy>) -> grok::Client {
        self.upstream.by_proxy(proxy.map(AccountProxy::expose))
    }

    /// The upstream for the calls of a leased account.
    #[must_use]
    pub fn upstream_for(&self, lease: &Lease) -> grok::Client {
        self.upstream_by(lease.proxy())
    }

    /// What fetches a caller's file: by the proxies of the list, where there is one. `None`: there is
    /// one, without proxies.
    #[must_use]
    pub fn files_by_proxy(&self, url: &str) -> Option<RemoteFiles> {
        match self.upstream.proxy_for(url) {
            Ok(None) => Some(self.remote_files.clone()),
            Ok(Some(proxy)) => Some(self.remote_files.by(proxy)),
            Err(_) => None,
        }
    }

    /// Numbers of the pool's state machine.
    #[must_use]
    pub fn policy(&self) -> Policy {
        policy(&self.config)
    }

    /// `server.max_body_mb`.
    #[must_use]
    pub fn max_body_bytes(&self) -> u64 {
        self.config.server.max_body_mb.saturating_mul(1024 * 1024)
    }

    /// Whether `X-Forwarded-For` of this peer is believed.
    #[must_use]
    pub fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.trusted_proxies.iter().any(|net| net.contains(&peer))
    }
}

/// Numbers of the pool's state machine.
pub(crate) fn policy(config: &Config) -> Policy {
    let token = &config.token;
    Policy {
        fail_threshold: token.fail_threshold.max(1),
        cooldown_429_quota: Duration::from_secs(token.cooldown_429_quota_sec),
        cooldown_429_empty: Duration::from_secs(token.cooldown_429_empty_sec),
        cooldown_error_requests: token.cooldown_error_requests,
    }
}

/// An open API may listen on loopback only.
///
/// # Errors
/// What to do about it.
pub(crate) fn refuse_open_door(config: &Config, is_loopback: bool) -> anyhow::Result<()> {
    if config.app.api_key.is_empty() && !is_loopback {
        bail!(
            "no API key is configured and the server would listen on {}, open to everyone who can \
             reach it. Set a key (`api_key = \"sk-…\"` under [app] in config.toml, or the variable \
             GROK2API_APP__API_KEY), or listen on this machine only (SERVER_HOST=127.0.0.1)",
            config.server.host
        );
    }
    Ok(())
}

/// Addresses and networks; the configuration has checked them.
fn networks(texts: &[String]) -> Vec<IpNet> {
    let parse = |text: &String| {
        let net = text.parse::<IpNet>().ok();
        net.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
    };
    texts.iter().filter_map(parse).collect()
}

fn upstream_settings(config: &Config) -> grok::Settings {
    let (upstream, proxy) = (&config.upstream, &config.proxy);
    grok::Settings {
        web_url: upstream.web_url.clone(),
        assets_url: upstream.assets_url.clone(),
        accounts_url: upstream.accounts_url.clone(),
        user_agent: proxy.user_agent.clone(),
        browser: proxy.browser.clone(),
        cf_cookies: proxy.cf_cookies.expose_secret().to_owned(),
        cf_clearance: proxy.cf_clearance.expose_secret().to_owned(),
        base_proxy_url: proxy.base_proxy_url.clone(),
        asset_proxy_url: proxy.asset_proxy_url.clone(),
        proxy_list: proxy.pool_url.trim().to_owned(),
        proxy_refusals: proxy.pool_403_max,
        renew_statuses: config.retry.reset_session_status_codes.clone(),
        skip_proxy_ssl_verify: proxy.skip_proxy_ssl_verify,
        dynamic_statsig: config.app.dynamic_statsig,
        connect_timeout: Duration::from_secs(15),
        protocol: match upstream.protocol {
            UpstreamProtocol::Auto => grok::Protocol::Auto,
            UpstreamProtocol::August => grok::Protocol::August,
            UpstreamProtocol::February => grok::Protocol::February,
        },
    }
}

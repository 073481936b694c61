//! The demo upstream: the simulator inside this process, with its own accounts (decision 3).

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context;
use grok_sim::{Options, Simulator};
use pool::{Account, AccountId, Credential, Tier};
use secrecy::SecretString;
use url::Url;

use crate::{clock::now_ms, config::Config};

/// Starts the simulator on a free loopback port.
///
/// # Errors
/// No port could be bound.
pub async fn start() -> anyhow::Result<Simulator> {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Simulator::start(Options::serving(listen))
        .await
        .context("starting the demo upstream")
}

/// The operator's configuration, but with the simulator as the upstream: called without the proxy
/// and without the cookies that are for Grok.
///
/// # Errors
/// The simulator's address is no URL.
pub fn config(own: &Config, simulator: &Simulator) -> anyhow::Result<Config> {
    let mut config = own.clone();
    config.upstream.web_url = Url::parse(&simulator.url())?;
    config.upstream.assets_url = config.upstream.web_url.clone();
    config.proxy.base_proxy_url.clear();
    config.proxy.asset_proxy_url.clear();
    config.proxy.cf_cookies = SecretString::default();
    config.proxy.cf_clearance = SecretString::default();
    Ok(config)
}

/// The simulator's accounts, for a pool that lives in memory only.
#[must_use]
pub fn accounts() -> Vec<Account> {
    let at_ms = now_ms();
    grok_sim::demo_accounts()
        .into_iter()
        .filter_map(|demo| {
            let credential = Credential::try_new(&demo.credential).ok()?;
            let kind = Tier::from_name(demo.pool)?;
            let id = AccountId::new(demo.credential.as_str());
            let mut account = Account::new(id, credential, kind, at_ms);
            account.note = "Demo".to_owned();
            Some(account)
        })
        .collect()
}

/// Whether the account is one of the simulator's. Those are never stored.
#[must_use]
pub fn owns(id: &AccountId) -> bool {
    grok_sim::demo_accounts()
        .iter()
        .any(|demo| demo.credential == id.as_str())
}

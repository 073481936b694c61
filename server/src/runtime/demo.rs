//! The demo upstream: the simulator inside this process, with its own accounts
//! (`requirements.md` 1.3).

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use anyhow::Context;
use grok_sim::{DemoTier, Options, Simulator};
use pool::{Account, AccountId, Credential, Policy, Pool, Tier};
use rand::Rng;

use crate::clock::now_ms;

/// The right to swap the demo's pool for the operator's, once: when the first own account comes.
pub struct Handover(());

impl Handover {
    /// For a demo that is only there for want of accounts.
    #[must_use]
    pub fn new() -> Self {
        Self(())
    }

    /// The operator's pool, empty.
    pub(super) fn into_pool(self, policy: Policy) -> Arc<Pool> {
        Pool::new(policy, rand::rng().random())
    }
}

impl Default for Handover {
    fn default() -> Self {
        Self::new()
    }
}

/// Starts the simulator, without its controls, on a free loopback port.
///
/// # Errors
/// No port could be bound.
pub async fn start() -> anyhow::Result<Simulator> {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    // Whoever finds the port must neither steer it nor read what others have asked.
    let options = Options {
        control: false,
        keep_requests: 0,
        ..Options::serving(listen)
    };
    Simulator::start(options)
        .await
        .context("starting the demo upstream")
}

/// The simulator's accounts, for a pool that lives in memory only.
#[must_use]
pub fn accounts() -> Vec<Account> {
    let at_ms = now_ms();
    grok_sim::demo_accounts()
        .into_iter()
        .filter_map(|demo| {
            let credential = Credential::try_new(&demo.credential).ok()?;
            let tier = match demo.tier {
                DemoTier::Free => Tier::Basic,
                DemoTier::Paid => Tier::Super,
            };
            let id = AccountId::new(demo.credential.as_str());
            let mut account = Account::new(id, credential, tier, at_ms);
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

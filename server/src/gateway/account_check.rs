//! Asks the upstream about one account: does it work, and what has it left?
//!
//! One question answers both. Its result is stored with the account, and a good answer sets quota,
//! windows and tier. What is not the account's fault (a wall before the upstream, no answer, a
//! limit on questions) is stored as the result and changes nothing else.

use std::time::Duration;

use grok::{AccountQuota, Class, Plan, QuotaQuestion, UpstreamError};
use pool::{
    Account, AccountChange, AccountId, CheckResult, Event, Outcome, QuotaReport, REFUSALS_IN_A_ROW,
    Status, Tier,
};
use store::{Record, bounded};

use super::{
    Gateway,
    asking::web_host,
    breakers::{Trouble, Verdict},
    judgement::{Way, verdict_by_way},
    quota_report,
};
use crate::{clock::now_ms, snapshot::Snapshot};

/// Why a refused question counts.
const REFUSED: &str = "rate_limits_auth_failed";
/// Between two questions to a cooling account that is refused. Source: `docs/upstream-protocol.md` 4.3.
const BETWEEN_REFUSALS: Duration = Duration::from_millis(500);
/// Wait after a 429 that names none.
const LIMITED_FOR: Duration = Duration::from_secs(60);

/// How much is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckDepth {
    /// What decides whether the account can serve: usually one call.
    Quick,
    /// Every window that the upstream tells, those of pictures and videos included: three calls at
    /// once.
    Full,
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountCheck {
    pub result: CheckResult,
    /// Why the upstream's host was left alone: then nobody was asked, and nothing is stored.
    pub paused: Option<Trouble>,
}

/// What the upstream said.
enum Told {
    Quota(QuotaReport),
    Failed(UpstreamError),
    /// 401, so many times.
    Refused(u32),
}

impl Told {
    /// What it says of the host.
    fn verdict(&self, way: Way) -> Verdict {
        match self {
            Self::Quota(_) | Self::Refused(_) => Verdict::Passed,
            Self::Failed(error) => verdict_by_way(error, way),
        }
    }
}

impl Gateway {
    /// Asks the upstream about the account and takes over what it says; `None` if there is no such
    /// account. In `usage.timeout` for each call, at most three of which follow each other.
    ///
    /// - 401 counts ([`Event::Refused`]); a cooling account is asked up to three times.
    /// - 403 for the account itself expires it; another decision of the application does not.
    /// - A disabled account stays disabled, whatever is said.
    /// - If the credential is replaced meanwhile, the answer counts for nothing.
    ///
    /// # Cancellation
    /// Dropping the future ends the question; nothing is stored then.
    pub async fn check_account(
        &self,
        snapshot: &Snapshot,
        id: &AccountId,
        depth: CheckDepth,
    ) -> Option<AccountCheck> {
        let account = snapshot.pool.get(id)?;
        let config = &snapshot.settings.config;
        let pass = match self.guards.breakers.enter(web_host(config)) {
            Ok(pass) => pass,
            Err(paused) => return Some(not_asked(paused.trouble)),
        };
        let told = ask(snapshot, &account, depth).await;
        pass.end(told.verdict(Way::of(account.proxy.as_ref())), config);
        let now = now_ms();
        let (result, events) = understood(told, now);
        let mut changes = Vec::new();
        for event in &events {
            let pool = &snapshot.pool;
            changes.extend(pool.apply_for(id, &account.credential, event, now));
        }
        // What time has done to other accounts comes with them.
        let own = || changes.iter().filter(|change| change.id == *id);
        let result = stored_result(own()).unwrap_or(result);
        tell(&account, result, own());
        self.keep_changes(changes).await;
        Some(AccountCheck {
            result,
            paused: None,
        })
    }

    /// Queues changes; waits for them while the queue is rather full, so that a check of many
    /// accounts is no faster than the store.
    async fn keep_changes(&self, changes: Vec<AccountChange>) {
        if changes.is_empty() {
            return;
        }
        if self.store.check().is_ok() {
            super::submit_changes(self.store.as_ref(), changes);
            return;
        }
        let record = Record {
            changes,
            request: None,
        };
        if let Err(error) = bounded(self.store.commit(record)).await {
            tracing::error!(%error, "what a check found out was not stored");
        }
    }
}

fn not_asked(trouble: Trouble) -> AccountCheck {
    let result = match trouble {
        Trouble::BotProtection => CheckResult::Clearance,
        Trouble::Failing => CheckResult::Unreachable,
    };
    AccountCheck {
        result,
        paused: Some(trouble),
    }
}

async fn ask(snapshot: &Snapshot, account: &Account, depth: CheckDepth) -> Told {
    let most = match account.status {
        Status::Cooling => REFUSALS_IN_A_ROW,
        Status::Active | Status::Expired | Status::Disabled => 1,
    };
    let mut times = 0;
    loop {
        let error = match ask_once(snapshot, account, depth).await {
            Ok(report) => return Told::Quota(report),
            Err(error) => error,
        };
        if error.class() != Class::Unauthorized {
            return Told::Failed(error);
        }
        times += 1;
        if times >= most {
            return Told::Refused(times);
        }
        tokio::time::sleep(BETWEEN_REFUSALS).await;
    }
}

async fn ask_once(
    snapshot: &Snapshot,
    account: &Account,
    depth: CheckDepth,
) -> Result<QuotaReport, UpstreamError> {
    let settings = &snapshot.settings;
    let timeout = settings.config.usage.timeout;
    let upstream = settings.upstream_by(account.proxy.as_ref());
    let credential = account.credential.expose();
    let question = QuotaQuestion {
        models: settings.models.asked_for_quota(),
        is_full: depth == CheckDepth::Full,
        timeout,
    };
    let quota = upstream.account_quota(credential, question);
    if depth == CheckDepth::Quick {
        return Ok(report(&quota.await?, &[]));
    }
    let products = upstream.imagine_quota(credential, timeout);
    let (quota, products) = tokio::join!(quota, products);
    // Older upstreams tell nothing of products.
    Ok(report(&quota?, &products.unwrap_or_default()))
}

fn report(quota: &AccountQuota, products: &[grok::ProductQuota]) -> QuotaReport {
    let now = now_ms();
    let limits = quota.limits.iter();
    let mut windows: Vec<_> = limits
        .map(|(name, limits)| quota_report::of_limits(name, limits, now))
        .collect();
    let is_empty = quota.remaining() == 0;
    let resets = windows.iter().filter_map(|window| window.resets_at_ms);
    let empty_until_ms = resets.min().filter(|_| is_empty);
    let products = products.iter();
    windows.extend(products.map(|product| quota_report::of_product(product, now)));
    QuotaReport {
        quota: quota.remaining(),
        window: quota.telling_window(),
        tier: quota.plan().map(|plan| match plan {
            Plan::Basic => Tier::Basic,
            Plan::Super => Tier::Super,
            Plan::Heavy => Tier::Heavy,
        }),
        empty_until_ms,
        windows,
    }
}

/// The result, and what happens to the account.
fn understood(told: Told, now_ms: i64) -> (CheckResult, Vec<Event>) {
    let error = match told {
        Told::Quota(report) => return (CheckResult::Fine, vec![Event::Synced(report)]),
        Told::Refused(times) => {
            let reason = REFUSED;
            let refused = Event::Refused { times, reason };
            return (CheckResult::Refused, vec![refused]);
        }
        Told::Failed(error) => error,
    };
    let result = match (error.class(), error.status()) {
        (Class::Clearance, _) => CheckResult::Clearance,
        (Class::RateLimited, _) => {
            let wait = error.retry_after().unwrap_or(LIMITED_FOR);
            let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
            CheckResult::Limited {
                until_ms: now_ms.saturating_add(wait_ms),
            }
        }
        (Class::Blocked, _) | (Class::Fatal | Class::Moderated, Some(403)) => CheckResult::Blocked,
        _ => CheckResult::Unreachable,
    };
    let mut events = vec![Event::Checked(result)];
    if error.class() == Class::Blocked {
        let reason = error.label();
        events.push(Event::Outcome(Outcome::Blocked { reason }));
    }
    (result, events)
}

/// The result as the account has it now: a good answer may find it cooling on.
fn stored_result<'a>(mut changes: impl Iterator<Item = &'a AccountChange>) -> Option<CheckResult> {
    changes.find_map(|change| match &change.change {
        pool::Change::Checked { check } => check.map(|check| check.result),
        _ => None,
    })
}

fn tell<'a>(
    account: &Account,
    result: CheckResult,
    changes: impl Iterator<Item = &'a AccountChange>,
) {
    let id = &account.id;
    for change in changes {
        match &change.change {
            pool::Change::Status { status, .. } if *status != account.status => {
                let (from, to) = (account.status.as_str(), status.as_str());
                tracing::info!(account.id = %id, result = result.as_str(), "account {id} was {from} and is {to} after a check: {}", result.as_str());
            }
            pool::Change::Tier { tier } => {
                let (from, to) = (account.tier.as_str(), tier.as_str());
                tracing::info!(account.id = %id, "account {id} is of tier {to}, not {from}");
            }
            _ => {}
        }
    }
    tracing::debug!(account.id = %id, result = result.as_str(), "account {id} was checked");
}

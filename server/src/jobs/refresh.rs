//! Asks the upstream about the accounts that are due (`docs/upstream-protocol.md` 4.4).
//!
//! The pool is the queue: who is due follows from what is known of each account
//! ([`RefreshPolicy`]), so nothing is lost by a restart, and an account that was added only has to
//! wake the job. One instance asks at a time, under a lock that is renewed while it works; where
//! instances share a store, what is stored decides who is still due.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream::FuturesUnordered};
use pool::{Account, AccountId, CheckResult, Pool, RefreshPolicy};
use store::Store;

use super::{
    Done, Job, JobContext,
    alone::{Ended, HOLDING, alone},
};
use crate::{
    clock::now_ms,
    gateway::{
        Gateway,
        account_check::{AccountCheck, CheckDepth},
        breakers::Trouble,
        refresh::RefreshRun,
    },
    snapshot::{Current, Snapshot},
};

/// Longest time between two looks at who is due.
const LOOK: Duration = Duration::from_secs(60);
/// Shortest time between two looks, if nobody wakes the job.
const REST: Duration = Duration::from_secs(1);
/// After so long a run leaves the others to the next one, which sees changed settings.
const RUN_LIMIT: Duration = Duration::from_secs(600);
/// Accounts that are read in one piece.
const READ_AT_ONCE: usize = 500;
/// So many accounts in a row without an answer: the upstream is away, and the others can wait.
const SILENT_IN_A_ROW: usize = 20;
const SILENT: &str = "the upstream does not answer";

pub(super) struct AskDue {
    store: Arc<dyn Store>,
    gateway: Arc<Gateway>,
    current: Current,
}

/// Who is due, the longest first.
struct Due {
    now: Vec<AccountId>,
    /// When the next of the others is, in unix milliseconds.
    next_at_ms: Option<i64>,
}

/// Accounts that wait for their turn.
struct Queue {
    waiting: VecDeque<AccountId>,
    /// Everybody who has been in it.
    known: HashSet<AccountId>,
}

impl AskDue {
    pub(super) fn new(context: &JobContext) -> Self {
        Self {
            store: context.store.clone(),
            gateway: context.gateway.clone(),
            current: context.current.clone(),
        }
    }

    async fn ask_alone(&self, due: Due) -> Done {
        let store = self.store.as_ref();
        match alone(store, Self::NAME, HOLDING, self.ask(due)).await? {
            Ended::Done(done) => done,
            Ended::Elsewhere => Ok("another instance does it".to_owned()),
            Ended::TakenOver => {
                let why = "another instance goes on";
                self.end_run(Some(why));
                Ok(why.to_owned())
            }
        }
    }

    async fn ask(&self, due: Due) -> Done {
        let snapshot = self.current.load_full();
        let now = self.still_due(&snapshot, due.now).await?;
        let refresh = self.gateway.refresh();
        refresh.change(|status| {
            status.last = Some(RefreshRun {
                started_at_ms: now_ms(),
                ended_at_ms: None,
                due: now.len(),
                done: 0,
                failed: 0,
                ended_early: None,
            });
        });
        let ended_early = self.ask_all(&snapshot, Queue::new(now)).await;
        self.end_run(ended_early);
        let told = refresh.status().last.map(|run| told(&run));
        Ok(told.unwrap_or_default())
    }

    fn end_run(&self, ended_early: Option<&'static str>) {
        self.gateway.refresh().change(|status| {
            if ended_early.is_some() {
                status.next_at_ms = Some(now_ms() + LOOK.as_millis() as i64);
            }
            if let Some(run) = &mut status.last {
                run.ended_at_ms = Some(now_ms());
                run.ended_early = ended_early;
            }
        });
    }

    /// Those whom no other instance has asked meanwhile. A store that nobody else writes knows
    /// nothing new.
    async fn still_due(
        &self,
        snapshot: &Snapshot,
        due: Vec<AccountId>,
    ) -> anyhow::Result<Vec<AccountId>> {
        if self.store.changes_since(None).await?.is_none() {
            return Ok(due);
        }
        let mut still = Vec::with_capacity(due.len());
        for ids in due.chunks(READ_AT_ONCE) {
            let stored = self.store.load_accounts_of(ids).await?.accounts;
            still.extend(due_as_stored(ids, &stored, policy(snapshot), now_ms()));
        }
        Ok(still)
    }

    /// Returns why it ended before everybody was asked.
    async fn ask_all(&self, snapshot: &Snapshot, mut queue: Queue) -> Option<&'static str> {
        let (started, refresh) = (Instant::now(), self.gateway.refresh());
        let at_once = snapshot.settings.config.usage.concurrent.max(1) as usize;
        let mut checks = FuturesUnordered::new();
        let mut silent = 0;
        loop {
            while checks.len() < at_once
                && let Some(id) = queue.waiting.pop_front()
            {
                checks.push(self.check(snapshot, id));
            }
            let check = tokio::select! {
                biased;
                check = checks.next() => check?,
                () = refresh.woken() => {
                    let more = queue.add(find_due(&snapshot.pool, policy(snapshot), now_ms()).now);
                    refresh.change_run(|run| run.due += more);
                    continue;
                }
            };
            if let Some(trouble) = check.and_then(|check| check.paused) {
                return Some(match trouble {
                    Trouble::BotProtection => "the bot protection refuses this server",
                    Trouble::Failing => SILENT,
                });
            }
            let failed = check.is_some_and(|check| is_failure(check.result));
            refresh.change_run(|run| {
                run.done += 1;
                run.failed += usize::from(failed);
            });
            let is_silent = |check: AccountCheck| check.result == CheckResult::Unreachable;
            silent = if check.is_some_and(is_silent) {
                silent + 1
            } else {
                0
            };
            let ends = if silent >= SILENT_IN_A_ROW {
                Some(SILENT)
            } else if !is_on(&self.current.load()) {
                Some("switched off")
            } else if started.elapsed() >= RUN_LIMIT {
                Some("the next run goes on")
            } else {
                None
            };
            if ends.is_some() {
                return ends;
            }
        }
    }

    /// Asks unless somebody else has done so since the account was found due.
    async fn check(&self, snapshot: &Snapshot, id: AccountId) -> Option<AccountCheck> {
        let (account, now) = (snapshot.pool.get(&id)?, now_ms());
        let due_at_ms = policy(snapshot).due_at_ms(&account, now);
        due_at_ms.filter(|at_ms| *at_ms <= now)?;
        let check = self.gateway.check_account(snapshot, &id, CheckDepth::Quick);
        check.await
    }
}

impl Job for AskDue {
    const NAME: &'static str = "refresh accounts";
    const TIMEOUT: Duration = Duration::from_secs(900);
    // It has a lock of its own, which it renews: a run takes as long as there are accounts.
    const IS_SHARED: bool = false;

    fn interval(&self) -> Duration {
        let status = self.gateway.refresh().status();
        let Some(next_at_ms) = status.next_at_ms else {
            return if status.is_on { REST } else { LOOK };
        };
        let wait_ms = u64::try_from(next_at_ms - now_ms()).unwrap_or(0);
        Duration::from_millis(wait_ms).clamp(REST, LOOK)
    }

    async fn due(&self) {
        self.gateway.refresh().woken().await;
    }

    async fn run(&self) -> Done {
        let snapshot = self.current.load_full();
        let is_on = is_on(&snapshot);
        let found = is_on.then(|| find_due(&snapshot.pool, policy(&snapshot), now_ms()));
        let next_at_ms = found.as_ref().and_then(|due| due.next_at_ms);
        let idle_until_ms = now_ms() + LOOK.as_millis() as i64;
        self.gateway.refresh().change(|status| {
            status.is_on = is_on;
            status.next_at_ms = next_at_ms.or(Some(idle_until_ms).filter(|_| is_on));
        });
        match found {
            None => Ok("off (`token.auto_refresh`)".to_owned()),
            Some(due) if due.now.is_empty() => Ok("nobody is due".to_owned()),
            Some(due) => self.ask_alone(due).await,
        }
    }
}

impl Queue {
    fn new(due: Vec<AccountId>) -> Self {
        Self {
            known: due.iter().cloned().collect(),
            waiting: due.into(),
        }
    }

    /// Puts those first who are new to it; returns how many.
    fn add(&mut self, due: Vec<AccountId>) -> usize {
        let before = self.waiting.len();
        for id in due.into_iter().rev() {
            if self.known.insert(id.clone()) {
                self.waiting.push_front(id);
            }
        }
        self.waiting.len() - before
    }
}

fn is_on(snapshot: &Snapshot) -> bool {
    snapshot.settings.config.token.auto_refresh
}

fn policy(snapshot: &Snapshot) -> RefreshPolicy {
    let token = &snapshot.settings.config.token;
    let hours = |hours: u32| Duration::from_secs(u64::from(hours) * 3600);
    RefreshPolicy {
        basic: hours(token.refresh_interval_hours),
        paid: hours(token.super_refresh_interval_hours),
    }
}

fn find_due(pool: &Pool, policy: RefreshPolicy, now_ms: i64) -> Due {
    let mut next_at_ms = None::<i64>;
    let mut due = pool.find(|account| {
        let at_ms = policy.due_at_ms(account, now_ms)?;
        if at_ms > now_ms {
            next_at_ms = Some(next_at_ms.map_or(at_ms, |next| next.min(at_ms)));
            return None;
        }
        Some((at_ms, account.id.clone()))
    });
    due.sort_unstable();
    Due {
        now: due.into_iter().map(|(_, id)| id).collect(),
        next_at_ms,
    }
}

/// Those who are due by what is stored of them, too.
fn due_as_stored(
    due: &[AccountId],
    stored: &[Account],
    policy: RefreshPolicy,
    now_ms: i64,
) -> Vec<AccountId> {
    let stored: HashMap<_, _> = stored.iter().map(|one| (&one.id, one)).collect();
    let is_due = |id: &&AccountId| {
        let at_ms = stored.get(id).and_then(|one| policy.due_at_ms(one, now_ms));
        at_ms.is_some_and(|at_ms| at_ms <= now_ms)
    };
    due.iter().filter(is_due).cloned().collect()
}

fn is_failure(result: CheckResult) -> bool {
    !matches!(result, CheckResult::Fine | CheckResult::Limited { .. })
}

fn told(run: &RefreshRun) -> String {
    let RefreshRun {
        due, done, failed, ..
    } = run;
    let early = run.ended_early.map(|why| format!("; ended early: {why}"));
    let early = early.unwrap_or_default();
    format!("{done} of {due} due account(s) asked, {failed} without a good answer{early}")
}

#[cfg(test)]
mod tests;

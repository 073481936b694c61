//! The one entry for changed settings.

use std::{path::PathBuf, sync::Arc};

use grok2api_app::dto::Demo;
use parking_lot::Mutex;
use pool::{Account, Pool};
use secrecy::SecretString;
use settings::{ChangedKey, Config};
use tokio_util::task::TaskTracker;

use super::demo::Handover;
use crate::{
    gateway::Gateway,
    obs,
    snapshot::{Current, Mode, Settings, Snapshot, refuse_open_door},
};

/// Replaces what a running process may replace.
///
/// # Locking
/// Changes are made one at a time. Requests never wait for them: they go on with the snapshot that
/// they took, and the next request takes the new one.
pub struct Runtime {
    data_dir: PathBuf,
    current: Current,
    gateway: Arc<Gateway>,
    /// The address in force is that of the start.
    is_loopback: bool,
    state: Mutex<State>,
    /// Owns the writes that outlast whoever asked for them.
    writes: TaskTracker,
}

struct State {
    /// The operator's configuration in force, also while the demo answers.
    config: Config,
    /// What takes over from the demo; `None` without one, and after it.
    handover: Option<Handover>,
    /// What is wrong with the file that was refused last, one line each.
    problems: Vec<String>,
}

impl Runtime {
    #[must_use]
    pub fn new(
        data_dir: PathBuf,
        config: Config,
        current: Current,
        handover: Option<Handover>,
        gateway: Arc<Gateway>,
    ) -> Self {
        Self {
            data_dir,
            current,
            gateway,
            is_loopback: config.server.is_loopback(),
            state: Mutex::new(State {
                config,
                handover,
                problems: Vec::new(),
            }),
            writes: TaskTracker::new(),
        }
    }

    /// Owns writes that go on when nobody waits for them any more. They end with the store.
    #[must_use]
    pub fn writes(&self) -> &TaskTracker {
        &self.writes
    }

    /// There is an account that Grok was never asked about.
    pub fn ask_soon(&self) {
        self.gateway.refresh().wake();
    }

    /// The accounts in use.
    #[must_use]
    pub fn pool(&self) -> Arc<Pool> {
        self.current.load().pool.clone()
    }

    /// Where `config.toml` is.
    #[must_use]
    pub fn data_dir(&self) -> &std::path::Path {
        &self.data_dir
    }

    /// What is wrong with the configuration file that was refused last; empty when it is in force.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        self.state.lock().problems.clone()
    }

    /// Reads file and environment again and puts them in force, or keeps what is in force.
    ///
    /// Blocking: it reads a file.
    pub fn reload(&self) {
        let loaded = settings::reload(&self.data_dir, settings::environment());
        let problems = match loaded {
            Ok(mut loaded) => {
                // Adopted at a start and nowhere else; one from the environment comes each time.
                loaded.config.app.app_key = SecretString::default();
                for warning in &loaded.warnings {
                    tracing::warn!("configuration: {warning}");
                }
                self.apply(loaded.config).err().into_iter().collect()
            }
            Err(errors) => shortened(errors.lines()),
        };
        for problem in &problems {
            tracing::error!("configuration refused, the old one stays in force: {problem}");
        }
        let mut state = self.state.lock();
        if problems.is_empty() && !state.problems.is_empty() {
            tracing::info!("configuration: the file is valid again and in force");
        }
        state.problems = problems;
    }

    /// Sets `app.public_enabled` in the file and reads it again; returns whether it is in force.
    ///
    /// Blocking: it writes and reads a file.
    ///
    /// # Errors
    /// The file could not be changed, or what it says is refused.
    pub fn open_to_visitors(&self) -> anyhow::Result<bool> {
        settings::open_to_visitors(&self.data_dir)?;
        self.reload();
        let state = self.state.lock();
        anyhow::ensure!(state.problems.is_empty(), "{}", state.problems.join("; "));
        Ok(state.config.app.public_enabled)
    }

    /// Puts a configuration in force, from the next request on. Running requests keep theirs;
    /// accounts, cooldowns and leases are not touched.
    ///
    /// # Errors
    /// Why nothing can be built from it; the old one stays in force.
    pub fn apply(&self, config: Config) -> Result<Vec<ChangedKey>, String> {
        let mut state = self.state.lock();
        let changed = settings::diff(&state.config, &config);
        if changed.is_empty() {
            tracing::info!("configuration: read again, nothing has changed");
            return Ok(changed);
        }
        obs::logs::check(&config.server.log_level).map_err(|error| format!("{error:#}"))?;
        refuse_open_door(&config, self.is_loopback).map_err(|error| format!("{error:#}"))?;
        // Half a file may be a whole configuration: one that lost its keys must not open the API.
        if config.app.api_key.is_empty() && !state.config.app.api_key.is_empty() {
            return Err(
                "app.api_key has no key any more; opening the API needs a restart".to_owned(),
            );
        }
        let now = Snapshot::clone(&self.current.load());
        let effective = if now.mode.demo.is_on() {
            config.for_demo(now.settings.config.upstream.web_url.clone())
        } else {
            config.clone()
        };
        let built = Settings::build(effective, Some(&now.settings.upstream));
        let settings = Arc::new(built.map_err(|error| format!("{error:#}"))?);
        now.pool.set_policy(settings.policy());
        self.gateway.apply(&settings);
        obs::logs::set_level(&config.server.log_level);
        self.current.store(Snapshot {
            mode: Mode::of(&config, now.mode.demo, self.is_loopback),
            pool: now.pool,
            client_keys: now.client_keys,
            settings,
        });
        state.config = config;
        for ChangedKey { key, needs_restart } in &changed {
            if *needs_restart {
                tracing::warn!("configuration: {key} has changed and takes effect after a restart");
            } else {
                tracing::info!("configuration: {key} has changed and is in force");
            }
        }
        Ok(changed)
    }

    /// Puts stored accounts into the pool; returns how many are new to it. The first ones end a
    /// demo that was only there for want of accounts: from the next request on Grok itself answers.
    ///
    /// # Errors
    /// Nothing can be built from the configuration.
    pub fn admit(&self, accounts: Vec<Account>) -> anyhow::Result<usize> {
        if accounts.is_empty() {
            return Ok(0);
        }
        let mut state = self.state.lock();
        if state.handover.is_none() {
            let now = self.current.load();
            return Ok(match now.mode.demo {
                // They wait in the store: the simulator must neither see them nor use them up.
                Demo::Lasting => accounts.len(),
                _ => {
                    let added = now.pool.insert(accounts);
                    self.gateway.refresh().wake();
                    added
                }
            });
        }
        let settings = Arc::new(Settings::build(state.config.clone(), None)?);
        let Some(handover) = state.handover.take() else {
            return Ok(0);
        };
        let pool = handover.into_pool(settings.policy());
        let added = pool.insert(accounts);
        self.current.store(Snapshot {
            mode: Mode::of(&state.config, Demo::Ended, self.is_loopback),
            pool,
            client_keys: self.current.load().client_keys.clone(),
            settings,
        });
        self.gateway.refresh().wake();
        tracing::info!("demo mode is over: the added accounts answer from now on");
        Ok(added)
    }
}

/// As much of a list of problems as people read; `/readyz` shows it to everybody.
fn shortened(lines: Vec<String>) -> Vec<String> {
    const MAX_LINES: usize = 20;
    const MAX_CHARS: usize = 300;
    let rest = lines.len().saturating_sub(MAX_LINES);
    let cut = |line: String| line.chars().take(MAX_CHARS).collect::<String>();
    let mut shown: Vec<String> = lines.into_iter().take(MAX_LINES).map(cut).collect();
    if rest > 0 {
        shown.push(format!("and {rest} more"));
    }
    shown
}

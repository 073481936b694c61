//! The files that accounts keep at the upstream: counted or deleted by one background run at a time.
//!
//! - `run`: the run over accounts, in batches, within the limits of `[asset]`
//! - `known`: what is known of each account, and how the run is doing

mod known;
mod run;

use std::sync::Arc;

use parking_lot::Mutex;
use pool::AccountId;
use tokio_util::sync::CancellationToken;

pub use self::known::{AssetCount, AssetFailure, AssetKnowledge, AssetRun, AssetTrouble};
use self::{
    known::State,
    run::{Run, Target},
};
use super::Gateway;
use crate::snapshot::Snapshot;

/// What a run does with each account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssetWork {
    Count,
    Clear,
}

/// What is known of accounts' files, and the run that finds out more. Locked for look-ups only.
#[derive(Clone, Default)]
pub(super) struct Assets(Arc<Mutex<State>>);

impl Assets {
    /// Ends the run under way where it is.
    pub(super) fn stop(&self) {
        if let Some(stop) = &self.0.lock().stop {
            stop.cancel();
        }
    }
}

impl Gateway {
    /// Begins a run over these accounts of the snapshot's pool; `None`: over all that are not
    /// disabled or expired. `false` while another run is under way.
    pub fn start_assets(
        self: &Arc<Self>,
        snapshot: &Snapshot,
        work: AssetWork,
        ids: Option<&[AccountId]>,
    ) -> bool {
        let targets = Target::choose(&snapshot.pool, ids);
        let stop = CancellationToken::new();
        {
            let mut state = self.assets.0.lock();
            if state.stop.is_some() {
                return false;
            }
            state.begin(work, targets.len(), stop.clone());
            state.forget_all_but(|id| snapshot.pool.contains(id));
        }
        let run = Run::new(self.clone(), snapshot.clone(), work, stop);
        self.tasks.spawn(run.over(targets));
        true
    }

    /// Ends the run under way: accounts that it has not come to stay as they are.
    pub fn stop_assets(&self) {
        self.assets.stop();
    }

    /// How the last run is doing, or did.
    #[must_use]
    pub fn asset_run(&self) -> Option<AssetRun> {
        self.assets.0.lock().run.clone()
    }

    /// What is known of an account's files.
    #[must_use]
    pub fn assets_of(&self, id: &AccountId) -> AssetKnowledge {
        self.assets.0.lock().of(id)
    }
}

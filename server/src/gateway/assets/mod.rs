//! The files that accounts keep at the upstream: counted and deleted, an account at a time.
//!
//! - `calls`: what is asked of the upstream, within the limits of `[asset]`
//! - `known`: what is known of each account

mod calls;
mod known;

use std::sync::Arc;

use parking_lot::Mutex;
use pool::AccountId;

use self::known::Known;
pub use self::{
    calls::AssetCalls,
    known::{AssetCount, AssetKnowledge, AssetTrouble},
};
use super::Gateway;
use crate::snapshot::Snapshot;

/// What is known of accounts' files.
#[derive(Clone, Default)]
pub(super) struct Assets(Arc<Mutex<Known>>);

impl Gateway {
    /// Calls for the files of the accounts of this snapshot's pool. What is known of accounts that
    /// are gone is forgotten.
    #[must_use]
    pub fn asset_calls(self: &Arc<Self>, snapshot: &Snapshot) -> AssetCalls {
        let is_kept = |id: &AccountId| snapshot.pool.contains(id);
        self.assets.0.lock().forget_all_but(is_kept);
        AssetCalls::new(self.clone(), snapshot.clone())
    }

    /// What is known of an account's files.
    #[must_use]
    pub fn assets_of(&self, id: &AccountId) -> AssetKnowledge {
        self.assets.0.lock().of(id)
    }
}

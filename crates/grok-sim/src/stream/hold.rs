//! Streams that wait until a test lets them go on.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::{Step, Steps};

/// One counter of permits for each account; a held stream takes one. A permit given early is kept.
#[derive(Debug, Default)]
pub(crate) struct Gates {
    accounts: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Gates {
    pub(crate) fn of(&self, account: &str) -> Arc<Semaphore> {
        let mut accounts = self.accounts.lock();
        let gate = accounts.entry(account.to_owned());
        Arc::clone(gate.or_insert_with(|| Arc::new(Semaphore::new(0))))
    }

    /// Lets one held stream of the account go on.
    pub(crate) fn release(&self, account: &str) {
        self.of(account).add_permits(1);
    }

    pub(crate) fn clear(&self) {
        self.accounts.lock().clear();
    }
}

/// The same steps with a wait behind so many writes.
pub(crate) fn held(steps: Steps, after_writes: usize, gate: Arc<Semaphore>) -> Steps {
    let mut writes = 0;
    let mut gate = Some(gate);
    Box::new(steps.flat_map(move |step| {
        writes += usize::from(matches!(step, Step::Write(_)));
        let wait = if writes >= after_writes {
            gate.take()
        } else {
            None
        };
        [step].into_iter().chain(wait.map(Step::Await))
    }))
}

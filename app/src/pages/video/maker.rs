//! Asks for videos. Each is the server's business once it is queued, so the next can be asked for.

use super::{library::Library, request::Asked};
use crate::browser::completion::Failure;
use leptos::{prelude::*, task::spawn_local};

/// See the module.
#[derive(Clone, Copy)]
pub(super) struct Maker {
    library: Library,
    /// Requests that have not been answered.
    asking: RwSignal<u32>,
    /// Videos that this page has asked for.
    asked: RwSignal<u32>,
    failure: RwSignal<Option<Failure>>,
}

impl Maker {
    pub(super) fn new(library: Library) -> Self {
        Self {
            library,
            asking: RwSignal::new(0),
            asked: RwSignal::new(0),
            failure: RwSignal::new(None),
        }
    }

    /// Reactive.
    pub(super) fn is_asking(self) -> bool {
        self.asking.get() > 0
    }

    /// Reactive.
    pub(super) fn asked(self) -> u32 {
        self.asked.get()
    }

    /// Why the last one was not queued. Reactive.
    pub(super) fn failure(self) -> Option<Failure> {
        self.failure.get()
    }

    pub(super) fn forget_failure(self) {
        self.failure.set(None);
    }

    /// Asks, unless that is being done already.
    pub(super) fn ask(self, asked: Asked) {
        if self.asking.get_untracked() > 0 {
            return;
        }
        self.failure.set(None);
        self.asking.set(1);
        spawn_local(async move {
            let sent = asked.send(&self.library.own_address()).await;
            if let Err(failure) = sent {
                let _ = self.failure.try_set(Some(failure));
            } else {
                let _ = self.asked.try_update(|asked| *asked += 1);
                self.library.refresh().await;
            }
            // None: the page has been left.
            let _ = self.asking.try_set(0);
        });
    }
}

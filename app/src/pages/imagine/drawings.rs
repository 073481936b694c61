//! What the page is drawing now: one run at a time, of one batch or of batches until it is stopped.

use super::{batch, endless::wait_after, gallery::Gallery, request::Asked};
use crate::{
    browser::{completion::Failure, pause::pause},
    dom,
};
use futures::future::{AbortHandle, Abortable};
use leptos::{prelude::*, task::spawn_local};
use std::time::Duration;

/// What it is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Activity {
    #[default]
    Idle,
    Drawing {
        /// From 1.
        batch: u32,
        done: u32,
        wanted: u32,
    },
    /// For an account to be free, or for the server to be back.
    Waiting { until_ms: i64 },
    /// By the person.
    Stopped,
    /// All that was asked for is there.
    Finished { pictures: u32 },
}

/// See the module.
#[derive(Clone, Copy)]
pub(super) struct Drawings {
    gallery: Gallery,
    activity: RwSignal<Activity>,
    failure: RwSignal<Option<Failure>>,
    /// Read before each batch but the first.
    is_endless: Signal<bool>,
    handle: StoredValue<Option<AbortHandle>>,
    last: StoredValue<Option<Asked>>,
}

impl Drawings {
    pub(super) fn new(gallery: Gallery, is_endless: Signal<bool>) -> Self {
        let drawings = Self {
            gallery,
            activity: RwSignal::new(Activity::Idle),
            failure: RwSignal::new(None),
            is_endless,
            handle: StoredValue::new(None),
            last: StoredValue::new(None),
        };
        on_cleanup(move || {
            if let Some(handle) = drawings.handle.try_get_value().flatten() {
                handle.abort();
            }
        });
        drawings
    }

    /// Reactive.
    pub(super) fn activity(self) -> Activity {
        self.activity.get()
    }

    /// Reactive.
    pub(super) fn is_busy(self) -> bool {
        self.activity
            .with(|now| matches!(now, Activity::Drawing { .. } | Activity::Waiting { .. }))
    }

    /// Why the last run ended early. Reactive.
    pub(super) fn failure(self) -> Option<Failure> {
        self.failure.get()
    }

    pub(super) fn forget_failure(self) {
        self.failure.set(None);
    }

    /// Draws, unless something is being drawn already.
    pub(super) fn start(self, asked: Asked) {
        if untrack(|| self.is_busy()) {
            return;
        }
        self.failure.set(None);
        self.last.set_value(Some(asked.clone()));
        let (handle, registration) = AbortHandle::new_pair();
        self.handle.set_value(Some(handle));
        // What can be stopped must be busy at once.
        self.show(1, 0, &asked);
        let run = Abortable::new(self.run(asked), registration);
        spawn_local(async move {
            let end = match run.await {
                Ok(end) => end,
                Err(_) => Activity::Stopped,
            };
            // None: the page has been left.
            let _ = self.activity.try_set(end);
        });
    }

    /// Asks for the same again.
    pub(super) fn retry(self) {
        if let Some(asked) = self.last.get_value() {
            self.start(asked);
        }
    }

    /// Ends the request and what would follow.
    pub(super) fn stop(self) {
        if let Some(handle) = self.handle.get_value() {
            handle.abort();
        }
    }

    async fn run(self, asked: Asked) -> Activity {
        let (mut batch, mut failed, mut pictures) = (1, 0, 0);
        loop {
            self.show(batch, 0, &asked);
            let drawn =
                batch::draw(self.gallery, &asked, |done| self.show(batch, done, &asked)).await;
            match drawn {
                Ok(()) => {
                    failed = 0;
                    pictures += asked.choices.count;
                }
                Err(failure) => {
                    let wait = wait_after(&failure, failed).filter(|_| self.goes_on());
                    let Some(secs) = wait else {
                        let _ = self.failure.try_set(Some(failure));
                        return Activity::Idle;
                    };
                    failed += 1;
                    self.wait(secs).await;
                }
            }
            if !self.goes_on() {
                return Activity::Finished { pictures };
            }
            batch += 1;
        }
    }

    fn goes_on(self) -> bool {
        self.is_endless.try_get_untracked().unwrap_or_default()
    }

    fn show(self, batch: u32, done: u32, asked: &Asked) {
        let wanted = asked.choices.count;
        let _ = self.activity.try_set(Activity::Drawing {
            batch,
            done,
            wanted,
        });
    }

    async fn wait(self, secs: u64) {
        let until_ms = dom::now_ms() + i64::try_from(secs * 1_000).unwrap_or_default();
        let _ = self.activity.try_set(Activity::Waiting { until_ms });
        pause(Duration::from_secs(secs)).await;
    }
}

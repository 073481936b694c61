//! Short messages at the edge of the page, with an undo where one is possible.

use super::{Button, ButtonVariant, Icon, IconButton, IconName, Tone, describe};
use crate::{
    dom,
    error::UiError,
    i18n::{t, text::common, use_language},
};
use leptos::prelude::*;
use std::{sync::Arc, time::Duration};

const SHORT: Duration = Duration::from_secs(4);
/// Errors and undo offers stay long enough to be read and reached by keyboard.
const LONG: Duration = Duration::from_secs(10);

/// Names a toast, to take it away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ToastId(u64);

/// Owned by the toast: it may be pressed when the page that has shown it has been left.
type Undo = Arc<dyn Fn() + Send + Sync>;

#[derive(Clone)]
struct Toast {
    id: ToastId,
    tone: Tone,
    message: String,
    undo: Option<Undo>,
    stay: Duration,
}

/// Shows toasts from anywhere below `App`: `use_toaster().success(…)`.
#[derive(Clone, Copy)]
pub struct Toaster {
    toasts: RwSignal<Vec<Toast>>,
    next_id: StoredValue<u64>,
    language: RwSignal<crate::i18n::Language>,
}

/// The page's toaster.
#[must_use]
pub fn use_toaster() -> Toaster {
    expect_context()
}

impl Toaster {
    pub(crate) fn provide() {
        provide_context(Self {
            toasts: RwSignal::new(Vec::new()),
            next_id: StoredValue::new(0),
            language: use_language(),
        });
    }

    pub fn success(self, message: impl Into<String>) {
        self.show(Tone::Success, message.into(), None, SHORT);
    }

    /// Something to know that is neither good nor bad.
    pub fn info(self, message: impl Into<String>) {
        self.show(Tone::Info, message.into(), None, LONG);
    }

    pub fn error(self, error: &UiError) {
        let message = describe(error, self.language.get_untracked());
        self.show(Tone::Danger, message, None, LONG);
    }

    /// A failure that is not a [`UiError`], already in the user's language.
    pub fn error_text(self, message: impl Into<String>) {
        self.show(Tone::Danger, message.into(), None, LONG);
    }

    /// Says what was done and offers to undo it, also when the page that calls this has been left.
    pub fn undo(
        self,
        message: impl Into<String>,
        undo: impl Fn() + Send + Sync + 'static,
    ) -> ToastId {
        self.undo_for(LONG, message, undo)
    }

    /// As [`Self::undo`], offered for as long as this.
    pub fn undo_for(
        self,
        stay: Duration,
        message: impl Into<String>,
        undo: impl Fn() + Send + Sync + 'static,
    ) -> ToastId {
        self.show(Tone::Neutral, message.into(), Some(Arc::new(undo)), stay)
    }

    fn show(self, tone: Tone, message: String, undo: Option<Undo>, stay: Duration) -> ToastId {
        let id = ToastId(self.next_id.get_value());
        self.next_id.set_value(id.0 + 1);
        self.toasts.update(|toasts| {
            toasts.push(Toast {
                id,
                tone,
                message,
                undo,
                stay,
            })
        });
        set_timeout(move || self.dismiss(id), stay);
        id
    }

    /// Takes a toast away, if it is still there.
    pub fn dismiss(self, id: ToastId) {
        self.toasts
            .update(|toasts| toasts.retain(|toast| toast.id != id));
    }
}

/// The place where toasts appear. `App` has one.
#[component]
pub fn Toasts() -> impl IntoView {
    let toaster = use_toaster();
    view! {
        <div class="toasts" role="status" aria-live="polite">
            <For each=move || toaster.toasts.get() key=|toast| toast.id let:toast>
                <ToastCard toast />
            </For>
        </div>
    }
}

#[component]
fn ToastCard(toast: Toast) -> impl IntoView {
    let toaster = use_toaster();
    let icon = match toast.tone {
        Tone::Success => IconName::CircleCheck,
        Tone::Danger => IconName::CircleAlert,
        _ => IconName::Info,
    };
    view! {
        <div class=format!("toast tone-{}", toast.tone.name())>
            <Icon name=icon size=20 />
            <p class="toast__message">{toast.message}</p>
            {toast
                .undo
                .map(|undo| {
                    view! {
                        <TimeLeft of=toast.stay />
                        <Button
                            variant=ButtonVariant::Secondary
                            icon=IconName::Undo2
                            on:click=move |_| {
                                toaster.dismiss(toast.id);
                                undo();
                            }
                        >
                            {t(common::UNDO)}
                        </Button>
                    }
                })}
            <IconButton
                icon=IconName::X
                label=t(common::DISMISS)
                on:click=move |_| toaster.dismiss(toast.id)
            />
        </div>
    }
}

/// The seconds until an offer ends.
#[component]
fn TimeLeft(of: Duration) -> impl IntoView {
    let language = use_language();
    let left = RwSignal::new(of.as_secs());
    Effect::new(move || {
        let tick = move || _ = left.try_update(|left| *left = left.saturating_sub(1));
        let ticker = StoredValue::new_local(dom::every(1_000, tick));
        on_cleanup(move || ticker.dispose());
    });
    // A count-down that is spoken would drown everything else.
    view! {
        <span class="toast__left" aria-hidden="true">
            {move || common::Seconds { count: &left.get() }.fill(language.get())}
        </span>
    }
}

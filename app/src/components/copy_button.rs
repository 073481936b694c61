//! Copying to the clipboard.

use super::{Icon, IconName, use_toaster};
use crate::{
    dom,
    i18n::{t, text::common, use_language},
};
use leptos::{prelude::*, task::spawn_local, text_prop::TextProp};
use std::time::Duration;

const FEEDBACK: Duration = Duration::from_millis(1_600);

/// Copies `text` and shows a tick for a moment, or says that the browser refuses.
#[component]
pub fn CopyButton(
    #[prop(into)] text: TextProp,
    /// What is copied, where a page has several such buttons.
    #[prop(optional, into)]
    of: Option<TextProp>,
) -> impl IntoView {
    let (toaster, language) = (use_toaster(), use_language());
    let done = RwSignal::new(false);
    let copy = move |_| {
        let text = text.get();
        spawn_local(async move {
            if !dom::copy_text(&text).await {
                toaster.error_text(common::COPY_REFUSED.get(language.get_untracked()));
            } else if done.try_set(true).is_none() {
                set_timeout(move || _ = done.try_set(false), FEEDBACK);
            }
        });
    };
    let (idle, copied) = (t(common::COPY), t(common::COPIED));
    let state = move || if done.get() { copied() } else { idle() };
    let label = move || match &of {
        Some(of) => format!("{}: {}", state(), of.get()),
        None => state().to_owned(),
    };
    view! {
        <button
            type="button"
            class="icon-button icon-button--small"
            aria-label=label
            title=state
            on:click=copy
        >
            {move || {
                let name = if done.get() { IconName::Check } else { IconName::Copy };
                view! { <Icon name /> }
            }}
        </button>
    }
}

//! A video that is under way: how far it is, in words and in numbers, and how to end it.

use super::{failure::describe, library::Library, request};
use crate::{
    components::{Button, use_toaster},
    dom,
    dto::{VideoItem, VideoState},
    i18n::{
        Text, t,
        text::{common, video as text},
        use_language,
    },
    session::use_viewer,
    words::clock,
};
use leptos::{prelude::*, task::spawn_local};
use std::sync::Arc;

/// The place of the film until it is there.
#[component]
pub(super) fn UnderWay(item: Memo<Option<Arc<VideoItem>>>) -> impl IntoView {
    let library: Library = expect_context();
    let language = use_language();
    let (toaster, is_operator) = (use_toaster(), use_viewer().is_admin);
    let is_cancelling = RwSignal::new(false);
    let now_ms = RwSignal::new(0);
    Effect::new(move || {
        now_ms.set(library.server_now_ms());
        let tick = move || _ = now_ms.try_set(library.server_now_ms());
        let ticker = StoredValue::new_local(dom::every(1_000, tick));
        on_cleanup(move || ticker.dispose());
    });
    let with = move |read: fn(&VideoItem) -> u32| item.get().map_or(0, |item| read(&item));
    let percent = move || with(|item| item.progress);
    let phase = move || item.get().map(|item| phase(&item).get(language.get()));
    let elapsed = move || {
        let since = item.get().map_or(0, |item| item.at_ms);
        clock(u64::try_from(now_ms.get() - since).unwrap_or_default() / 1_000)
    };
    let cancel = move |_| {
        let Some(item) = item.get_untracked() else {
            return;
        };
        is_cancelling.set(true);
        spawn_local(async move {
            if let Err(failure) = request::cancel(&item.id).await {
                let words = describe(&failure, is_operator);
                toaster.error_text(words.get(language.get_untracked()));
            }
            library.refresh().await;
            let _ = is_cancelling.try_set(false);
        });
    };
    view! {
        <div class="film__under-way">
            <p class="film__phase">{phase}</p>
            <progress
                class="progress film__progress"
                max="100"
                value=move || (percent() > 0).then(|| percent().to_string())
                aria-label=t(text::PROGRESS)
            ></progress>
            <p class="film__numbers">
                <span>{move || format!("{}%", percent())}</span>
                <span role="timer" aria-label=t(text::ELAPSED)>
                    {elapsed}
                </span>
            </p>
            <Button loading=is_cancelling on:click=cancel>
                {t(common::CANCEL)}
            </Button>
        </div>
    }
}

/// What is being done, in words.
pub(super) fn phase(item: &VideoItem) -> Text {
    match item.state {
        VideoState::Queued => text::STATE_QUEUED,
        VideoState::InProgress => text::STATE_IN_PROGRESS,
        VideoState::Finishing if item.is_high_resolution => text::STATE_ENLARGING,
        VideoState::Finishing => text::STATE_FETCHING,
        VideoState::Completed => text::STATE_COMPLETED,
        VideoState::Failed => text::STATE_FAILED,
        VideoState::Cancelled => text::STATE_CANCELLED,
    }
}

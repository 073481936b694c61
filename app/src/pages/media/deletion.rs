//! Deleting: what, a question before, and batch after batch.

use super::{state::Media, words};
use crate::{
    api::admin_media::{delete_chosen_media, delete_found_media},
    components::{Button, ButtonVariant, Dialog, ErrorNotice, use_toaster},
    dto::MediaFilter,
    error::UiError,
    i18n::{
        t,
        text::{common, media as text},
        use_language,
    },
    limits::MAX_CHOSEN_MEDIA,
    pages::accounts::Selection,
};
use leptos::prelude::*;

/// What is to be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Doomed {
    /// Ids.
    Chosen(Vec<String>),
    /// All that a filter finds; how much that is.
    Found {
        filter: MediaFilter,
        count: u64,
        bytes: u64,
    },
}

impl Doomed {
    fn count(&self) -> u64 {
        match self {
            Self::Chosen(ids) => ids.len() as u64,
            Self::Found { count, .. } => *count,
        }
    }
}

/// Deletes, and counts what is gone in `gone`.
async fn delete(doomed: Doomed, gone: RwSignal<u64>) -> Result<(), UiError> {
    match doomed {
        Doomed::Chosen(ids) => {
            for batch in ids.chunks(MAX_CHOSEN_MEDIA) {
                let count = delete_chosen_media(batch.to_vec()).await?;
                gone.update(|gone| *gone += u64::from(count));
            }
        }
        Doomed::Found { filter, .. } => {
            let (mut until_ms, mut is_done) = (None, false);
            while !is_done {
                let deleted = delete_found_media(filter.clone(), until_ms).await?;
                gone.update(|gone| *gone += u64::from(deleted.count));
                (until_ms, is_done) = (Some(deleted.until_ms), deleted.is_done);
            }
        }
    }
    Ok(())
}

/// Asks before anything is deleted: it does not come back.
#[component]
pub(super) fn Confirm(state: Media) -> impl IntoView {
    let open = RwSignal::new(false);
    Effect::new(move || {
        let is_asked = state.doomed.with(Option::is_some);
        if open.get_untracked() != is_asked {
            open.set(is_asked);
        }
    });
    Effect::new(move || {
        if !open.get() && state.doomed.with_untracked(Option::is_some) {
            state.doomed.set(None);
        }
    });
    view! {
        <Dialog open title=t(text::DELETE_TITLE)>
            {move || state.doomed.get().map(|doomed| view! { <Question doomed state /> })}
        </Dialog>
    }
}

#[component]
fn Question(doomed: Doomed, state: Media) -> impl IntoView {
    let (toaster, language) = (use_toaster(), use_language());
    let (gone, count) = (RwSignal::new(0), doomed.count());
    let size = match &doomed {
        Doomed::Chosen(_) => None,
        Doomed::Found { bytes, .. } => Some(words::bytes(*bytes)),
    };
    let question = move || {
        let question = text::DELETE_TEXT.fill(language.get(), count);
        match &size {
            Some(size) => format!("{question} ({size})"),
            None => question,
        }
    };
    let deleting = Action::new_local(move |(): &()| {
        let doomed = doomed.clone();
        async move {
            let done = delete(doomed, gone).await;
            let count = gone.get_untracked();
            if done.is_ok() {
                toaster.success(text::DELETED.fill(language.get_untracked(), count));
                state.shown.set(None);
                state.selection.update(Selection::clear);
                state.doomed.set(None);
            }
            // Some may be gone all the same.
            state.reload();
            done
        }
    });
    let failure = move || deleting.value().get().and_then(Result::err);
    view! {
        <p>{question}</p>
        <p class="field__hint">{t(text::DELETE_HINT)}</p>
        {move || failure().map(|error| view! { <ErrorNotice error /> })}
        <p role="status">
            {move || {
                let gone = gone.get();
                (gone > 0).then(|| text::GONE.fill(language.get(), gone))
            }}
        </p>
        <footer class="modal__foot">
            <Button on:click=move |_| state.doomed.set(None)>{t(common::CANCEL)}</Button>
            <Button
                variant=ButtonVariant::Danger
                loading=Signal::derive(move || deleting.pending().get())
                on:click=move |_| _ = deleting.dispatch_local(())
            >
                {move || text::DELETE_COUNT.fill(language.get(), count)}
            </Button>
        </footer>
    }
}

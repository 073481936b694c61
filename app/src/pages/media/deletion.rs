//! Deleting: what, a question before, and batch after batch.

use super::{
    state::{Found, Media},
    toolbar::SEARCH_ID,
};
use crate::{
    api::admin_media::{delete_chosen_media, delete_found_media},
    components::{Button, ButtonVariant, Dialog, ErrorNotice, use_toaster},
    dom,
    dto::MediaFilter,
    error::UiError,
    i18n::{
        t,
        text::{common, media as text},
        use_language,
    },
    limits::MAX_CHOSEN_MEDIA,
    reactive::use_open,
    words::bytes,
};
use leptos::prelude::*;

/// What is to be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Doomed {
    /// Ids.
    Chosen(Vec<String>),
    /// All that a filter finds.
    Found(Found),
}

impl Doomed {
    fn count(&self) -> u64 {
        match self {
            Self::Chosen(ids) => ids.len() as u64,
            Self::Found(found) => found.count,
        }
    }
}

/// Deletes batch after batch, told in `gone`; with the question closed that is gone, and no further batch
/// follows. Returns how many went, also when a batch failed.
async fn delete(doomed: Doomed, gone: RwSignal<u64>) -> (u64, Result<(), UiError>) {
    let mut total = 0;
    let mut tell = |count: u32| {
        total += u64::from(count);
        gone.try_set(total).is_none()
    };
    let done = match doomed {
        Doomed::Chosen(ids) => delete_chosen(&ids, &mut tell).await,
        Doomed::Found(found) => delete_found(&found.filter, &mut tell).await,
    };
    (total, done)
}

async fn delete_chosen(ids: &[String], tell: &mut impl FnMut(u32) -> bool) -> Result<(), UiError> {
    for batch in ids.chunks(MAX_CHOSEN_MEDIA) {
        if !tell(delete_chosen_media(batch.to_vec()).await?) {
            break;
        }
    }
    Ok(())
}

async fn delete_found(
    filter: &MediaFilter,
    tell: &mut impl FnMut(u32) -> bool,
) -> Result<(), UiError> {
    let mut until_ms = None;
    loop {
        let deleted = delete_found_media(filter.clone(), until_ms).await?;
        if !tell(deleted.count) || deleted.is_done {
            return Ok(());
        }
        until_ms = Some(deleted.until_ms);
    }
}

/// Asks before anything is deleted: it does not come back.
#[component]
pub(super) fn Confirm(state: Media) -> impl IntoView {
    let open = use_open(state.doomed);
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
        Doomed::Found(found) => Some(bytes(found.bytes)),
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
            let (count, done) = delete(doomed, gone).await;
            if done.is_ok() {
                toaster.success(text::DELETED.fill(language.get_untracked(), count));
                // What another question is about by now stays.
                if !gone.is_disposed() {
                    state.shown.set(None);
                    state.doomed.set(None);
                }
            }
            // Some may be gone all the same.
            state.fetch(None).await;
            dom::catch_focus(SEARCH_ID);
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

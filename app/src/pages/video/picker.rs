//! The newest pictures of the gallery, to begin a video with one.

use super::{
    beginning::{Beginning, by_address},
    failure::SIGN_IN,
};
use crate::{
    api::media::list_media,
    components::{Dialog, PageSkeleton},
    dto::{MediaItem, MediaKind},
    i18n::{t, text::video as text, use_language},
    limits::MAX_MEDIA_PAGE,
    pages::making::NotLoaded,
};
use leptos::prelude::*;

/// The dialog. It asks for the pictures when it is opened.
#[component]
pub(super) fn Picker(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Dialog open title=t(text::REFERENCE_GALLERY)>
            <Pictures open />
        </Dialog>
    }
}

#[component]
fn Pictures(open: RwSignal<bool>) -> impl IntoView {
    let loaded = LocalResource::new(|| list_media(Some(MediaKind::Image), None, MAX_MEDIA_PAGE));
    move || match loaded.get() {
        None => view! { <PageSkeleton /> }.into_any(),
        Some(Err(error)) => {
            let on_retry = Callback::new(move |()| loaded.refetch());
            view! { <NotLoaded error sign_in=SIGN_IN on_retry /> }.into_any()
        }
        Some(Ok(page)) if page.items.is_empty() => {
            view! { <p class="picker__empty">{t(text::PICKER_EMPTY)}</p> }.into_any()
        }
        Some(Ok(page)) => view! {
            <ul class="picker">
                {page
                    .items
                    .into_iter()
                    .map(|item| view! { <Choice item open /> })
                    .collect_view()}
            </ul>
        }
        .into_any(),
    }
}

#[component]
fn Choice(item: MediaItem, open: RwSignal<bool>) -> impl IntoView {
    let beginning: Beginning = expect_context();
    let MediaItem {
        url,
        thumbnail,
        prompt,
        ..
    } = item;
    let language = use_language();
    let alt = move || match prompt.is_empty() {
        true => text::NO_PROMPT.get(language.get()).to_owned(),
        false => prompt.clone(),
    };
    let choose = move |_| {
        beginning.set(by_address(&url));
        open.set(false);
    };
    view! {
        <li>
            <button type="button" class="picker__choice" on:click=choose>
                <img class="picker__image" src=thumbnail alt=alt loading="lazy" />
            </button>
        </li>
    }
}

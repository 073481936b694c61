//! A finished film.

use super::library::Library;
use crate::dto::VideoItem;
use leptos::{html, prelude::*, task::spawn_local};
use std::sync::Arc;

/// The browser's own player. Nothing of the film is fetched before somebody plays it, unless there is
/// no first picture to show. An address that has run out is asked for anew, once until it plays.
#[component]
pub(super) fn Player(item: Memo<Option<Arc<VideoItem>>>) -> impl IntoView {
    let library: Library = expect_context();
    let film = NodeRef::<html::Video>::new();
    let is_renewed = StoredValue::new(false);
    let of = move |read: fn(&VideoItem) -> Option<String>| item.get().and_then(|item| read(&item));
    let preload = move || match of(|item| item.poster.clone()) {
        Some(_) => "none",
        None => "metadata",
    };
    let renew = move |_| {
        let (Some(item), Some(film)) = (item.get_untracked(), film.get_untracked()) else {
            return;
        };
        if is_renewed.get_value() {
            return;
        }
        is_renewed.set_value(true);
        let is_wanted = !film.paused();
        spawn_local(async move {
            if library.renew(&item.id).await && is_wanted {
                // Once the element has the address.
                request_animation_frame(move || _ = film.play());
            }
        });
    };
    view! {
        <video
            node_ref=film
            class="film__player"
            controls
            playsinline
            preload=preload
            poster=move || of(|item| item.poster.clone())
            src=move || of(|item| item.url.clone())
            aria-label=move || of(|item| Some(item.prompt.clone()))
            on:error=renew
            on:loadeddata=move |_| is_renewed.set_value(false)
        ></video>
    }
}

//! A finished film.

use crate::dto::VideoItem;
use leptos::prelude::*;

/// The browser's own player. Nothing of the film is fetched before somebody plays it, unless there is
/// no first picture to show.
#[component]
pub(super) fn Player(item: VideoItem) -> impl IntoView {
    let preload = if item.poster.is_some() {
        "none"
    } else {
        "metadata"
    };
    view! {
        <video
            class="film__player"
            controls
            playsinline
            preload=preload
            poster=item.poster
            src=item.url
            aria-label=item.prompt
        ></video>
    }
}

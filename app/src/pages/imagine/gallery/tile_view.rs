//! One tile of the gallery.

use super::{
    super::{
        lightbox::Lightbox,
        selection::Selection,
        tile::{Picture, Progress, Tile, TileKey},
    },
    Gallery, keys,
};
use crate::{
    components::{Checkbox, Icon, IconName},
    dom,
    i18n::{t, text::imagine as text, use_language},
};
use leptos::{ev, prelude::*, task::spawn_local};
use std::sync::Arc;

/// The id of a tile's button in the document.
pub(super) fn element_id(key: &TileKey) -> String {
    format!("tile-{key}")
}

/// A tile in its place.
#[component]
pub(super) fn TileView(tile: Tile) -> impl IntoView {
    let (gallery, selection): (Gallery, Selection) = (expect_context(), expect_context());
    let key = tile.key().clone();
    let place = {
        let key = key.clone();
        Memo::new(move |was| gallery.place(&key).or(was.copied().flatten()))
    };
    let position = {
        let key = key.clone();
        move || gallery.index(&key).map(|at| (at + 1).to_string())
    };
    let is_chosen = {
        let key = key.clone();
        Memo::new(move |_| selection.has(&key))
    };
    // A stage that comes must not build the picture again.
    let has_failed = {
        let tile = tile.clone();
        Memo::new(move |_| tile.has_failed())
    };
    let content = move || {
        let tile = tile.clone();
        if has_failed.get() {
            view! { <FailedTile tile /> }.into_any()
        } else {
            view! { <PictureTile tile /> }.into_any()
        }
    };
    view! {
        <div
            class="tile"
            class:is-chosen=is_chosen
            role="listitem"
            aria-setsize=move || gallery.len().to_string()
            aria-posinset=position
            style:transform=move || place.get().map(|place| place.transform())
            style:width=move || place.get().map(|place| place.css_width())
            style:height=move || place.get().map(|place| place.css_height())
        >
            {content}
        </div>
    }
}

/// A picture, or what can be seen of it so far.
#[component]
fn PictureTile(tile: Tile) -> impl IntoView {
    let (gallery, selection): (Gallery, Selection) = (expect_context(), expect_context());
    let (lightbox, language): (Lightbox, _) = (expect_context(), use_language());
    let key = tile.key().clone();
    let index = {
        let key = key.clone();
        move || untrack(|| gallery.index(&key))
    };
    let picture = {
        let tile = tile.clone();
        Memo::new(move |_| tile.picture())
    };
    let is_kept = move || picture.with(|one| one.as_ref().is_some_and(|one| !one.id.is_empty()));
    let label = move || match picture.get() {
        Some(picture) => picture.prompt.clone(),
        None => text::TILE_DRAWING.get(language.get()).to_owned(),
    };
    let on_key = {
        let index = index.clone();
        move |event: ev::KeyboardEvent| {
            if let Some(at) = index()
                && keys::press(&event, gallery, selection, at)
            {
                event.prevent_default();
            }
        }
    };
    let on_click = {
        let (key, index) = (key.clone(), index.clone());
        move |event: ev::MouseEvent| {
            gallery.current.set(Some(key.clone()));
            let chooses = event.shift_key() || event.ctrl_key() || event.meta_key();
            if chooses || !untrack(|| selection.is_empty()) {
                if let Some(at) = index() {
                    selection.press(at, event.shift_key());
                }
            } else if picture.with_untracked(Option::is_some) {
                lightbox.open(key.clone());
            }
        }
    };
    let on_choose = move |event: ev::MouseEvent| {
        if let Some(at) = index() {
            selection.press(at, event.shift_key());
        }
    };
    // While something is chosen a press chooses.
    let is_pressed = {
        let key = key.clone();
        move || (!selection.is_empty()).then(|| selection.has(&key).to_string())
    };
    let (id, current, chosen) = (element_id(&key), key.clone(), key);
    view! {
        <button
            type="button"
            class="tile__open"
            id=id
            tabindex=move || if gallery.is_tab_stop(&current) { "0" } else { "-1" }
            aria-label=label
            aria-busy=move || picture.with(Option::is_none).then_some("true")
            aria-pressed=is_pressed
            title=move || picture.with(Option::is_some).then(|| t(text::TILE_KEYS)())
            on:click=on_click
            on:keydown=on_key
        >
            <Stages tile />
        </button>
        <Show when=is_kept>
            <span class="tile__choose">
                <Checkbox
                    label=t(text::CHOOSE)
                    checked={
                        let key = chosen.clone();
                        Signal::derive(move || selection.has(&key))
                    }
                    attr:tabindex="-1"
                    on:click=on_choose.clone()
                />
            </span>
        </Show>
    }
}

/// The picture as it sharpens: one image, which shows a stage until the next one can be drawn.
#[component]
fn Stages(tile: Tile) -> impl IntoView {
    // A small version that cannot be had.
    let is_broken = RwSignal::new(false);
    let source = Memo::new(move |_| match tile.progress() {
        Progress::Drawing(stage) => stage,
        Progress::Done(picture) if is_broken.get() => Some(picture.address.as_str().into()),
        Progress::Done(picture) => Some(small_version(&picture)),
        Progress::Failed(_) => None,
    });
    let shown = use_drawable(source, is_broken);
    let has_any = Memo::new(move |_| shown.with(Option::is_some));
    view! {
        <Show
            when=move || has_any.get()
            fallback=|| view! { <span class="tile__waiting skeleton"></span> }
        >
            <img
                class="tile__image"
                alt=""
                decoding="async"
                draggable="false"
                src=move || shown.get().map(|source| source.to_string())
                on:error=move |_| is_broken.set(true)
            />
        </Show>
    }
}

/// The source, but while another can be seen only once it can be drawn: a browser empties an image
/// whose source changes until the new one is there. `is_broken` is told of one that cannot be.
fn use_drawable(
    source: Memo<Option<Arc<str>>>,
    is_broken: RwSignal<bool>,
) -> RwSignal<Option<Arc<str>>> {
    let shown = RwSignal::new(source.get_untracked());
    Effect::new(move || {
        let next = source.get();
        let (Some(wanted), true) = (next.clone(), shown.with_untracked(Option::is_some)) else {
            return shown.set(next);
        };
        spawn_local(async move {
            let image = dom::decoded(&wanted).await;
            // Later stages may have overtaken it, or the tile has left the view.
            if source.try_get_untracked().flatten().as_ref() != Some(&wanted) {
                return;
            }
            if image.is_none() {
                let _ = is_broken.try_set(true);
            } else if shown.try_set(Some(wanted)).is_none() {
                // What nobody holds has to be loaded again.
                request_animation_frame(move || drop(image));
            }
        });
    });
    shown
}

fn small_version(picture: &Picture) -> Arc<str> {
    if picture.thumbnail.is_empty() {
        picture.address.as_str().into()
    } else {
        picture.thumbnail.as_str().into()
    }
}

/// A picture that did not come.
#[component]
fn FailedTile(tile: Tile) -> impl IntoView {
    let (gallery, selection): (Gallery, Selection) = (expect_context(), expect_context());
    let key = tile.key().clone();
    let (id, current, walked) = (element_id(&key), key.clone(), key.clone());
    let dismiss = move |_| {
        let at = untrack(|| gallery.index(&key));
        gallery.remove(&[key.clone()].into());
        gallery.focus_near(at.unwrap_or_default());
    };
    let on_key = move |event: ev::KeyboardEvent| {
        if let Some(at) = untrack(|| gallery.index(&walked))
            && keys::walk(&event, gallery, selection, at)
        {
            event.prevent_default();
        }
    };
    let reason = move || match tile.progress() {
        Progress::Failed(code) => super::super::failure::short(code),
        _ => text::TILE_DRAWING,
    };
    let language = use_language();
    view! {
        <div class="tile__failed">
            <Icon name=IconName::CircleAlert size=20 />
            <p>{move || reason().get(language.get())}</p>
            <button
                type="button"
                class="tile__dismiss"
                id=id
                tabindex=move || if gallery.is_tab_stop(&current) { "0" } else { "-1" }
                on:click=dismiss
                on:keydown=on_key
            >
                {t(text::TILE_DISMISS)}
            </button>
        </div>
    }
}

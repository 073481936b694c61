//! The scrolling list of rows.

use super::{
    super::{failure::SIGN_IN, starters::Starters},
    Gallery,
    layout::pixels,
    paging::Paged,
    state::View,
    tile_view::{TileView, element_id},
};
use crate::{
    components::{EmptyState, IconName},
    dom,
    i18n::{
        t,
        text::{common, imagine as text},
    },
    pages::making::NotLoaded,
};
use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};

/// The gallery, which scrolls by itself.
///
/// Server-side rendering: an empty frame of the same size.
#[component]
pub(in super::super) fn GalleryView() -> impl IntoView {
    let gallery: Gallery = expect_context();
    let (scroller, canvas) = (NodeRef::<html::Div>::new(), NodeRef::<html::Div>::new());
    measure(gallery, scroller, canvas);
    // By script: the page's policy forbids styles in the HTML.
    Effect::new(move || {
        let height = format!("{}px", pixels(gallery.height()));
        if let Some(canvas) = canvas.get() {
            let _ = web_sys::HtmlElement::style(&canvas).set_property("height", &height);
        }
    });
    keep_place(gallery, scroller);
    let shown = gallery.shown();
    let is_empty = move || gallery.is_empty() && gallery.paging.state() == Paged::Whole;
    let is_first_load = move || gallery.is_empty() && gallery.paging.state() == Paged::Loading;
    view! {
        <div
            class="wall"
            node_ref=scroller
            on:scroll=move |_| read_view(gallery, scroller, canvas)
        >
            <Show when=is_empty>
                <EmptyState
                    icon=IconName::Image
                    title=t(text::EMPTY_TITLE)
                    text=t(text::EMPTY_TEXT)
                >
                    <Starters />
                </EmptyState>
            </Show>
            <Show when=is_first_load>
                <Placeholders />
            </Show>
            <div
                class="wall__canvas"
                node_ref=canvas
                role="list"
                aria-label=t(text::GALLERY)
                aria-busy=move || {
                    (gallery.paging.state() == Paged::Loading).then_some("true")
                }
            >
                <For each=move || shown.get().0 key=|tile| tile.key().clone() let:tile>
                    <TileView tile />
                </For>
            </div>
            <PagingEnd />
        </div>
    }
}

/// What stands below the last row.
#[component]
fn PagingEnd() -> impl IntoView {
    let gallery: Gallery = expect_context();
    move || match gallery.paging.state() {
        Paged::Failed { error, .. } => {
            let on_retry = Callback::new(move |()| gallery.fetch_next());
            view! { <NotLoaded error sign_in=SIGN_IN on_retry /> }.into_any()
        }
        Paged::Loading if !gallery.is_empty() => {
            view! { <p class="wall__more">{t(common::LOADING)}</p> }.into_any()
        }
        _ => ().into_any(),
    }
}

/// Grey tiles while the first page is on its way.
#[component]
fn Placeholders() -> impl IntoView {
    view! {
        <div class="wall__placeholders" aria-hidden="true">
            {(0..12).map(|_| view! { <span class="skeleton"></span> }).collect_view()}
        </div>
    }
}

/// Follows the size of the gallery.
fn measure(gallery: Gallery, scroller: NodeRef<html::Div>, canvas: NodeRef<html::Div>) {
    Effect::new(move || {
        let Some(element) = scroller.get() else {
            return;
        };
        read_view(gallery, scroller, canvas);
        let read = Closure::<dyn FnMut()>::new(move || read_view(gallery, scroller, canvas));
        let Ok(observer) = web_sys::ResizeObserver::new(read.as_ref().unchecked_ref()) else {
            return;
        };
        observer.observe(&element);
        let observer = StoredValue::new_local((observer, read));
        on_cleanup(move || {
            observer.with_value(|(observer, _)| observer.disconnect());
            observer.dispose();
        });
    });
}

fn read_view(gallery: Gallery, scroller: NodeRef<html::Div>, canvas: NodeRef<html::Div>) {
    let (Some(scroller), Some(canvas)) = (
        scroller.try_get_untracked().flatten(),
        canvas.try_get_untracked().flatten(),
    ) else {
        return;
    };
    let view = View {
        top: f64::from(scroller.scroll_top()),
        width: f64::from(canvas.client_width()),
        height: f64::from(scroller.client_height()),
    };
    if gallery.view.get_untracked() != view {
        gallery.view.set(view);
    }
}

/// Who has scrolled down sees the same pictures when others come above them, and the tile that gets
/// the focus comes into view.
fn keep_place(gallery: Gallery, scroller: NodeRef<html::Div>) {
    Effect::new(move |was: Option<(f64, usize)>| {
        let (height, newer) = (gallery.height(), gallery.newer_len());
        if let Some((old_height, old_newer)) = was
            && old_newer != newer
            && let Some(scroller) = scroller.get_untracked()
            && scroller.scroll_top() > 0
        {
            let grown = pixels(height - old_height);
            scroller.set_scroll_top(scroller.scroll_top() + grown);
        }
        (height, newer)
    });
    gallery.on_focus(move |key| {
        let (Some(scroller), Some(place)) =
            (scroller.get_untracked(), untrack(|| gallery.place(&key)))
        else {
            return;
        };
        let (top, bottom) = (pixels(place.top), pixels(place.top + place.height));
        if top < scroller.scroll_top() {
            scroller.set_scroll_top(top);
        } else if bottom > scroller.scroll_top() + scroller.client_height() {
            scroller.set_scroll_top(bottom - scroller.client_height());
        }
        let id = element_id(&key);
        if document().get_element_by_id(&id).is_some() {
            dom::focus(&id);
        } else {
            // It comes into the document with what is in view now.
            request_animation_frame(move || dom::focus(&id));
        }
    });
}

//! The dialog of the large picture.

use super::{Lightbox, actions::Actions, details::Details, stage::Stage, zoom::Zoom};
use crate::{
    components::{IconButton, IconName},
    dom,
    i18n::{
        t,
        text::{common, imagine as text},
    },
    pages::imagine::{
        gallery::{Gallery, Paged},
        selection::Selection,
    },
};
use leptos::{ev, html, prelude::*};

const BODY_ID: &str = "lightbox-body";

/// The dialog; the browser keeps the focus inside while it is open.
///
/// Server-side rendering: closed.
#[component]
pub(in super::super) fn LightboxView() -> impl IntoView {
    let lightbox: Lightbox = expect_context();
    let selection: Selection = expect_context();
    let node = NodeRef::<html::Dialog>::new();
    let zoom = RwSignal::new(Zoom::default());
    Effect::new(move || {
        let Some(dialog) = node.get() else { return };
        if lightbox.is_open() && !dialog.open() {
            let _ = dialog.show_modal();
        } else if !lightbox.is_open() && dialog.open() {
            dialog.close();
        }
    });
    // Another picture is seen as a whole. A button that has led to the end is disabled and loses the
    // focus, and with it the keys.
    Effect::new(move || {
        let is_open = lightbox.key().is_some();
        zoom.set(Zoom::default());
        if is_open {
            dom::catch_focus(BODY_ID);
        }
    });
    let on_key = move |event: ev::KeyboardEvent| {
        if press(&event, lightbox, selection, zoom) {
            event.prevent_default();
        }
    };
    view! {
        <dialog
            node_ref=node
            class="lightbox"
            aria-label=t(text::LIGHTBOX)
            on:keydown=on_key
            on:close=move |_| lightbox.close()
        >
            <Show when=move || lightbox.is_open()>
                <div class="lightbox__body" id=BODY_ID tabindex="-1">
                    <Stage zoom />
                    <Turn is_next=false />
                    <Turn is_next=true />
                    <Bar zoom />
                    <aside class="lightbox__side" aria-label=t(text::DETAILS)>
                        <Details />
                        <Actions />
                    </aside>
                </div>
            </Show>
        </dialog>
    }
}

/// Where it is in the gallery, zoom and close.
#[component]
fn Bar(zoom: RwSignal<Zoom>) -> impl IntoView {
    let (lightbox, gallery): (Lightbox, Gallery) = (expect_context(), expect_context());
    let place = move || {
        let at = lightbox.key().and_then(|key| gallery.index(&key))?;
        let more = if gallery.paging.state() == Paged::Whole {
            ""
        } else {
            "+"
        };
        Some(format!("{} / {}{more}", at + 1, gallery.len()))
    };
    view! {
        <div class="lightbox__bar">
            <span class="lightbox__place" role="status">
                {place}
            </span>
            <IconButton
                icon=IconName::ZoomOut
                label=t(text::ZOOM_OUT)
                disabled=Signal::derive(move || !zoom.get().is_enlarged())
                on:click=move |_| super::stage::zoom_by(zoom, false)
            />
            <IconButton
                icon=IconName::ZoomIn
                label=t(text::ZOOM_IN)
                on:click=move |_| super::stage::zoom_by(zoom, true)
            />
            <IconButton
                icon=IconName::X
                label=t(common::CLOSE)
                on:click=move |_| lightbox.close()
            />
        </div>
    }
}

/// The button to a neighbour.
#[component]
fn Turn(is_next: bool) -> impl IntoView {
    let lightbox: Lightbox = expect_context();
    let neighbour = Memo::new(move |_| lightbox.neighbour(is_next).map(|(_, picture)| picture));
    let (icon, label, class) = if is_next {
        (
            IconName::ChevronRight,
            text::NEXT,
            "lightbox__turn lightbox__turn--next",
        )
    } else {
        (IconName::ChevronLeft, text::PREVIOUS, "lightbox__turn")
    };
    // The neighbours are fetched before they are asked for.
    Effect::new(move || {
        if let (Some(picture), Ok(image)) = (neighbour.get(), web_sys::HtmlImageElement::new()) {
            image.set_src(&picture.address);
        }
    });
    view! {
        <div class=class>
            <IconButton
                icon
                label=t(label)
                disabled=Signal::derive(move || neighbour.with(Option::is_none))
                on:click=move |_| lightbox.step(is_next)
            />
        </div>
    }
}

/// What a key does. True when it did something.
fn press(
    event: &ev::KeyboardEvent,
    lightbox: Lightbox,
    selection: Selection,
    zoom: RwSignal<Zoom>,
) -> bool {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return false;
    }
    match event.key().as_str() {
        "ArrowLeft" => lightbox.step(false),
        "ArrowRight" => lightbox.step(true),
        "Home" => lightbox.end(false),
        "End" => lightbox.end(true),
        "+" | "=" => super::stage::zoom_by(zoom, true),
        "-" => super::stage::zoom_by(zoom, false),
        "0" => zoom.set(Zoom::default()),
        "Delete" => {
            let is_kept = untrack(|| lightbox.picture()).is_some_and(|one| !one.id.is_empty());
            if let Some(key) = lightbox.key().filter(|_| is_kept) {
                selection.ask_to_delete_these(vec![key]);
            }
        }
        _ => return false,
    }
    true
}

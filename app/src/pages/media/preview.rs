//! One item, large.

use super::{state::Media, table::Actions, words};
use crate::{
    components::{Dialog, IconButton, IconName, LocalTime},
    dto::{FoundMedia, MediaKind},
    i18n::{Text, t, text::media as text, use_language},
    reactive::use_open,
    words::sizes,
};
use leptos::prelude::*;

#[component]
pub(super) fn Preview(state: Media) -> impl IntoView {
    let open = use_open(state.shown);
    let found = Memo::new(move |_| {
        let id = state.shown.get()?;
        let items = state.items.read();
        items.iter().find(|found| found.item.id == id).cloned()
    });
    view! {
        <Dialog open title=t(text::PREVIEW)>
            {move || found.get().map(|found| view! { <Shown found state /> })}
        </Dialog>
    }
}

#[component]
fn Shown(found: FoundMedia, state: Media) -> impl IntoView {
    let item = found.item.clone();
    let url = item.url.clone();
    let content = match item.kind {
        MediaKind::Image => {
            let (width, height) = (item.width.max(1), item.height.max(1));
            view! {
                <img class="media-preview__file" src=url alt=item.prompt.clone() width=width height=height />
            }
            .into_any()
        }
        MediaKind::Video => {
            let label = item.prompt.clone();
            view! {
                <video
                    class="media-preview__file"
                    src=url
                    controls
                    preload="metadata"
                    aria-label=label
                ></video>
            }
            .into_any()
        }
    };
    let neighbour = move |by: isize| {
        let id = item.id.clone();
        Memo::new(move |_| {
            let ids = state.ids();
            let at = ids.iter().position(|one| *one == id)?;
            ids.get(at.checked_add_signed(by)?).cloned()
        })
    };
    let (before, after) = (neighbour(-1), neighbour(1));
    let go = move |to: Memo<Option<String>>| {
        if let Some(to) = to.get_untracked() {
            state.shown.set(Some(to));
        }
    };
    let missing = |one: Memo<Option<String>>| Signal::derive(move || one.with(Option::is_none));
    // What follows comes before it is asked for.
    Effect::new(move || {
        let is_idle = !state.load.pending().get() && state.failure.with(Option::is_none);
        if is_idle && after.with(Option::is_none) {
            state.load_more();
        }
    });
    view! {
        <div class="media-preview">
            {content}
            <Details found=found.clone() />
            <div class="media-preview__foot">
                <IconButton
                    icon=IconName::ChevronLeft
                    label=t(text::PREVIOUS)
                    disabled=missing(before)
                    on:click=move |_| go(before)
                />
                <IconButton
                    icon=IconName::ChevronRight
                    label=t(text::NEXT)
                    disabled=missing(after)
                    on:click=move |_| go(after)
                />
                <span class="topbar__space"></span>
                <Actions item=found.item state />
            </div>
        </div>
    }
}

#[component]
fn Details(found: FoundMedia) -> impl IntoView {
    let language = use_language();
    let FoundMedia {
        item,
        caller,
        account,
        request_id,
    } = found;
    let size = sizes(item.width, item.height, item.bytes);
    let row = |label: Text, value: AnyView| {
        view! {
            <dt>{t(label)}</dt>
            <dd>{value}</dd>
        }
    };
    let caller = move || words::caller(&caller, language.get());
    view! {
        <p class="media-preview__prompt">{item.prompt}</p>
        <dl class="media-preview__details">
            {row(text::COLUMN_MODEL, item.model.into_any())}
            {row(text::COLUMN_SIZE, size.into_any())}
            {row(text::COLUMN_TIME, view! { <LocalTime at_ms=item.at_ms /> }.into_any())}
            {row(text::CALLER, caller.into_any())}
            {row(text::ACCOUNT, format!("…{account}").into_any())}
            {row(text::REQUEST, view! { <code>{request_id}</code> }.into_any())}
        </dl>
    }
}

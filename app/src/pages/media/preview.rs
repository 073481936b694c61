//! One item, large.

use super::{state::Media, table::Actions, words};
use crate::{
    components::{Dialog, IconButton, IconName, LocalTime},
    dto::{FoundMedia, MediaKind},
    i18n::{Text, t, text::media as text, use_language},
};
use leptos::prelude::*;

#[component]
pub(super) fn Preview(state: Media) -> impl IntoView {
    let open = RwSignal::new(false);
    Effect::new(move || {
        let is_shown = state.shown.with(Option::is_some);
        if open.get_untracked() != is_shown {
            open.set(is_shown);
        }
    });
    Effect::new(move || {
        if !open.get() && state.shown.with_untracked(Option::is_some) {
            state.shown.set(None);
        }
    });
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
            view! { <video class="media-preview__file" src=url controls preload="metadata"></video> }
                .into_any()
        }
    };
    let step = move |id: &str, by: isize| {
        let ids = untrack(|| state.ids());
        let at = ids.iter().position(|one| one == id)?;
        ids.get(at.checked_add_signed(by)?).cloned()
    };
    let go = move |by: isize| {
        let id = item.id.clone();
        let target = step(&id, by);
        let is_end = target.is_none();
        (is_end, move |_| state.shown.set(target.clone()))
    };
    let ((is_first, back), (is_last, on)) = (go(-1), go(1));
    view! {
        <div class="media-preview">
            {content}
            <Details found=found.clone() />
            <div class="media-preview__foot">
                <IconButton
                    icon=IconName::ChevronLeft
                    label=t(text::PREVIOUS)
                    disabled=Signal::stored(is_first)
                    on:click=back
                />
                <IconButton
                    icon=IconName::ChevronRight
                    label=t(text::NEXT)
                    disabled=Signal::stored(is_last)
                    on:click=on
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
    let size = match words::sides(&item) {
        Some(sides) => format!("{sides} · {}", words::bytes(item.bytes)),
        None => words::bytes(item.bytes),
    };
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

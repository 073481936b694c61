//! The list; cards below 640 px (by CSS).

use super::{deletion::Doomed, state::Media, words};
use crate::{
    components::{
        Button, Checkbox, CopyButton, EmptyState, HeadCell, Icon, IconButton, IconName, LocalTime,
        TableFrame,
    },
    dom,
    dto::{FoundMedia, MediaItem},
    i18n::{Language, Text, t, text::media as text, use_language},
    pages::accounts::Selection,
    words::{bytes, sides},
};
use leptos::prelude::*;

#[component]
pub(super) fn MediaTable(state: Media) -> impl IntoView {
    let is_empty = Memo::new(move |_| state.items.with(Vec::is_empty));
    view! {
        <Show when=move || !is_empty.get() fallback=move || view! { <NoMatch state /> }>
            <TableFrame label=t(text::TABLE)>
                <Head state />
                <tbody>
                    <For
                        each=move || state.items.get()
                        key=|found| found.item.id.clone()
                        let:found
                    >
                        <Row found state />
                    </For>
                </tbody>
            </TableFrame>
            <Show when=move || state.next.with(Option::is_some)>
                <div class="media-more">
                    <Button
                        loading=Signal::derive(move || state.load.pending().get())
                        on:click=move |_| state.load_more()
                    >
                        {t(text::MORE)}
                    </Button>
                </div>
            </Show>
        </Show>
    }
}

#[component]
fn Head(state: Media) -> impl IntoView {
    let with = move |is: fn(&Selection, &[String]) -> bool| {
        Signal::derive(move || {
            state
                .selection
                .with(|selection| is(selection, &state.ids()))
        })
    };
    let (all, some) = (with(Selection::has_all), with(Selection::has_some));
    view! {
        <thead>
            <tr>
                <th scope="col" class="table__check">
                    <Checkbox
                        label=t(text::SELECT_ALL)
                        checked=all
                        mixed=Signal::derive(move || some.get() && !all.get())
                        on:change=move |_| {
                            let ids = untrack(|| state.ids());
                            state.selection.update(|selection| selection.toggle_all(&ids));
                        }
                    />
                </th>
                <HeadCell label=t(text::COLUMN_ITEM) />
                <HeadCell label=t(text::COLUMN_MODEL) />
                <HeadCell label=t(text::COLUMN_SIZE) numeric=true />
                <HeadCell label=t(text::COLUMN_TIME) />
                <HeadCell label=t(text::CALLER) />
                <HeadCell label=t(text::ACCOUNT) />
                <HeadCell label=t(text::COLUMN_ACTIONS) />
            </tr>
        </thead>
    }
}

#[component]
fn Row(found: FoundMedia, state: Media) -> impl IntoView {
    let language = use_language();
    let FoundMedia {
        item,
        caller,
        account,
        ..
    } = found;
    let id = StoredValue::new(item.id.clone());
    let ticked = Memo::new(move |_| {
        id.with_value(|id| state.selection.with(|selection| selection.contains(id)))
    });
    let toggle = move |event: leptos::ev::MouseEvent| {
        let (ids, extend) = (untrack(|| state.ids()), event.shift_key());
        let flip =
            |selection: &mut Selection| id.with_value(|id| selection.toggle(id, extend, &ids));
        state.selection.update(flip);
    };
    let prompt = item.prompt.clone();
    let select_label = move || {
        let prompt = &named(&prompt, language.get());
        text::SelectItem { prompt }.fill(language.get())
    };
    let label = |text: Text| move || text.get(language.get());
    let size = sides(item.width, item.height);
    view! {
        <tr class:is-selected=ticked>
            <td class="table__check">
                <Checkbox label=select_label checked=ticked on:click=toggle />
            </td>
            <th scope="row" class="table__media">
                <Item item=item.clone() state />
            </th>
            <td data-label=label(text::COLUMN_MODEL)>{item.model.clone()}</td>
            <td class="is-numeric" data-label=label(text::COLUMN_SIZE)>
                {bytes(item.bytes)}
                {size.map(|size| view! { <span class="media-sides">{size}</span> })}
            </td>
            <td data-label=label(text::COLUMN_TIME)>
                <LocalTime at_ms=item.at_ms />
            </td>
            <td class="table__caller" data-label=label(text::CALLER)>
                {move || words::caller(&caller, language.get())}
            </td>
            <td data-label=label(text::ACCOUNT)>
                <code>{format!("…{account}")}</code>
            </td>
            <td class="table__actions">
                <Actions item state />
            </td>
        </tr>
    }
}

/// What an item is called.
fn named(prompt: &str, language: Language) -> &str {
    match prompt {
        "" => text::NO_PROMPT.get(language),
        prompt => prompt,
    }
}

/// A small picture and the prompt; a press shows it large.
#[component]
fn Item(item: MediaItem, state: Media) -> impl IntoView {
    let language = use_language();
    let id = item.id.clone();
    let prompt = item.prompt.clone();
    let label = move || named(&prompt, language.get()).to_owned();
    view! {
        <button
            type="button"
            class="media-item"
            on:click=move |_| state.shown.set(Some(id.clone()))
        >
            <span class="media-item__thumb">
                {if item.thumbnail.is_empty() {
                    view! { <Icon name=IconName::Film size=20 /> }.into_any()
                } else {
                    view! {
                        <img src=item.thumbnail alt="" width="48" height="48" loading="lazy" />
                    }
                        .into_any()
                }}
            </span>
            <span class="media-item__prompt">{label}</span>
        </button>
    }
}

/// Open, copy the address, delete.
#[component]
pub(super) fn Actions(item: MediaItem, state: Media) -> impl IntoView {
    let language = use_language();
    let MediaItem { id, url, .. } = item;
    let address = url.clone();
    view! {
        <a
            class="icon-button icon-button--small"
            href=url
            target="_blank"
            rel="noopener external"
            aria-label=t(text::OPEN)
            title=t(text::OPEN)
        >
            <Icon name=IconName::ExternalLink />
        </a>
        <span title=move || text::COPY_LINK.get(language.get())>
            <CopyButton text=move || format!("{}{address}", dom::origin()) />
        </span>
        <IconButton
            icon=IconName::Trash2
            label=t(text::DELETE)
            on:click=move |_| state.doomed.set(Some(Doomed::Chosen(vec![id.clone()])))
        />
    }
}

#[component]
fn NoMatch(state: Media) -> impl IntoView {
    view! {
        <EmptyState
            icon=IconName::Search
            title=t(text::NO_MATCH_TITLE)
            text=t(text::NO_MATCH_TEXT)
        >
            <Button on:click=move |_| state.filters.reset()>{t(text::RESET)}</Button>
        </EmptyState>
    }
}

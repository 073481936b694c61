//! The list itself; cards below 640 px (by CSS).

use super::{row::Row, state::Accounts};
use crate::{
    components::{Button, Checkbox, EmptyState, HeadCell, IconName, SortHeader, TableFrame},
    dom,
    dto::{AccountRow, AccountSort},
    i18n::{Text, t, text::accounts},
};
use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;

#[component]
pub(super) fn AccountTable(state: Accounts) -> impl IntoView {
    let is_empty = Memo::new(move |_| state.list.with(|list| list.rows.is_empty()));
    let body = NodeRef::<html::Tbody>::new();
    view! {
        <Show when=move || !is_empty.get() fallback=move || view! { <NoMatch state /> }>
            <TableFrame label=t(accounts::TABLE)>
                <Head state />
                <tbody node_ref=body on:keydown=move |event| press(&event, body)>
                    <For
                        each=move || state.list.with(|list| list.rows.clone())
                        key=|row| row.id.clone()
                        let:row
                    >
                        <Row row=live_row(state, row) state />
                    </For>
                </tbody>
            </TableFrame>
        </Show>
    }
}

/// Arrows lead from row to row, Space ticks one; Enter opens it, as on every button.
fn press(event: &ev::KeyboardEvent, body: NodeRef<html::Tbody>) {
    let active = document().active_element();
    let Some(row) = active.filter(|active| active.class_list().contains("table__open")) else {
        return;
    };
    let step = match event.key().as_str() {
        "ArrowDown" => 1,
        "ArrowUp" => -1,
        " " => 0,
        _ => return,
    };
    event.prevent_default();
    if let (1 | -1, Some(body)) = (step, body.get_untracked()) {
        return dom::move_focus(&body, ".table__open", step);
    }
    let found = row.closest("tr").ok().flatten();
    let tick = found.and_then(|row| row.query_selector(".checkbox").ok().flatten());
    if let Some(tick) = tick.and_then(|tick| tick.dyn_into::<web_sys::HtmlElement>().ok()) {
        tick.click();
    }
}

/// The newest data of a row; the last known while it leaves the list.
fn live_row(state: Accounts, row: AccountRow) -> Memo<AccountRow> {
    Memo::new(move |_| {
        state.list.with(|list| {
            list.rows
                .iter()
                .find(|fresh| fresh.id == row.id)
                .unwrap_or(&row)
                .clone()
        })
    })
}

#[component]
fn Head(state: Accounts) -> impl IntoView {
    let filters = state.filters;
    let sorted = move |label: Text, sort: AccountSort, numeric: bool| {
        let on_sort = Callback::new(move |()| filters.sort_by(sort));
        view! { <SortHeader label=t(label) order=filters.order_of(sort) on_sort numeric /> }
    };
    let all = Signal::derive(move || {
        state.is_everything.get() || state.selection.with(|s| s.has_all(&state.shown_ids()))
    });
    let some = Signal::derive(move || state.selection.with(|s| s.has_some(&state.shown_ids())));
    view! {
        <thead>
            <tr>
                <th scope="col" class="table__check">
                    <Checkbox
                        label=t(accounts::SELECT_ALL)
                        checked=all
                        mixed=Signal::derive(move || some.get() && !all.get())
                        on:change=move |_| {
                            let shown = untrack(|| state.shown_ids());
                            state.tick(|selection| selection.toggle_all(&shown));
                        }
                    />
                </th>
                <HeadCell label=t(accounts::COLUMN_ACCOUNT) />
                {sorted(accounts::COLUMN_STATUS, AccountSort::Status, false)}
                {sorted(accounts::COLUMN_QUOTA, AccountSort::Quota, false)}
                {sorted(accounts::COLUMN_LAST_USED, AccountSort::LastUsed, false)}
                {sorted(accounts::COLUMN_USES, AccountSort::UseCount, true)}
                {sorted(accounts::COLUMN_ADDED, AccountSort::CreatedAt, false)}
                <HeadCell label=t(accounts::COLUMN_NOTE) />
                <th scope="col" class="table__menu">
                    <span class="visually-hidden">{t(accounts::ACTIONS)}</span>
                </th>
            </tr>
        </thead>
    }
}

#[component]
fn NoMatch(state: Accounts) -> impl IntoView {
    view! {
        <EmptyState
            icon=IconName::Search
            title=t(accounts::NO_MATCH_TITLE)
            text=t(accounts::NO_MATCH_TEXT)
        >
            <Button on:click=move |_| state.filters.reset()>{t(accounts::RESET_FILTER)}</Button>
        </EmptyState>
    }
}

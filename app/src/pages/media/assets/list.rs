//! The accounts one by one.

use super::state::{Assets, Whose};
use crate::{
    components::{
        Badge, Button, ButtonVariant, Checkbox, HeadCell, IconName, LocalTime, StatusDot,
        TableFrame, Tone,
    },
    dto::{AccountStatus, AssetAccount, AssetWork, Tier},
    i18n::{
        Text, t,
        text::{accounts, media as text},
        use_language,
    },
    pages::accounts::Selection,
    words::group,
};
use leptos::prelude::*;

#[component]
pub(super) fn AssetList(state: Assets) -> impl IntoView {
    let accounts = move || {
        let list = state.list.read();
        list.as_ref()
            .map(|list| list.accounts.clone())
            .unwrap_or_default()
    };
    let all = Signal::derive(move || state.selection.with(|ticked| ticked.has_all(&state.ids())));
    let some = Signal::derive(move || state.selection.with(|ticked| ticked.has_some(&state.ids())));
    view! {
        <TableFrame label=t(text::GROK_TABLE)>
            <thead>
                <tr>
                    <th scope="col" class="table__check">
                        <Checkbox
                            label=t(accounts::SELECT_ALL)
                            checked=all
                            mixed=Signal::derive(move || some.get() && !all.get())
                            on:change=move |_| {
                                let ids = untrack(|| state.ids());
                                state.selection.update(|selection| selection.toggle_all(&ids));
                            }
                        />
                    </th>
                    <HeadCell label=t(text::ACCOUNT) />
                    <HeadCell label=t(accounts::COLUMN_STATUS) />
                    <HeadCell label=t(text::FILES) numeric=true />
                    <HeadCell label=t(text::COUNTED_AT) />
                    <HeadCell label=t(text::CLEARED_AT) />
                    <HeadCell label=t(text::COLUMN_ACTIONS) />
                </tr>
            </thead>
            <tbody>
                <For each=accounts key=|account| account.id.clone() let:account>
                    <Row account=live(state, account) state />
                </For>
            </tbody>
        </TableFrame>
    }
}

/// The newest data of an account.
fn live(state: Assets, account: AssetAccount) -> Memo<AssetAccount> {
    Memo::new(move |_| {
        let list = state.list.read();
        let mut accounts = list.iter().flat_map(|list| &list.accounts);
        let fresh = accounts.find(|fresh| fresh.id == account.id);
        fresh.unwrap_or(&account).clone()
    })
}

#[component]
fn Row(account: Memo<AssetAccount>, state: Assets) -> impl IntoView {
    let language = use_language();
    let label = |text: Text| move || text.get(language.get());
    let first = account.get_untracked();
    let id = StoredValue::new(first.id.clone());
    let ticked = Memo::new(move |_| {
        id.with_value(|id| state.selection.with(|selection| selection.contains(id)))
    });
    let toggle = move |event: leptos::ev::MouseEvent| {
        let (ids, extend) = (untrack(|| state.ids()), event.shift_key());
        let flip =
            |selection: &mut Selection| id.with_value(|id| selection.toggle(id, extend, &ids));
        state.selection.update(flip);
    };
    let masked = first.masked.clone();
    let select_label = move || accounts::SelectRow { account: &masked }.fill(language.get());
    let (status_tone, status) = match first.status {
        AccountStatus::Active => (Tone::Success, accounts::ACTIVE),
        AccountStatus::Cooling => (Tone::Warning, accounts::COOLING),
        AccountStatus::Expired => (Tone::Danger, accounts::REFUSED),
        AccountStatus::Disabled => (Tone::Neutral, accounts::DISABLED),
    };
    let tier = match first.tier {
        Tier::Basic => accounts::TIER_BASIC,
        Tier::Super => accounts::TIER_SUPER,
        Tier::Heavy => accounts::TIER_HEAVY,
    };
    let count = move || {
        account.with(|account| match account.count {
            Some(count) if account.is_cut => format!("{}+", group(count.into())),
            Some(count) => group(count.into()),
            None => text::NOT_COUNTED.get(language.get()).to_owned(),
        })
    };
    let counted = Memo::new(move |_| account.with(|account| account.counted_at_ms));
    let cleared = Memo::new(move |_| account.with(|account| account.cleared_at_ms));
    view! {
        <tr class:is-selected=ticked>
            <td class="table__check">
                <Checkbox label=select_label checked=ticked on:click=toggle />
            </td>
            <th scope="row" class="table__account">
                <code class="table__masked">{first.masked}</code>
                <Badge>{t(tier)}</Badge>
            </th>
            <td class="table__status">
                <span class="status">
                    <StatusDot tone=Signal::stored(status_tone) />
                    {t(status)}
                </span>
            </td>
            <td class="is-numeric" data-label=label(text::FILES)>
                <span class:muted=move || account.with(|account| account.count.is_none())>
                    {count}
                </span>
            </td>
            <td data-label=label(text::COUNTED_AT)>{move || time(counted.get())}</td>
            <td data-label=label(text::CLEARED_AT)>{move || time(cleared.get())}</td>
            <td class="table__actions">
                <RowActions account state />
            </td>
        </tr>
    }
}

fn time(at_ms: Option<i64>) -> AnyView {
    match at_ms {
        Some(at_ms) => view! { <LocalTime at_ms /> }.into_any(),
        None => view! { <span class="muted">"—"</span> }.into_any(),
    }
}

#[component]
fn RowActions(account: Memo<AssetAccount>, state: Assets) -> impl IntoView {
    let language = use_language();
    let busy = Signal::derive(move || state.is_running());
    let masked = account.get_untracked().masked;
    let named = StoredValue::new(masked);
    let count_label =
        move || named.with_value(|account| text::CountOf { account }.fill(language.get()));
    let clear_label =
        move || named.with_value(|account| text::ClearOf { account }.fill(language.get()));
    view! {
        <Button
            variant=ButtonVariant::Ghost
            icon=IconName::RefreshCw
            disabled=busy
            attr:aria-label=count_label
            on:click=move |_| {
                state.start(AssetWork::Count, Some(vec![account.get_untracked().id]));
            }
        >
            {t(text::COUNT_THIS)}
        </Button>
        <Button
            variant=ButtonVariant::Ghost
            icon=IconName::Trash2
            disabled=busy
            attr:aria-label=clear_label
            on:click=move |_| state.ask(Whose::One(account.get_untracked()))
        >
            {t(text::CLEAR)}
        </Button>
    }
}

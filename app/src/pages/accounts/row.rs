//! One account.

use super::{
    state::{Accounts, MenuOf, OpenMenu},
    words::why,
};
use crate::{
    components::{Badge, Checkbox, IconButton, IconName, LocalTime, QuotaBar, StatusDot, Tone},
    dto::{AccountRow, Condition, Tier},
    i18n::{
        Language, Text, t,
        text::{accounts, shell},
        use_language,
    },
    words::group,
};
use leptos::prelude::*;

#[component]
pub(super) fn Row(row: Memo<AccountRow>, state: Accounts) -> impl IntoView {
    let language = use_language();
    let id = StoredValue::new(row.get_untracked().id);
    let ticked = Memo::new(move |_| {
        let is_ticked = id.with_value(|id| state.selection.with(|s| s.contains(id)));
        is_ticked || state.is_everything.get()
    });
    let toggle = move |event: leptos::ev::MouseEvent| {
        let shown = untrack(|| state.shown_ids());
        let extend = event.shift_key();
        state.tick(|selection| id.with_value(|id| selection.toggle(id, extend, &shown)));
    };
    let select_label = move || {
        row.with(|row| {
            accounts::SelectRow {
                account: &row.masked,
            }
            .fill(language.get())
        })
    };
    let last_used = Memo::new(move |_| row.with(|row| row.last_used_at_ms));
    let is_out = move || row.with(|row| row.condition.is_out());
    let label = |text: Text| move || text.get(language.get());
    let note = move || row.with(|row| note(row, language.get()));
    view! {
        <tr class:is-selected=ticked class:is-out=is_out>
            <td class="table__check">
                <Checkbox label=select_label checked=ticked on:click=toggle />
            </td>
            <th scope="row" class="table__account">
                <Identity row state />
            </th>
            <td class="table__status">
                <Status row />
            </td>
            <td class="table__quota" data-label=label(accounts::COLUMN_QUOTA)>
                <Quota row />
            </td>
            <td data-label=label(accounts::COLUMN_LAST_USED)>
                {move || match last_used.get() {
                    Some(at_ms) => view! { <LocalTime at_ms /> }.into_any(),
                    None => view! { <span class="muted">{t(accounts::NEVER)}</span> }.into_any(),
                }}
            </td>
            <td class="is-numeric" data-label=label(accounts::COLUMN_USES)>
                {move || group(row.with(|row| row.use_count))}
            </td>
            <td data-label=label(accounts::COLUMN_ADDED)>
                <LocalTime at_ms=row.get_untracked().created_at_ms />
            </td>
            <td class="table__note" title=move || note().unwrap_or_default()>
                {note}
            </td>
            <td class="table__menu">
                <MenuButton row state />
            </td>
        </tr>
    }
}

#[component]
fn Identity(row: Memo<AccountRow>, state: Accounts) -> impl IntoView {
    let language = use_language();
    let tier = Memo::new(move |_| row.with(|row| row.tier));
    let tags = Memo::new(move |_| row.with(|row| row.tags.clone()));
    let open = move |_| {
        state
            .opened
            .set(Some(row.with_untracked(|row| row.id.clone())))
    };
    let label = move || {
        row.with(|row| {
            accounts::OpenRow {
                account: &row.masked,
            }
            .fill(language.get())
        })
    };
    let tag = move |tag: String| {
        let (shown, title) = (tag.clone(), tag.clone());
        let title = move || accounts::FilterByTag { tag: &title }.fill(language.get());
        let filter = move |_| state.filters.tag.set(tag.clone());
        view! {
            <button type="button" class="badge tone-neutral table__tag" title=title on:click=filter>
                {shown}
            </button>
        }
    };
    view! {
        <button type="button" class="table__open" aria-label=label on:click=open>
            <code class="table__masked">{move || row.with(|row| row.masked.clone())}</code>
        </button>
        {move || match tier.get() {
            Tier::Basic => view! { <Badge>{t(accounts::TIER_BASIC)}</Badge> },
            Tier::Super => {
                view! { <Badge tone=Tone::Accent>{t(accounts::TIER_SUPER)}</Badge> }
            }
            Tier::Heavy => {
                view! { <Badge tone=Tone::Accent>{t(accounts::TIER_HEAVY)}</Badge> }
            }
        }}
        {move || tags.get().into_iter().map(tag).collect_view()}
    }
}

/// Opens the row's menu, which comes with the code that is fetched later.
#[component]
fn MenuButton(row: Memo<AccountRow>, state: Accounts) -> impl IntoView {
    let language = use_language();
    let id = row.with_untracked(|row| row.id.clone());
    let (button, of) = (format!("menu-{id}"), MenuOf::Row(id));
    let menu = OpenMenu {
        of,
        button: button.clone(),
    };
    let label = move || {
        row.with(|row| {
            accounts::ActionsOf {
                account: &row.masked,
            }
            .fill(language.get())
        })
    };
    view! {
        <IconButton
            icon=IconName::Ellipsis
            label
            attr:id=button
            attr:aria-haspopup="menu"
            on:click=move |_| state.menu.set(Some(menu.clone()))
        />
    }
}

/// The state as a word, until when, and why.
#[component]
fn Status(row: Memo<AccountRow>) -> impl IntoView {
    let condition = Memo::new(move |_| row.with(|row| row.condition));
    let until = Memo::new(move |_| row.with(|row| row.cooldown.map(|cooldown| cooldown.until_ms)));
    let language = use_language();
    let is_timed = move || condition.get() == Condition::Cooling;
    view! {
        <span class="status">
            <StatusDot tone=Signal::derive(move || condition.get().tone()) />
            <span>{move || condition.get().word().get(language.get())}</span>
            {move || {
                let at_ms = until.get().filter(|_| is_timed())?;
                Some(view! { <span>{t(accounts::UNTIL)} " " <LocalTime at_ms /></span> })
            }}
        </span>
        <span class="status__why">{move || row.with(|row| second_line(row, language.get()))}</span>
    }
}

/// What the operator has noted; the demo's accounts say what they are.
fn note(row: &AccountRow, language: Language) -> Option<String> {
    if row.is_demo {
        return Some(shell::DEMO.get(language).to_owned());
    }
    (!row.note.is_empty()).then(|| row.note.clone())
}

/// The quieter line under the state: why it is so, how often, and what is going on.
fn second_line(row: &AccountRow, language: Language) -> Option<String> {
    if row.in_flight > 0 {
        return Some(accounts::IN_FLIGHT.fill(language, row.in_flight.into()));
    }
    let why = why(row)?.get(language);
    Some(match row.fail_count {
        count @ 2.. if row.condition == Condition::Failing => {
            format!(
                "{why} ({})",
                accounts::FAILURES.fill(language, count.into())
            )
        }
        _ => why.to_owned(),
    })
}

/// What Grok has told; a dash before it has told anything.
#[component]
fn Quota(row: Memo<AccountRow>) -> impl IntoView {
    let language = use_language();
    let quota = Memo::new(move |_| {
        row.with(|row| {
            let is_refused = matches!(row.condition, Condition::Refused | Condition::Blocked);
            let is_known = row.last_sync_at_ms.is_some() && !is_refused;
            is_known.then_some((row.quota, row.quota_limit))
        })
    });
    let label = move || {
        row.with(|row| {
            accounts::QuotaOf {
                account: &row.masked,
            }
            .fill(language.get())
        })
    };
    move || match quota.get() {
        Some((left, limit)) => view! { <QuotaBar label left limit /> }.into_any(),
        None => {
            let title = move || accounts::QUOTA_UNKNOWN.get(language.get());
            view! {
                <span class="muted" title=title>
                    <span aria-hidden="true">"—"</span>
                    <span class="visually-hidden">{title}</span>
                </span>
            }
            .into_any()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::words::tests::row, *};

    #[test]
    fn the_demos_accounts_say_what_they_are_in_the_readers_language() {
        let mut row = row(Condition::Active);
        assert_eq!(note(&row, Language::ALL[0]), None);
        row.note = "Demo".to_owned();
        let noted = Language::ALL.map(|language| note(&row, language));
        assert!(noted.iter().all(|said| said.as_deref() == Some("Demo")));
        row.is_demo = true;
        for language in Language::ALL {
            assert_eq!(
                note(&row, language).as_deref(),
                Some(shell::DEMO.get(language))
            );
        }
    }

    #[test]
    fn failures_in_a_row_are_counted_from_the_second_on() {
        let language = Language::ALL[0];
        let mut row = row(Condition::Failing);
        (row.fail_count, row.last_fail_reason) = (1, Some("timeout".to_owned()));
        let once = second_line(&row, language).unwrap_or_default();
        assert_eq!(once, accounts::FAIL_LATE.get(language));
        row.fail_count = 3;
        let thrice = second_line(&row, language).unwrap_or_default();
        assert!(
            thrice.starts_with(&once) && thrice.contains('3'),
            "{thrice}"
        );
    }
}

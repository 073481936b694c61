//! One account.

use super::state::Accounts;
use crate::{
    components::{Badge, Checkbox, LocalTime, QuotaBar, StatusDot, Tone},
    dto::{AccountRow, AccountStatus, CooldownReason, Tier},
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
        id.with_value(|id| state.selection.with(|selection| selection.contains(id)))
    });
    let toggle = move |event: leptos::ev::MouseEvent| {
        let shown = untrack(|| state.shown_ids());
        let extend = event.shift_key();
        state.selection.update(|selection| {
            id.with_value(|id| selection.toggle(id, extend, &shown));
        });
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
    let is_out = move || {
        row.with(|row| matches!(row.status, AccountStatus::Expired | AccountStatus::Disabled))
    };
    let label = |text: Text| move || text.get(language.get());
    let note = move || row.with(|row| note(row, language.get()));
    view! {
        <tr class:is-selected=ticked class:is-out=is_out>
            <td class="table__check">
                <Checkbox label=select_label checked=ticked on:click=toggle />
            </td>
            <th scope="row" class="table__account">
                <Identity row />
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
        </tr>
    }
}

#[component]
fn Identity(row: Memo<AccountRow>) -> impl IntoView {
    let tier = Memo::new(move |_| row.with(|row| row.tier));
    let tags = Memo::new(move |_| row.with(|row| row.tags.clone()));
    view! {
        <code class="table__masked">{move || row.with(|row| row.masked.clone())}</code>
        {move || match tier.get() {
            Tier::Basic => view! { <Badge>{t(accounts::TIER_BASIC)}</Badge> },
            Tier::Super => {
                view! { <Badge tone=Tone::Accent>{t(accounts::TIER_SUPER)}</Badge> }
            }
            Tier::Heavy => {
                view! { <Badge tone=Tone::Accent>{t(accounts::TIER_HEAVY)}</Badge> }
            }
        }}
        {move || tags.get().into_iter().map(|tag| view! { <Badge>{tag}</Badge> }).collect_view()}
    }
}

/// The state as a word, until when, and why.
#[component]
fn Status(row: Memo<AccountRow>) -> impl IntoView {
    let status = Memo::new(move |_| row.with(|row| row.status));
    let until = Memo::new(move |_| row.with(|row| row.cooldown.map(|cooldown| cooldown.until_ms)));
    let language = use_language();
    let tone = Signal::derive(move || match status.get() {
        AccountStatus::Active => Tone::Success,
        AccountStatus::Cooling => Tone::Warning,
        AccountStatus::Expired => Tone::Danger,
        AccountStatus::Disabled => Tone::Neutral,
    });
    let word = move || {
        let word = match status.get() {
            AccountStatus::Active => accounts::ACTIVE,
            AccountStatus::Cooling => accounts::COOLING,
            AccountStatus::Expired => accounts::EXPIRED,
            AccountStatus::Disabled => accounts::DISABLED,
        };
        word.get(language.get())
    };
    view! {
        <span class="status">
            <StatusDot tone />
            <span>{word}</span>
            {move || {
                let at_ms = until.get().filter(|_| status.get() == AccountStatus::Cooling)?;
                Some(view! { <span>{t(accounts::UNTIL)} " " <LocalTime at_ms /></span> })
            }}
        </span>
        <span class="status__why" title=move || row.with(|row| row.last_fail_reason.clone())>
            {move || row.with(|row| why(row, language.get()))}
        </span>
    }
}

/// What the operator has noted; the demo's accounts say what they are.
fn note(row: &AccountRow, language: Language) -> Option<String> {
    if row.is_demo {
        return Some(shell::DEMO.get(language).to_owned());
    }
    (!row.note.is_empty()).then(|| row.note.clone())
}

/// The quieter line under the state.
fn why(row: &AccountRow, language: Language) -> Option<String> {
    let plain = |text: Text| Some(text.get(language).to_owned());
    match row.status {
        AccountStatus::Cooling => plain(reason(row.cooldown?.reason)),
        AccountStatus::Expired => plain(accounts::REASON_EXPIRED),
        AccountStatus::Active if row.in_flight > 0 => {
            Some(accounts::IN_FLIGHT.fill(language, row.in_flight.into()))
        }
        AccountStatus::Active if row.fail_count > 0 => {
            Some(accounts::FAILURES.fill(language, row.fail_count.into()))
        }
        AccountStatus::Active | AccountStatus::Disabled => None,
    }
}

const fn reason(reason: CooldownReason) -> Text {
    match reason {
        CooldownReason::RateLimited => accounts::REASON_RATE_LIMITED,
        CooldownReason::QuotaEmpty => accounts::REASON_QUOTA_EMPTY,
        CooldownReason::UpstreamErrors => accounts::REASON_UPSTREAM_ERRORS,
    }
}

#[component]
fn Quota(row: Memo<AccountRow>) -> impl IntoView {
    let language = use_language();
    let quota = Memo::new(move |_| row.with(|row| (row.quota, row.quota_limit)));
    let label = move || {
        row.with(|row| {
            accounts::QuotaOf {
                account: &row.masked,
            }
            .fill(language.get())
        })
    };
    move || {
        let (left, limit) = quota.get();
        view! { <QuotaBar label left limit /> }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dto::Cooldown;

    fn cooling(reason: CooldownReason) -> AccountRow {
        AccountRow {
            id: "a".into(),
            masked: "…0001".into(),
            tier: Tier::Basic,
            status: AccountStatus::Cooling,
            quota: 0,
            quota_limit: 80,
            cooldown: Some(Cooldown {
                until_ms: 1,
                reason,
            }),
            last_used_at_ms: None,
            created_at_ms: 0,
            use_count: 0,
            fail_count: 0,
            last_fail_reason: None,
            in_flight: 0,
            tags: Vec::new(),
            note: String::new(),
            is_demo: false,
        }
    }

    #[test]
    fn the_demos_accounts_say_what_they_are_in_the_readers_language() {
        let mut row = cooling(CooldownReason::QuotaEmpty);
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
    fn every_cooldown_says_why_in_every_language() {
        let reasons = [
            CooldownReason::RateLimited,
            CooldownReason::QuotaEmpty,
            CooldownReason::UpstreamErrors,
        ];
        for language in Language::ALL {
            let mut texts = reasons.map(|reason| why(&cooling(reason), language));
            assert!(texts.iter().flatten().all(|text| !text.is_empty()));
            texts.sort();
            assert!(texts.windows(2).all(|pair| pair[0] != pair[1]), "{texts:?}");
        }
    }
}

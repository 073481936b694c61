//! The numbers above the list.

use super::state::Accounts;
use crate::{
    components::{Stat, Tone},
    dto::AccountCounts,
    i18n::{t, text::accounts, use_language},
    words::group,
};
use leptos::prelude::*;

/// Accounts by state and the quota that is left.
#[component]
pub(super) fn Stats(state: Accounts) -> impl IntoView {
    let language = use_language();
    let counts = Memo::new(move |_| state.list.with(|list| list.counts));
    let number = move |pick: fn(&AccountCounts) -> u64| move || group(counts.with(pick));
    let out_note = move || {
        counts.with(|counts| {
            accounts::StatOutNote {
                refused: &group(counts.refused.into()),
                blocked: &group(counts.blocked.into()),
                disabled: &group(counts.disabled.into()),
            }
            .fill(language.get())
        })
    };
    let active_note = move || {
        counts.with(|counts| {
            accounts::StatActiveNote {
                failing: &group(counts.failing.into()),
                unknown: &group(counts.unknown.into()),
            }
            .fill(language.get())
        })
    };
    view! {
        <dl class="stats" aria-label=t(accounts::STATS)>
            <Stat label=t(accounts::STAT_TOTAL) value=number(|c| c.total.into()) />
            <Stat
                label=t(accounts::ACTIVE)
                value=number(|c| c.active.into())
                note=active_note
                tone=Tone::Success
            />
            <Stat
                label=t(accounts::COOLING)
                value=number(|c| c.cooling.into())
                tone=Tone::Warning
            />
            <Stat
                label=t(accounts::STAT_OUT)
                value=number(|c| u64::from(c.refused) + u64::from(c.blocked) + u64::from(c.disabled))
                note=out_note
                tone=Tone::Danger
            />
            <Stat
                label=t(accounts::STAT_QUOTA)
                value=number(|c| c.quota_left)
                note=t(accounts::STAT_QUOTA_NOTE)
            />
        </dl>
    }
}

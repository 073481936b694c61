//! What can be done with the ticked rows.

use super::{
    actions::{Chosen, Questions, Writes},
    jobs::Jobs,
    state::Accounts,
};
use crate::{
    components::{Button, ButtonVariant, IconButton, IconName},
    dto::{AccountSwitch, JobKind},
    i18n::{t, text::accounts, use_language},
};
use leptos::prelude::*;

/// Appears while rows are ticked.
#[component]
pub(super) fn BulkBar(
    state: Accounts,
    writes: Writes,
    jobs: Jobs,
    questions: Questions,
) -> impl IntoView {
    let language = use_language();
    let count = Memo::new(move |_| state.ticked_count());
    let any_ticked = move || count.get() > 0;
    let said = move || accounts::SELECTED.fill(language.get(), count.get());
    view! {
        // Here before there is something to tell, or it is not told.
        <p class="visually-hidden" role="status">
            {move || (count.get() > 0).then(said)}
        </p>
        <Show when=any_ticked>
            <div class="bulk" role="toolbar" aria-label=t(accounts::BULK)>
                <span class="bulk__count" aria-hidden="true">
                    {said}
                </span>
                <Everything state />
                <Deeds state writes jobs questions />
                <IconButton
                    icon=IconName::X
                    label=t(accounts::CLEAR)
                    on:click=move |_| state.untick()
                />
            </div>
        </Show>
    }
}

/// Offers to tick what is on other pages, once all on this one are ticked.
#[component]
fn Everything(state: Accounts) -> impl IntoView {
    let language = use_language();
    let offered = Memo::new(move |_| {
        let matched = state.list.with(|list| list.matched);
        let is_page = state.selection.with(|s| s.has_all(&state.shown_ids()));
        let ticked = state.selection.with(super::selection::Selection::len);
        (is_page && !state.is_everything.get() && ticked < matched as usize).then_some(matched)
    });
    move || {
        let matched = offered.get()?;
        let label = move || accounts::SELECT_FOUND.fill(language.get(), matched.into());
        Some(view! {
            <Button variant=ButtonVariant::Ghost on:click=move |_| state.is_everything.set(true)>
                {label}
            </Button>
        })
    }
}

#[component]
fn Deeds(state: Accounts, writes: Writes, jobs: Jobs, questions: Questions) -> impl IntoView {
    let busy = Signal::derive(move || writes.is_busy());
    let switch = move |switch| move |_| writes.switch(state.ticked(), switch);
    let check = move |_| {
        jobs.start(JobKind::RefreshAccounts, state.ticked());
        state.untick();
    };
    let count = move || untrack(move || state.ticked_count());
    let delete = move |_| writes.delete(state.ticked(), count());
    let ask = move |question: RwSignal<Option<Chosen>>| {
        move |_| {
            question.set(Some(Chosen {
                choice: state.ticked(),
                count: count(),
            }));
        }
    };
    view! {
        <Button icon=IconName::RefreshCw on:click=check>
            {t(accounts::CHECK)}
        </Button>
        <Button
            icon=IconName::Power
            disabled=busy
            on:click=switch(AccountSwitch::Enable)
        >
            {t(accounts::ENABLE)}
        </Button>
        <Button
            icon=IconName::PowerOff
            disabled=busy
            on:click=switch(AccountSwitch::Disable)
        >
            {t(accounts::DISABLE)}
        </Button>
        <Button
            icon=IconName::Undo2
            disabled=busy
            attr:title=t(accounts::RESET_HINT)
            on:click=switch(AccountSwitch::Reset)
        >
            {t(accounts::RESET)}
        </Button>
        <Button icon=IconName::SlidersHorizontal on:click=ask(questions.settling)>
            {t(accounts::SETTINGS)}
        </Button>
        <Button icon=IconName::Download on:click=ask(questions.exporting)>
            {t(accounts::EXPORT)}
        </Button>
        <Button variant=ButtonVariant::Danger icon=IconName::Trash2 disabled=busy on:click=delete>
            {t(accounts::DELETE)}
        </Button>
    }
}

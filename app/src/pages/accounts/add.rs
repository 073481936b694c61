//! Adding accounts by pasting their cookies.

use super::{
    jobs::Jobs,
    preview::{Preview, use_preview},
    state::Accounts,
};
use crate::{
    api::{
        accounts::{add_accounts, open_to_visitors},
        jobs::start_import,
    },
    browser::files::{file_text, listed},
    components::{Button, ButtonVariant, Dialog, Icon, IconName, Textarea, describe, use_toaster},
    dom,
    dto::{Demo, Tier, Visitors},
    error::UiError,
    i18n::{t, text::accounts, text::common, use_language},
    session::use_viewer,
};
use leptos::prelude::*;

/// More accounts than this are added by a job.
const MANY: u32 = 500;

/// What was entered. The cookies are secrets, so it is kept in memory alone.
#[derive(Clone, Copy)]
struct Entry {
    text: RwSignal<String>,
    tier: RwSignal<Tier>,
}

impl Entry {
    fn new() -> Self {
        Self {
            text: RwSignal::new(String::new()),
            tier: RwSignal::new(Tier::Basic),
        }
    }

    fn clear(self) {
        self.text.set(String::new());
        self.tier.set(Tier::Basic);
    }
}

/// The dialog that adds accounts. What was entered outlives it until the page is left, unless it is
/// cancelled or added.
#[component]
pub(super) fn AddDialog(state: Accounts, jobs: Jobs) -> impl IntoView {
    let (open, entry) = (state.adding, Entry::new());
    view! {
        <Dialog open title=t(accounts::ADD_TITLE)>
            <AddForm entry state jobs />
        </Dialog>
    }
}

#[component]
fn AddForm(entry: Entry, state: Accounts, jobs: Jobs) -> impl IntoView {
    let open = state.adding;
    let language = use_language();
    let viewer = use_viewer();
    let (is_first, visitors) = (viewer.demo == Demo::UntilFirstAccount, viewer.visitors);
    let let_in = RwSignal::new(false);
    let preview = use_preview(entry.text);
    let new = Memo::new(move |_| preview.get().and_then(Result::ok).map_or(0, |p| p.new));
    let add = use_add(entry, let_in, state, jobs);
    let error = Signal::derive(move || {
        let failed = add.value().get().and_then(Result::err);
        let error = failed.or_else(|| preview.get().and_then(Result::err))?;
        Some(describe(&error, language.get()))
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if new.get_untracked() > 0 {
            add.dispatch_local(new.get_untracked());
        }
    };
    view! {
        <form class="form" on:submit=submit>
            <Textarea
                id="cookies"
                label=t(accounts::ADD_LABEL)
                hint=t(accounts::ADD_HINT)
                placeholder=t(accounts::ADD_PLACEHOLDER)
                value=entry.text
                rows=if is_first { 4 } else { 7 }
                mono=true
                error
            />
            <FromFile text=entry.text />
            <TierChoice tier=entry.tier name="tier" />
            {is_first.then(|| view! { <AfterDemo visitors let_in /> })}
            <Preview preview text=entry.text />
            <Foot open entry new pending=add.pending() />
        </form>
    }
}

#[component]
fn Foot(
    open: RwSignal<bool>,
    entry: Entry,
    /// How many accounts there are to add.
    new: Memo<u32>,
    pending: Memo<bool>,
) -> impl IntoView {
    let language = use_language();
    let cancel = move |_| {
        entry.clear();
        open.set(false);
    };
    let submit_text = move || match new.get() {
        0 => accounts::ADD_SUBMIT_NONE.get(language.get()).to_owned(),
        count => accounts::ADD_SUBMIT.fill(language.get(), count.into()),
    };
    view! {
        <footer class="modal__foot">
            <Button on:click=cancel>{t(common::CANCEL)}</Button>
            <Button
                variant=ButtonVariant::Primary
                submit=true
                loading=pending
                disabled=Signal::derive(move || new.get() == 0)
            >
                {submit_text}
            </Button>
        </footer>
    }
}

/// Adds what was entered, and says so; many by a job, whose progress is seen.
fn use_add(
    entry: Entry,
    let_in: RwSignal<bool>,
    state: Accounts,
    jobs: Jobs,
) -> Action<u32, Result<(), UiError>> {
    let (toaster, language) = (use_toaster(), use_language());
    let demo = use_viewer().demo;
    Action::new_local(move |new: &u32| {
        let (text, tier) = (entry.text.get_untracked(), entry.tier.get_untracked());
        let is_job = *new > MANY && demo != Demo::UntilFirstAccount;
        async move {
            if let_in.get_untracked() {
                // First: where it fails nothing has happened yet, and the demo still answers.
                open_to_visitors().await?;
            }
            if is_job {
                jobs.begin(Box::pin(start_import(text, tier)));
                entry.clear();
                state.adding.set(false);
                return Ok(());
            }
            let added = add_accounts(text, tier).await?.new;
            if demo == Demo::UntilFirstAccount {
                // The server has left the demo: every part of the page changes.
                dom::load_page(&format!("/admin/accounts?added={added}"));
                return Ok(());
            }
            let text = if demo == Demo::Lasting {
                accounts::ADDED_FOR_LATER
            } else {
                accounts::ADDED
            };
            toaster.success(text.fill(language.get_untracked(), added.into()));
            entry.clear();
            state.adding.set(false);
            state.reload();
            Ok::<_, UiError>(())
        }
    })
}

/// Puts a file's text into the field.
#[component]
fn FromFile(text: RwSignal<String>) -> impl IntoView {
    let (toaster, language) = (use_toaster(), use_language());
    let read = move |event: leptos::ev::Event| {
        let input: web_sys::HtmlInputElement = event_target(&event);
        let files = listed(input.files());
        // The same file can be chosen again.
        input.set_value("");
        let Some(file) = files.into_iter().next() else {
            return;
        };
        leptos::task::spawn_local(async move {
            match file_text(&file).await {
                Some(read) => _ = text.try_set(read),
                None => {
                    let language = language.try_get_untracked();
                    language.inspect(|language| {
                        toaster.error_text(accounts::FILE_UNREADABLE.get(*language));
                    });
                }
            }
        });
    };
    view! {
        <label class="button button--secondary file-choice">
            <Icon name=IconName::Upload />
            <span class="button__label">{t(accounts::FROM_FILE)}</span>
            <input
                class="visually-hidden"
                type="file"
                accept=".txt,.json,.csv,text/plain,application/json,text/csv"
                on:change=read
            />
        </label>
    }
}

#[component]
pub(super) fn TierChoice(
    tier: RwSignal<Tier>,
    /// Of the form field.
    name: &'static str,
    /// Where there is little room.
    #[prop(optional)]
    is_short: bool,
) -> impl IntoView {
    let [basic, super_grok, heavy] = match is_short {
        true => [
            accounts::TIER_BASIC,
            accounts::TIER_SUPER,
            accounts::TIER_HEAVY,
        ],
        false => [
            accounts::ADD_TIER_BASIC,
            accounts::ADD_TIER_SUPER,
            accounts::ADD_TIER_HEAVY,
        ],
    };
    let choice = move |value: Tier, label| {
        view! {
            <label class="segment">
                <input
                    class="segment__control"
                    type="radio"
                    name=name
                    prop:checked=move || tier.get() == value
                    on:change=move |_| tier.set(value)
                />
                <span class="segment__label">{t(label)}</span>
            </label>
        }
    };
    view! {
        <fieldset class="segments">
            <legend class="field__label">{t(accounts::ADD_TIER)}</legend>
            {choice(Tier::Basic, basic)}
            {choice(Tier::Super, super_grok)}
            {choice(Tier::Heavy, heavy)}
        </fieldset>
    }
}

/// What the end of the demo means for those who use it, and whether it shall.
#[component]
fn AfterDemo(visitors: Visitors, let_in: RwSignal<bool>) -> impl IntoView {
    let said = match visitors {
        Visitors::Nobody => accounts::AFTER_DEMO_NOBODY,
        Visitors::WithKey => accounts::AFTER_DEMO_WITH_KEY,
        Visitors::Everybody => accounts::AFTER_DEMO_EVERYBODY,
    };
    let choice = (visitors == Visitors::Nobody).then(|| {
        view! {
            <label class="choice">
                <input
                    class="checkbox"
                    type="checkbox"
                    prop:checked=let_in
                    on:change=move |event| let_in.set(event_target_checked(&event))
                />
                <span>{t(accounts::AFTER_DEMO_ALLOW)}</span>
            </label>
            <p class="field__hint">{t(accounts::AFTER_DEMO_LATER)}</p>
        }
    });
    view! {
        <fieldset class="after-demo">
            <legend class="field__label">{t(accounts::AFTER_DEMO)}</legend>
            <p>{t(said)}</p>
            {choice}
        </fieldset>
    }
}

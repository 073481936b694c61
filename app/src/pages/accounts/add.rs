//! Adding accounts by pasting their cookies.

use super::state::Accounts;
use crate::{
    api::accounts::{add_accounts, open_to_visitors, preview_accounts},
    components::{Badge, Button, ButtonVariant, Dialog, Textarea, Tone, describe, use_toaster},
    dom,
    dto::{Demo, ImportPreview, LineStatus, PreviewLine, Tier, Visitors},
    error::UiError,
    i18n::{t, text::accounts, text::common, use_language},
    reactive::use_debounced,
    session::use_viewer,
};
use leptos::prelude::*;
use std::time::Duration;

const PREVIEW_DELAY: Duration = Duration::from_millis(300);
/// Lines shown in the preview, those with a problem first; the rest is only counted.
const SHOWN_LINES: usize = 50;

/// The dialog that adds accounts.
#[component]
pub(super) fn AddDialog(open: RwSignal<bool>, state: Accounts) -> impl IntoView {
    view! {
        <Dialog open title=t(accounts::ADD_TITLE)>
            <AddForm open state />
        </Dialog>
    }
}

#[component]
fn AddForm(open: RwSignal<bool>, state: Accounts) -> impl IntoView {
    let (toaster, language) = (use_toaster(), use_language());
    let viewer = use_viewer();
    let (demo, visitors) = (viewer.demo, viewer.visitors);
    let let_in = RwSignal::new(false);
    let (text, tier) = (RwSignal::new(String::new()), RwSignal::new(Tier::Basic));
    let preview = use_preview(text);
    let new = Memo::new(move |_| preview.get().and_then(Result::ok).map_or(0, |p| p.new));
    let add = Action::new_local(move |(text, tier): &(String, Tier)| {
        let (text, tier) = (text.clone(), *tier);
        async move {
            if let_in.get_untracked() {
                // First: where it fails nothing has happened yet, and the demo still answers.
                open_to_visitors().await?;
            }
            let added = add_accounts(text, tier).await?;
            if demo == Demo::UntilFirstAccount {
                // The server has left the demo: every part of the page changes.
                dom::load_page("/admin/accounts");
                return Ok(());
            }
            let text = if demo == Demo::Lasting {
                accounts::ADDED_FOR_LATER
            } else {
                accounts::ADDED
            };
            toaster.success(text.fill(language.get_untracked(), added.new.into()));
            open.set(false);
            state.reload();
            Ok::<_, UiError>(())
        }
    });
    let error = Signal::derive(move || {
        let failed = add.value().get().and_then(Result::err);
        let error = failed.or_else(|| preview.get().and_then(Result::err))?;
        Some(describe(&error, language.get()))
    });
    let submit_text = move || match new.get() {
        0 => accounts::ADD_SUBMIT_NONE.get(language.get()).to_owned(),
        count => accounts::ADD_SUBMIT.fill(language.get(), count.into()),
    };
    view! {
        <form
            class="form"
            on:submit=move |event| {
                event.prevent_default();
                if new.get_untracked() > 0 {
                    add.dispatch_local((text.get_untracked(), tier.get_untracked()));
                }
            }
        >
            <Textarea
                id="cookies"
                label=t(accounts::ADD_LABEL)
                hint=t(accounts::ADD_HINT)
                placeholder=t(accounts::ADD_PLACEHOLDER)
                value=text
                rows=7
                mono=true
                error
            />
            <TierChoice tier />
            <Preview preview />
            {(demo == Demo::UntilFirstAccount).then(|| view! { <AfterDemo visitors let_in /> })}
            <footer class="modal__foot">
                <Button on:click=move |_| open.set(false)>{t(common::CANCEL)}</Button>
                <Button
                    variant=ButtonVariant::Primary
                    submit=true
                    loading=add.pending()
                    disabled=Signal::derive(move || new.get() == 0)
                >
                    {submit_text}
                </Button>
            </footer>
        </form>
    }
}

/// What would become of each line, a moment after the last keystroke; `None` for no text.
fn use_preview(text: RwSignal<String>) -> Signal<Option<Result<ImportPreview, UiError>>> {
    let settled = use_debounced(text.into(), PREVIEW_DELAY);
    let ask = Action::new(|text: &String| preview_accounts(text.clone()));
    Effect::new(move || {
        let text: String = settled.get();
        if !text.trim().is_empty() {
            ask.dispatch(text);
        }
    });
    Signal::derive(move || {
        let has_text = text.with(|text| !text.trim().is_empty());
        ask.value().get().filter(|_| has_text)
    })
}

#[component]
fn TierChoice(tier: RwSignal<Tier>) -> impl IntoView {
    let choice = move |value: Tier, label| {
        view! {
            <label class="segment">
                <input
                    class="segment__control"
                    type="radio"
                    name="tier"
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
            {choice(Tier::Basic, accounts::ADD_TIER_BASIC)}
            {choice(Tier::Super, accounts::ADD_TIER_SUPER)}
            {choice(Tier::Heavy, accounts::ADD_TIER_HEAVY)}
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

#[component]
fn Preview(preview: Signal<Option<Result<ImportPreview, UiError>>>) -> impl IntoView {
    let language = use_language();
    let found = Memo::new(move |_| preview.get().and_then(Result::ok));
    let counts = move |preview: &ImportPreview| {
        let ImportPreview {
            new,
            duplicate,
            bad,
            ..
        } = preview;
        accounts::PreviewCounts {
            new,
            duplicate,
            bad,
        }
        .fill(language.get())
    };
    view! {
        <section class="preview" aria-label=t(accounts::PREVIEW)>
            <p class="preview__counts" aria-live="polite">
                {move || found.with(|found| found.as_ref().map(counts))}
            </p>
            {move || found.get().map(|preview| view! { <PreviewLines preview /> })}
        </section>
    }
}

#[component]
fn PreviewLines(preview: ImportPreview) -> impl IntoView {
    let language = use_language();
    let total = preview.new + preview.duplicate + preview.bad;
    let mut lines = preview.lines;
    lines.sort_by_key(|line| match line.status {
        LineStatus::Bad => 0,
        LineStatus::Duplicate => 1,
        LineStatus::New => 2,
    });
    lines.truncate(SHOWN_LINES);
    let hidden = u64::from(total).saturating_sub(lines.len() as u64);
    let line = move |line: PreviewLine| {
        let (tone, text) = match line.status {
            LineStatus::New => (Tone::Success, accounts::LINE_NEW),
            LineStatus::Duplicate => (Tone::Neutral, accounts::LINE_DUPLICATE),
            LineStatus::Bad => (Tone::Danger, accounts::LINE_BAD),
        };
        let number = line.number;
        view! {
            <li class="preview__line">
                <span class="muted">
                    {move || accounts::Line { number: &number }.fill(language.get())}
                </span>
                <code>{line.masked}</code>
                <Badge tone>{t(text)}</Badge>
            </li>
        }
    };
    view! {
        <ul class="preview__lines" tabindex="0">
            {lines.into_iter().map(line).collect_view()}
            {(hidden > 0)
                .then(|| {
                    view! {
                        <li class="preview__line muted">
                            {move || accounts::MORE_LINES.fill(language.get(), hidden)}
                        </li>
                    }
                })}
        </ul>
    }
}

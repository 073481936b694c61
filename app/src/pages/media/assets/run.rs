//! How the run is doing, and the question before one that deletes.

use super::state::{Assets, Whose};
use crate::{
    components::{Button, ButtonVariant, Dialog, IconName, Notice, Tone},
    dto::{AssetFailure, AssetRun, AssetRunState, AssetTrouble, AssetWork},
    i18n::{
        Language, Text, t,
        text::{common, media as text},
        use_language,
    },
    reactive::use_open,
};
use leptos::prelude::*;

#[component]
pub(super) fn RunView(state: Assets) -> impl IntoView {
    let run = Memo::new(move |_| state.run());
    view! {
        {move || {
            let run = run.get()?;
            Some(
                match run.state {
                    AssetRunState::Running => view! { <Progress run state /> }.into_any(),
                    AssetRunState::Done | AssetRunState::Stopped => {
                        view! { <Ended run state /> }.into_any()
                    }
                },
            )
        }}
    }
}

/// `12 of 40 accounts · 310 files deleted · 2 failed`.
fn summary(run: &AssetRun, language: Language) -> String {
    let (done, total) = (run.done, run.total);
    let of = text::RunOf {
        done: &done,
        total: &total,
    };
    let mut parts = vec![of.fill(language)];
    if run.work == AssetWork::Clear {
        parts.push(text::RUN_DELETED.fill(language, run.deleted));
    }
    if run.failed > 0 {
        parts.push(text::RUN_FAILED.fill(language, run.failed.into()));
    }
    parts.join(" · ")
}

#[component]
fn Progress(run: AssetRun, state: Assets) -> impl IntoView {
    let language = use_language();
    let title = match run.work {
        AssetWork::Count => text::COUNTING,
        AssetWork::Clear => text::CLEARING,
    };
    let (done, total) = (run.done, run.total.max(1));
    view! {
        <section class="card asset-run" aria-label=t(title)>
            <p class="asset-run__title">{t(title)}</p>
            <progress class="progress" max=total value=done aria-label=t(title)></progress>
            <p class="asset-run__summary">{move || summary(&run, language.get())}</p>
            <Button
                icon=IconName::Square
                loading=Signal::derive(move || state.stop.pending().get())
                on:click=move |_| _ = state.stop.dispatch_local(())
            >
                {t(text::STOP)}
            </Button>
        </section>
    }
}

#[component]
fn Ended(run: AssetRun, state: Assets) -> impl IntoView {
    let language = use_language();
    let title = match (run.state, run.work) {
        (AssetRunState::Stopped, _) => text::RUN_STOPPED,
        (_, AssetWork::Count) => text::COUNTED,
        (_, AssetWork::Clear) => text::CLEARED,
    };
    let tone = match (run.failed, run.state) {
        (0, AssetRunState::Done) => Tone::Success,
        _ => Tone::Warning,
    };
    let (failures, work) = (run.failures.clone(), run.work);
    view! {
        <Notice tone>
            <p>
                <strong>{t(title)}</strong>
                " "
                {move || summary(&run, language.get())}
            </p>
            {(!failures.is_empty()).then(|| view! { <Failures failures work state /> })}
        </Notice>
    }
}

#[component]
fn Failures(failures: Vec<AssetFailure>, work: AssetWork, state: Assets) -> impl IntoView {
    let ids: Vec<_> = failures.iter().map(|one| one.id.clone()).collect();
    let failure = |one: AssetFailure| {
        view! {
            <li>
                <code>{one.masked}</code>
                " "
                {t(reason(one.trouble))}
            </li>
        }
    };
    view! {
        <details class="asset-failures">
            <summary>{t(text::FAILURES)}</summary>
            <ul>{failures.into_iter().map(failure).collect_view()}</ul>
        </details>
        <Button icon=IconName::RefreshCw on:click=move |_| state.start(work, Some(ids.clone()))>
            {t(text::RETRY_FAILED)}
        </Button>
    }
}

const fn reason(trouble: AssetTrouble) -> Text {
    match trouble {
        AssetTrouble::SignedOut => text::TROUBLE_SIGNED_OUT,
        AssetTrouble::Blocked => text::TROUBLE_BLOCKED,
        AssetTrouble::RateLimited => text::TROUBLE_RATE_LIMITED,
        AssetTrouble::Clearance => text::TROUBLE_CLEARANCE,
        AssetTrouble::Unreachable => text::TROUBLE_UNREACHABLE,
        AssetTrouble::Refused => text::TROUBLE_REFUSED,
        AssetTrouble::InUse => text::TROUBLE_IN_USE,
    }
}

/// Asks before files at Grok are deleted.
#[component]
pub(super) fn Confirm(state: Assets) -> impl IntoView {
    let open = use_open(state.asked);
    view! {
        <Dialog open title=t(text::CLEAR_TITLE)>
            <Question state />
        </Dialog>
    }
}

#[component]
fn Question(state: Assets) -> impl IntoView {
    let language = use_language();
    let question = move || {
        Some(match state.asked.get()? {
            Whose::All => text::CLEAR_ALL_TEXT.get(language.get()).to_owned(),
            Whose::Chosen(ids) => text::CLEAR_CHOSEN_TEXT.fill(language.get(), ids.len() as u64),
            Whose::One(account) => text::ClearOneText {
                account: &account.masked,
            }
            .fill(language.get()),
        })
    };
    let clear = move |_| {
        let asked = state.asked.get_untracked();
        state.asked.set(None);
        if let Some(whose) = asked {
            state.start(AssetWork::Clear, whose.ids());
        }
    };
    view! {
        <p>{question}</p>
        <p class="field__hint">{t(text::CLEAR_HINT)}</p>
        <footer class="modal__foot">
            <Button on:click=move |_| state.asked.set(None)>{t(common::CANCEL)}</Button>
            <Button variant=ButtonVariant::Danger on:click=clear>
                {t(text::CLEAR_CONFIRM)}
            </Button>
        </footer>
    }
}

//! The check with its button, and what came of it.

use super::{
    check::{Answered, Check, LIMIT, Listed, Step, Trouble},
    details::KEY_FIELD,
    state::Setup,
};
use crate::{
    browser::completion::{Failure, FailureCode, FailureKind},
    components::{Button, ButtonVariant, FailureBox, Icon, IconName},
    dom,
    i18n::{Language, Text, t, text::connect as text, use_language},
    pages::chat::{explain_to_operator, is_about_accounts},
};
use leptos::prelude::*;

/// The card of the check.
#[component]
pub(super) fn CheckView(setup: Setup) -> impl IntoView {
    let check = Check::new();
    let language = use_language();
    let lacks_key = RwSignal::new(false);
    Effect::new(move || {
        setup.key.track();
        setup.model.track();
        lacks_key.set(false);
        // Of another key or model.
        check.forget();
    });
    // One button, so that the focus stays on it.
    let toggle = move |_| {
        if check.is_running.get() {
            return check.stop();
        }
        let key = setup.typed_key();
        if !key.is_ascii() || (key.is_empty() && !setup.is_open()) {
            lacks_key.set(key.is_empty());
            return dom::focus(KEY_FIELD);
        }
        check.start(key, setup.model.get());
    };
    let label = move || {
        let label = match check.is_running.get() {
            true => text::CHECK_STOP,
            false => text::CHECK_START,
        };
        label.get(language.get())
    };
    let asked = move || {
        let (opened, address) = (setup.opened.get(), setup.base.get());
        setup.is_elsewhere().then(|| {
            text::CheckAsks {
                opened: &opened,
                address: &address,
            }
            .fill(language.get())
        })
    };
    view! {
        <section class="card connect__card" aria-labelledby="connect-check">
            <h2 class="connect__heading" id="connect-check">
                {t(text::CHECK)}
            </h2>
            <p class="connect__about">{t(text::CHECK_LEAD)} " " {asked}</p>
            <div class="connect__buttons">
                <Button variant=ButtonVariant::Primary on:click=toggle>
                    {label}
                </Button>
            </div>
            <p class="field__error" role="alert">
                {move || lacks_key.get().then(t(text::KEY_MISSING))}
            </p>
            <ol class="check-steps">
                <ListStep check />
                <AskStep check setup />
            </ol>
        </section>
    }
}

#[component]
fn ListStep(check: Check) -> impl IntoView {
    let language = use_language();
    let said = move |Listed { models, took_ms }| {
        let models = text::MODELS.fill(language.get(), models as u64);
        format!("{models} · {}", span(took_ms))
    };
    view! {
        <StepView
            title=move || text::STEP_MODELS.get(language.get()).to_owned()
            step=check.listed
            said
        />
    }
}

#[component]
fn AskStep(check: Check, setup: Setup) -> impl IntoView {
    let language = use_language();
    let title = move || {
        let model = check.asked.get().unwrap_or_else(|| setup.model.get());
        text::StepChat { model: &model }.fill(language.get())
    };
    let said = move |answered: Answered| {
        let (first, whole) = (span(answered.first_ms), span(answered.whole_ms));
        let times = text::ChatFine {
            first: &first,
            whole: &whole,
        };
        let times = times.fill(language.get());
        match answered.text.is_empty() {
            true => times,
            false => format!("{times} · “{}”", answered.text),
        }
    };
    view! { <StepView title step=check.answered said /> }
}

/// One step: what it does, and how it went.
#[component]
fn StepView<T, S, F>(title: S, step: RwSignal<Step<T>>, said: F) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
    S: Fn() -> String + Send + Sync + 'static,
    F: Fn(T) -> String + Copy + Send + Sync + 'static,
{
    let language = use_language();
    let outcome = move || match step.get() {
        Step::Ahead => text::STEP_AHEAD.get(language.get()).to_owned(),
        Step::Running => text::STEP_RUNNING.get(language.get()).to_owned(),
        Step::Fine(found) => said(found),
        Step::Failed(Trouble::Stopped) => text::STOPPED.get(language.get()).to_owned(),
        Step::Failed(_) => text::STEP_FAILED.get(language.get()).to_owned(),
    };
    let mark = move || {
        let (name, class) = step.with(|step| match step {
            Step::Ahead | Step::Failed(Trouble::Stopped) => (None, "is-ahead"),
            Step::Running => (Some(IconName::LoaderCircle), "is-running"),
            Step::Fine(_) => (Some(IconName::CircleCheck), "is-fine"),
            Step::Failed(_) => (Some(IconName::CircleAlert), "is-failed"),
        });
        view! {
            <span class=format!(
                "check-step__mark {class}",
            )>{name.map(|name| view! { <Icon name size=20 /> })}</span>
        }
    };
    let trouble = move || {
        step.with(|step| match step {
            Step::Failed(Trouble::Stopped) => None,
            Step::Failed(trouble) => Some(trouble.clone()),
            _ => None,
        })
    };
    view! {
        <li class="check-step">
            {mark} <div class="check-step__body">
                <p class="check-step__title">{title}</p>
                <p class="check-step__outcome" aria-live="polite">
                    {outcome}
                </p>
                {move || trouble().map(|trouble| view! { <TroubleBox trouble /> })}
            </div>
        </li>
    }
}

/// What is wrong and what to do.
#[component]
fn TroubleBox(trouble: Trouble) -> impl IntoView {
    let language = use_language();
    let failure = match &trouble {
        Trouble::Failure(failure) => Some(failure.clone()),
        Trouble::TooLong | Trouble::Stopped => None,
    };
    let detail = failure.as_ref().map(|failure| failure.message.clone());
    let detail = detail.filter(|message| !message.is_empty());
    let request_id = failure
        .as_ref()
        .and_then(|failure| failure.request_id.clone());
    let is_about_accounts = failure.is_some_and(|failure| is_about_accounts(failure.code));
    let headline = move || explain(&trouble, language.get());
    view! {
        <FailureBox headline detail request_id>
            {is_about_accounts
                .then(|| {
                    view! {
                        <a class="button button--secondary" href="/admin/accounts">
                            {t(text::TO_ACCOUNTS_PAGE)}
                        </a>
                    }
                })}
        </FailureBox>
    }
}

fn explain(trouble: &Trouble, language: Language) -> String {
    match trouble {
        Trouble::Failure(failure) => explain_failure(failure).get(language).to_owned(),
        Trouble::TooLong => {
            let count = LIMIT.as_secs();
            text::TooLong { count: &count }.fill(language)
        }
        Trouble::Stopped => text::STOPPED.get(language).to_owned(),
    }
}

/// As the chat says it, but for what is another thing for a client.
fn explain_failure(failure: &Failure) -> Text {
    match (failure.kind, failure.code) {
        (FailureKind::SignIn, _) => text::KEY_REFUSED,
        (FailureKind::Network, _) => text::UNREACHABLE,
        (FailureKind::Server, FailureCode::Other) if failure.message.is_empty() => text::FOREIGN,
        (FailureKind::Server, FailureCode::Other) => text::REFUSED,
        (_, FailureCode::ModelNotFound) => text::NO_SUCH_MODEL,
        _ => explain_to_operator(failure),
    }
}

/// `340 ms`, `2.1 s`.
fn span(ms: u32) -> String {
    if ms < 1000 {
        return format!("{ms} ms");
    }
    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_short() {
        assert_eq!(
            [0, 340, 999, 1000, 12_345].map(span),
            ["0 ms", "340 ms", "999 ms", "1.0 s", "12.3 s"]
        );
    }

    #[test]
    fn a_client_is_told_about_keys_and_not_about_sessions() {
        let failure = |kind, code, message: &str| Failure {
            kind,
            code,
            message: message.to_owned(),
            ..Failure::default()
        };
        let said = |kind, code, message| explain_failure(&failure(kind, code, message));
        let other = FailureCode::Other;
        assert_eq!(said(FailureKind::SignIn, other, "no"), text::KEY_REFUSED);
        assert_eq!(said(FailureKind::Server, other, ""), text::FOREIGN);
        assert_eq!(said(FailureKind::Server, other, "no"), text::REFUSED);
        let gone = FailureCode::ModelNotFound;
        assert_eq!(said(FailureKind::Server, gone, "no"), text::NO_SUCH_MODEL);
        let none = FailureCode::NoUsableAccount;
        let said = said(FailureKind::Busy, none, "no").get(Language::English);
        assert!(said.contains("repair an account"), "{said}");
    }
}

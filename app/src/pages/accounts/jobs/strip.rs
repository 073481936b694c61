//! The job that runs, or the news of the last one, below the list.

use super::{
    Jobs,
    words::{outcome, summary, title},
};
use crate::{
    components::{Button, ButtonVariant, Icon, IconButton, IconName},
    dto::{JobState, JobView},
    i18n::{
        Language, t,
        text::{common, jobs as text},
        use_language,
    },
};
use leptos::{leptos_dom::helpers::set_timeout_with_handle, prelude::*};
use std::time::Duration;

/// An end without failures needs nobody: it goes by itself once it could be read.
const READING: Duration = Duration::from_secs(8);

/// What is said of the end of a job, in one line.
fn ending(job: &JobView, language: Language) -> String {
    let what = title(job.kind).get(language);
    format!("{what}: {}", outcome(job, language))
}

/// Whether somebody has to know.
fn needs_somebody(job: &JobView) -> bool {
    let is_fine = matches!(job.state, JobState::Done | JobState::Cancelled) && job.failed == 0;
    job.state.is_over() && !is_fine
}

#[component]
pub(in super::super) fn JobStrip(jobs: Jobs) -> impl IntoView {
    let job = Memo::new(move |_| jobs.current());
    let id = Memo::new(move |_| job.with(|job| job.as_ref().map(|job| job.id.clone())));
    let language = use_language();
    let news = move || {
        job.with(|job| {
            let job = job.as_ref().filter(|job| job.state.is_over())?;
            let language = language.get();
            Some(format!(
                "{}. {}",
                ending(job, language),
                summary(job, language)
            ))
        })
    };
    view! {
        // The end alone is spoken.
        <p class="visually-hidden" role="status">
            {news}
        </p>
        {move || id.get().map(|id| view! { <Strip id job jobs /> })}
    }
}

/// Lets the news of a fine end go, unless the pointer or the focus is on it.
fn go_by_itself(
    id: StoredValue<String>,
    job: Memo<Option<JobView>>,
    is_held: Signal<bool>,
    jobs: Jobs,
) {
    let may_go = Memo::new(move |_| {
        let is_fine = |job: &JobView| job.state.is_over() && !needs_somebody(job);
        !is_held.get() && job.with(|job| job.as_ref().is_some_and(is_fine))
    });
    Effect::new(move || {
        if !may_go.get() {
            return;
        }
        let go = move || _ = id.try_with_value(|id| jobs.note_one(id));
        if let Ok(timer) = set_timeout_with_handle(go, READING) {
            on_cleanup(move || timer.clear());
        }
    });
}

#[component]
fn Strip(id: String, job: Memo<Option<JobView>>, jobs: Jobs) -> impl IntoView {
    let language = use_language();
    let kind = job.with_untracked(|job| job.as_ref().map(|job| job.kind));
    let name = kind.map(title);
    let label = move || name.map(|name| name.get(language.get()));
    let of_job = move |tell: fn(&JobView, Language) -> String| {
        move || job.with(|job| job.as_ref().map(|job| tell(job, language.get())))
    };
    let headline = move |job: &JobView, language: Language| match job.state.is_over() {
        true => ending(job, language),
        false => title(job.kind).get(language).to_owned(),
    };
    let is_over =
        Memo::new(move |_| job.with(|job| job.as_ref().is_some_and(|j| j.state.is_over())));
    let count = move |pick: fn(&JobView) -> u64| {
        move || job.with(|job| job.as_ref().map_or(0, pick)).to_string()
    };
    let id = StoredValue::new(id);
    let (is_under_pointer, has_focus) = (RwSignal::new(false), RwSignal::new(false));
    let is_held =
        Signal::derive(move || is_under_pointer.get() || has_focus.get() || jobs.is_open.get());
    go_by_itself(id, job, is_held, jobs);
    // Apart, each built anew: a button that is made of another one keeps what that one did.
    let stop = move || {
        (!is_over.get()).then(|| {
            view! {
                <Button
                    icon=IconName::Square
                    on:click=move |_| {
                        id.try_get_value().into_iter().for_each(|id| jobs.stop(id));
                    }
                >
                    {t(text::STOP)}
                </Button>
            }
        })
    };
    let dismiss = move || {
        is_over.get().then(|| {
            view! {
                <IconButton
                    icon=IconName::X
                    label=t(common::DISMISS)
                    on:click=move |_| jobs.note_all()
                />
            }
        })
    };
    view! {
        <section
            class="job-strip"
            aria-label=label
            on:mouseenter=move |_| _ = is_under_pointer.try_set(true)
            on:mouseleave=move |_| _ = is_under_pointer.try_set(false)
            on:focusin=move |_| _ = has_focus.try_set(true)
            on:focusout=move |_| _ = has_focus.try_set(false)
        >
            <Icon name=IconName::RefreshCw />
            <div class="job-strip__what">
                <p class="job-strip__title">{of_job(headline)}</p>
                <p class="job-strip__said">{of_job(summary)}</p>
            </div>
            <progress
                hidden=is_over
                class="progress job-strip__progress"
                max=move || count(|job| job.total.max(1))()
                value=move || count(|job| job.done)()
                aria-label=label
            ></progress>
            <Button variant=ButtonVariant::Ghost on:click=move |_| jobs.is_open.set(true)>
                {t(text::DETAILS)}
            </Button>
            {stop} {dismiss}
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dto::JobKind;

    #[test]
    fn an_end_with_failures_waits_for_somebody() {
        let mut job = JobView {
            id: "a".into(),
            kind: JobKind::RefreshAccounts,
            state: JobState::Done,
            total: 2,
            done: 2,
            failed: 0,
            amount: 0,
            rate: 0.0,
            left_secs: None,
            started_ms: 0,
            ended_ms: None,
            failures: Vec::new(),
        };
        assert!(!needs_somebody(&job));
        job.failed = 1;
        assert!(needs_somebody(&job));
        (job.state, job.failed) = (JobState::Interrupted, 0);
        assert!(needs_somebody(&job));
        job.state = JobState::Running;
        assert!(!needs_somebody(&job));
    }
}

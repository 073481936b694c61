//! All jobs that the server keeps, newest first.

use super::{
    super::state::Accounts,
    Jobs,
    words::{outcome, summary, title, tone, trouble},
};
use crate::{
    components::{Badge, Button, Drawer, IconName, LocalTime},
    dto::{JobFailure, JobState, JobView},
    i18n::{
        t,
        text::{accounts, jobs as text},
        use_language,
    },
};
use leptos::prelude::*;

#[component]
pub(in super::super) fn JobsDrawer(state: Accounts, jobs: Jobs) -> impl IntoView {
    let ids = Memo::new(move |_| {
        let id = |job: &JobView| job.id.clone();
        jobs.list
            .with(|list| list.iter().map(id).collect::<Vec<_>>())
    });
    view! {
        <Drawer open=jobs.is_open title=t(accounts::JOBS)>
            <Show when=move || ids.with(Vec::is_empty)>
                <p class="muted">{t(text::NONE)}</p>
            </Show>
            <ol class="jobs">
                <For each=move || ids.get() key=|id| id.clone() let:id>
                    <Entry id state jobs />
                </For>
            </ol>
        </Drawer>
    }
}

#[component]
fn Entry(id: String, state: Accounts, jobs: Jobs) -> impl IntoView {
    let job = Memo::new(move |_| {
        jobs.list
            .with(|list| list.iter().find(|job| job.id == id).cloned())
    });
    move || {
        job.get()
            .map(|job| view! { <Told job accounts=state jobs /> })
    }
}

#[component]
fn Told(job: JobView, accounts: Accounts, jobs: Jobs) -> impl IntoView {
    let language = use_language();
    let badge_tone = tone(&job);
    let (max, value) = (job.total.max(1).to_string(), job.done.to_string());
    let failures = job.failures.clone();
    let (kind, started_ms) = (job.kind, job.started_ms);
    let is_running = job.state == JobState::Running;
    let ended = job.clone();
    let shown_outcome = move || outcome(&ended, language.get());
    let deeds = view! { <Deeds job=job.clone() jobs /> };
    view! {
        <li class="job">
            <p class="job__head">
                <strong>{t(title(kind))}</strong>
                <Badge tone=badge_tone>{shown_outcome}</Badge>
                <LocalTime at_ms=started_ms />
            </p>
            {is_running
                .then(|| {
                    view! {
                        <progress
                            class="progress"
                            max=max
                            value=value
                            aria-label=t(title(kind))
                        ></progress>
                    }
                })}
            <p class="job__said muted">{move || summary(&job, language.get())}</p>
            {(!failures.is_empty()).then(|| view! { <Failures failures accounts jobs /> })}
            {deeds}
        </li>
    }
}

#[component]
fn Deeds(job: JobView, jobs: Jobs) -> impl IntoView {
    // A press may come while the list is told anew: what it needs may not be disposed with the old one.
    let press = |deed: fn(Jobs, String)| {
        let id = job.id.clone();
        move |_: leptos::ev::MouseEvent| deed(jobs, id.clone())
    };
    let is_over = job.state.is_over();
    let has_accounts = job.failures.iter().any(|one| !one.id.is_empty());
    let may_resume = matches!(job.state, JobState::Interrupted | JobState::Cancelled);
    view! {
        <p class="job__deeds">
            {(!is_over)
                .then(|| {
                    view! {
                        <Button
                            icon=IconName::Square
                            on:click=press(Jobs::stop)
                        >
                            {t(text::STOP)}
                        </Button>
                    }
                })}
            {(is_over && job.failed > 0)
                .then(|| {
                    view! {
                        <Button
                            icon=IconName::RefreshCw
                            on:click=press(Jobs::retry)
                        >
                            {t(text::RETRY)}
                        </Button>
                    }
                })}
            {(is_over && has_accounts)
                .then(|| {
                    view! {
                        <Button
                            icon=IconName::Check
                            on:click=press(Jobs::select_failed)
                        >
                            {t(text::SELECT_FAILED)}
                        </Button>
                    }
                })}
            {may_resume
                .then(|| {
                    view! {
                        <Button
                            icon=IconName::ChevronRight
                            on:click=press(Jobs::resume)
                        >
                            {t(text::RESUME)}
                        </Button>
                    }
                })}
        </p>
    }
}

#[component]
fn Failures(failures: Vec<JobFailure>, accounts: Accounts, jobs: Jobs) -> impl IntoView {
    let language = use_language();
    let failure = move |one: JobFailure| {
        let who = match one.masked.is_empty() {
            true => view! {
                <span>
                    {move || text::Place { number: &one.number }.fill(language.get())}
                </span>
            }
            .into_any(),
            false if one.id.is_empty() => view! { <code>{one.masked}</code> }.into_any(),
            false => {
                let open = move |_| {
                    jobs.is_open.set(false);
                    accounts.opened.set(Some(one.id.clone()));
                };
                view! {
                    <button type="button" class="table__open" on:click=open>
                        <code>{one.masked}</code>
                    </button>
                }
                .into_any()
            }
        };
        view! {
            <li>
                {who}
                " "
                {t(trouble(one.trouble))}
            </li>
        }
    };
    view! {
        <details class="job__failures">
            <summary>{t(text::SHOW_FAILURES)}</summary>
            <ul>{failures.into_iter().map(failure).collect_view()}</ul>
        </details>
    }
}

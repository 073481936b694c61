//! The job that runs, or the news of the last one, below the list.

use super::{
    Jobs,
    words::{state, summary, title},
};
use crate::{
    components::{Button, ButtonVariant, Icon, IconButton, IconName},
    dto::{JobState, JobView},
    i18n::{
        t,
        text::{common, jobs as text},
        use_language,
    },
};
use leptos::prelude::*;

#[component]
pub(in super::super) fn JobStrip(jobs: Jobs) -> impl IntoView {
    let job = Memo::new(move |_| jobs.current());
    let id = Memo::new(move |_| job.with(|job| job.as_ref().map(|job| job.id.clone())));
    let language = use_language();
    let news = move || {
        job.with(|job| {
            let job = job.as_ref().filter(|job| job.state.is_over())?;
            let what = title(job.kind).get(language.get());
            let how = state(job.state).get(language.get());
            Some(format!("{what}: {how}. {}", summary(job, language.get())))
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

#[component]
fn Strip(id: String, job: Memo<Option<JobView>>, jobs: Jobs) -> impl IntoView {
    let language = use_language();
    let kind = job.with_untracked(|job| job.as_ref().map(|job| job.kind));
    let name = kind.map(title);
    let said = move || job.with(|job| job.as_ref().map(|job| summary(job, language.get())));
    let is_over =
        Memo::new(move |_| job.with(|job| job.as_ref().is_some_and(|j| j.state.is_over())));
    let shown_state = Memo::new(move |_| job.with(|job| job.as_ref().map(|job| job.state)));
    let word = move || {
        let over = shown_state
            .get()
            .filter(|state| *state != JobState::Running)?;
        Some(state(over).get(language.get()))
    };
    let count = move |pick: fn(&JobView) -> u64| {
        move || job.with(|job| job.as_ref().map_or(0, pick)).to_string()
    };
    let id = StoredValue::new(id);
    let end = move || match is_over.get() {
        true => view! {
            <IconButton
                icon=IconName::X
                label=t(common::DISMISS)
                on:click=move |_| jobs.note()
            />
        }
        .into_any(),
        false => view! {
            <Button icon=IconName::Square on:click=move |_| jobs.stop(id.get_value())>
                {t(text::STOP)}
            </Button>
        }
        .into_any(),
    };
    view! {
        <section class="job-strip" aria-label=move || name.map(|name| name.get(language.get()))>
            <Icon name=IconName::RefreshCw />
            <div class="job-strip__what">
                <p class="job-strip__title">
                    {move || name.map(|name| name.get(language.get()))} {move || {
                        word().map(|word| format!(": {word}"))
                    }}
                </p>
                <p class="job-strip__said">{said}</p>
            </div>
            <progress
                hidden=is_over
                class="progress job-strip__progress"
                max=move || count(|job| job.total.max(1))()
                value=move || count(|job| job.done)()
                aria-label=move || name.map(|name| name.get(language.get()))
            ></progress>
            <Button variant=ButtonVariant::Ghost on:click=move |_| jobs.is_open.set(true)>
                {t(text::DETAILS)}
            </Button>
            {end}
        </section>
    }
}

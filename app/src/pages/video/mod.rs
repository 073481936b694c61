//! The page for videos.
//!
//! Data flow: [`prompt_form`] → [`request`] (asks for one and is done) → [`library`], which shows what
//! the server knows and asks again while something is under way; so a video is watched from every
//! tab, over reloads and restarts. What a video begins with is in [`beginning`]. On the server the
//! page is its frame: whose videos they are only the browser can tell.

mod beginning;
mod beginning_view;
mod card;
mod choices;
mod controls;
mod deletion;
mod failure;
mod library;
mod lineage;
mod maker;
mod picker;
mod player;
mod progress;
mod prompt_form;
mod request;
mod shelf;

use super::imagine::{Prompt, Prompts};
use crate::{
    components::PageTitle,
    i18n::{
        t,
        text::{shell, video as text},
    },
};
use beginning::Beginning;
use choices::use_choices;
use deletion::{Deletion, DeletionDialog};
use failure::FailureNotice;
use leptos::prelude::*;
use library::Library;
use maker::Maker;
use prompt_form::PromptForm;
use shelf::Shelf;

/// Where this browser keeps the prompts of this page.
const PROMPTS_KEY: &str = "grok2api.video.prompts";

/// The page at `/video`.
///
/// Server-side rendering: complete but for the videos, which the browser fills in.
#[component]
pub fn VideoPage() -> impl IntoView {
    let maker = provide();
    let drop = beginning_view::use_drop();
    let failure = move || {
        maker.failure().map(|failure| {
            view! {
                <div class="films__failure">
                    <FailureNotice failure on_close=Callback::new(move |()| maker.forget_failure()) />
                </div>
            }
        })
    };
    view! {
        <PageTitle text=t(shell::VIDEO) />
        <div
            class="films"
            class:is-dropping=drop.is_over
            on:dragover=move |event| drop.over(&event)
            on:dragleave=move |event| drop.leave(&event)
            on:drop=move |event| drop.take(&event)
        >
            <h1 class="visually-hidden">{t(shell::VIDEO)}</h1>
            <div class="films__head">
                <PromptForm />
            </div>
            {failure}
            <Shelf />
            <DeletionDialog />
            <p class="films__drop" aria-hidden="true">
                {t(text::DROP_HERE)}
            </p>
        </div>
    }
}

/// Puts what the parts of the page share into context.
fn provide() -> Maker {
    let library = Library::new();
    let beginning = Beginning::new();
    let maker = Maker::new(library);
    provide_context(use_choices());
    provide_context(library);
    provide_context(beginning);
    provide_context(maker);
    provide_context(Deletion::new(library));
    provide_context(Prompts::load(PROMPTS_KEY));
    provide_context(Prompt::new());
    maker
}

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

use super::making::{MakingFrame, provide_prompt};
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
use prompt_form::FilmingForm;
use shelf::Shelf;

/// Where this browser keeps the prompts of this page.
const PROMPTS_KEY: &str = "grok2api.video.prompts";

/// The page at `/video`.
///
/// Server-side rendering: complete but for the videos, which the browser fills in.
#[component]
pub fn VideoPage() -> impl IntoView {
    let maker = provide();
    let beginning: Beginning = expect_context();
    let failure = move || {
        maker.failure().map(|failure| {
            view! {
                <FailureNotice failure on_close=Callback::new(move |()| maker.forget_failure()) />
            }
        })
    };
    view! {
        <PageTitle text=t(shell::VIDEO) />
        <MakingFrame
            title=shell::VIDEO
            drop_here=text::DROP_HERE
            take=Callback::new(move |files| beginning.take_file(files))
            head=view! { <FilmingForm /> }.into_any()
            failure
        >
            <Shelf />
            <DeletionDialog />
        </MakingFrame>
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
    provide_prompt(PROMPTS_KEY);
    maker
}

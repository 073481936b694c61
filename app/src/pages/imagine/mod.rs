//! The page for pictures.
//!
//! Data flow: [`prompt_form`] → [`drawings`] (one run: batches until done or stopped) → [`batch`] (one
//! request, whose events sharpen its tiles) → [`gallery`], which also pages through what the server
//! keeps. What is chosen in it goes to [`selection`], what is looked at to [`lightbox`]. On the server
//! the page is its frame: whose gallery it is only the browser can tell.

mod batch;
mod choices;
mod controls;
mod drawings;
mod endless;
mod events;
mod failure;
mod gallery;
mod lightbox;
mod prompt_form;
mod reference_row;
mod references;
mod request;
mod selection;
mod selection_bar;
mod starters;
mod tile;

use crate::{
    api::pictures::get_picture_options,
    components::{Button, ErrorNotice, PageSkeleton, PageTitle},
    dto::PictureOptions,
    error::UiError,
    i18n::{
        t,
        text::{common, imagine as text, shell},
    },
    pages::making::{MakingFrame, provide_prompt},
};
use choices::{Choices, use_choices};
use drawings::Drawings;
use failure::FailureNotice;
use gallery::{Gallery, GalleryView};
use leptos::prelude::*;
use lightbox::{Lightbox, LightboxView};
use prompt_form::DrawingForm;
use references::References;
use selection::Selection;
use selection_bar::SelectionBar;

/// Where this browser keeps the prompts of this page.
const PROMPTS_KEY: &str = "grok2api.imagine.prompts";

/// What the operator allows.
#[derive(Clone, Copy)]
pub(crate) struct Options(Resource<Result<PictureOptions, UiError>>);

impl Options {
    /// Starts loading, outside of every `Suspense`.
    pub(crate) fn load() -> Self {
        Self(Resource::new_blocking(|| (), |()| get_picture_options()))
    }
}

/// Whether a person can ask for adult pictures at all.
#[derive(Clone, Copy)]
struct NsfwAllowed(bool);

/// The page at `/imagine`, with [`Options`] as context.
///
/// Server-side rendering: complete but for the gallery, which the browser fills.
#[component]
pub fn ImaginePage() -> impl IntoView {
    let Options(loaded) = expect_context();
    view! {
        <PageTitle text=t(shell::IMAGINE) />
        <Transition fallback=|| view! { <PageSkeleton /> }>
            {move || Suspend::new(async move {
                match loaded.await {
                    Ok(options) => view! { <ImagineView options /> }.into_any(),
                    Err(error) => {
                        view! {
                            <ErrorNotice error>
                                <Button on:click=move |_| loaded.refetch()>{t(common::RETRY)}</Button>
                            </ErrorNotice>
                        }
                            .into_any()
                    }
                }
            })}
        </Transition>
    }
}

#[component]
fn ImagineView(options: PictureOptions) -> impl IntoView {
    let drawings = provide(options);
    let references: References = expect_context();
    let failure = move || {
        drawings.failure().map(|failure| {
            view! {
                <FailureNotice
                    failure
                    on_retry=Callback::new(move |()| drawings.retry())
                    on_close=Callback::new(move |()| drawings.forget_failure())
                />
            }
        })
    };
    view! {
        <MakingFrame
            title=shell::IMAGINE
            drop_here=text::DROP_HERE
            take=Callback::new(move |files| references.add_files(files))
            head=view! { <DrawingForm /> }.into_any()
            failure
        >
            <GalleryView />
            <SelectionBar />
            <LightboxView />
        </MakingFrame>
    }
}

/// Puts what the parts of the page share into context.
fn provide(options: PictureOptions) -> Drawings {
    let choices: RwSignal<Choices> = use_choices();
    let gallery = Gallery::new();
    gallery.load();
    let is_endless = Signal::derive(move || choices.get().is_endless);
    let drawings = Drawings::new(gallery, is_endless);
    provide_context(NsfwAllowed(options.is_nsfw_allowed));
    provide_context(choices);
    provide_context(gallery);
    provide_context(drawings);
    provide_context(Selection::new(gallery));
    provide_context(Lightbox::new(gallery));
    provide_context(References::new());
    provide_prompt(PROMPTS_KEY);
    drawings
}

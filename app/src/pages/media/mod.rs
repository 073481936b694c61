//! `/admin/media`: everybody's pictures and videos on this server, and accounts' files at Grok.
//!
//! - `state`: what is listed, by which filter; `selection_bar`, `deletion`: what is done with it
//! - `cards`, `toolbar`, `table`, `preview`: how it is shown; `words`: callers as text
//! - `assets/`: the files at Grok

mod assets;
mod cards;
mod deletion;
mod preview;
mod selection_bar;
mod state;
mod table;
mod toolbar;
mod words;

use self::{
    assets::AssetsView,
    cards::Cards,
    deletion::Confirm,
    preview::Preview,
    selection_bar::SelectionBar,
    state::{First, Media, load_first},
    table::MediaTable,
    toolbar::Toolbar,
};
use crate::{
    components::{Button, EmptyState, ErrorNotice, IconName, NotLoaded, Tab, TableSkeleton, Tabs},
    error::UiError,
    i18n::{
        t,
        text::{common, media as text},
    },
};
use leptos::prelude::*;

/// Everything as it is when the page is opened.
#[derive(Clone, Copy)]
pub(crate) struct FirstMedia(OnceResource<Result<First, UiError>>);

impl FirstMedia {
    /// Starts loading, outside of every `Suspense`.
    pub(crate) fn load() -> Self {
        Self(OnceResource::new_blocking(load_first()))
    }
}

/// Where the media lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Here,
    AtGrok,
}

/// The page, with [`FirstMedia`] as context.
#[component]
pub fn MediaPage() -> impl IntoView {
    let place = RwSignal::new(Place::Here);
    let tab = |value, label| Tab {
        value,
        label: t(label).into(),
        count: None,
        hides_empty: false,
    };
    let tabs = vec![
        tab(Place::Here, text::PLACE_HERE),
        tab(Place::AtGrok, text::PLACE_GROK),
    ];
    let FirstMedia(first) = expect_context();
    let is_here = move || place.get() == Place::Here;
    // What is listed outlives a look at the other place.
    let loaded = move |first: First| {
        let state = Media::new(first);
        view! {
            <Show when=is_here fallback=AssetsView>
                <MediaView state />
            </Show>
        }
    };
    view! {
        <Tabs label=t(text::PLACE) value=place tabs />
        <Suspense fallback=|| {
            view! { <TableSkeleton /> }
        }>
            {move || Suspend::new(async move {
                match first.await {
                    Ok(first) => loaded(first).into_any(),
                    Err(error) => {
                        view! {
                            <Show when=is_here fallback=AssetsView>
                                <NotLoaded error=error.clone() />
                            </Show>
                        }
                            .into_any()
                    }
                }
            })}
        </Suspense>
    }
}

#[component]
fn MediaView(state: Media) -> impl IntoView {
    let has_any = Memo::new(move |_| state.overview.with(|overview| !overview.totals.is_empty()));
    view! {
        {move || {
            state
                .failure
                .get()
                .map(|error| {
                    view! {
                        <ErrorNotice error>
                            <Button on:click=move |_| state.reload()>{t(common::RETRY)}</Button>
                        </ErrorNotice>
                    }
                })
        }}
        <Show when=move || has_any.get() fallback=NoMedia>
            <Cards state />
            <Toolbar state />
            <MediaTable state />
            <SelectionBar state />
        </Show>
        <Preview state />
        <Confirm state />
    }
}

#[component]
fn NoMedia() -> impl IntoView {
    view! {
        <EmptyState icon=IconName::Image title=t(text::EMPTY_TITLE) text=t(text::EMPTY_TEXT)>
            <a class="button button--primary" href="/imagine" rel="external">
                {t(text::EMPTY_LINK)}
            </a>
        </EmptyState>
    }
}

//! All videos of the visitor's, newest first.

use super::{
    card::Card,
    failure::SIGN_IN,
    library::{Library, Loading},
};
use crate::{
    components::{Button, EmptyState, IconName, PageSkeleton},
    i18n::{t, text::video as text},
    pages::making::NotLoaded,
};
use leptos::{prelude::*, task::spawn_local};

/// The list, or why there is none.
#[component]
pub(super) fn Shelf() -> impl IntoView {
    let library: Library = expect_context();
    let is_loading = RwSignal::new(false);
    // Why older ones did not come.
    let failure = RwSignal::new(None);
    let load_more = move || {
        is_loading.set(true);
        failure.set(None);
        spawn_local(async move {
            let loaded = library.load_more().await;
            let _ = failure.try_set(loaded.err());
            let _ = is_loading.try_set(false);
        });
    };
    let on_retry = Callback::new(move |()| load_more());
    let older = move || match failure.get() {
        Some(error) => view! { <NotLoaded error sign_in=SIGN_IN on_retry /> }.into_any(),
        None => view! {
            <Button loading=is_loading on:click=move |_| load_more()>
                {t(text::MORE)}
            </Button>
        }
        .into_any(),
    };
    view! {
        <div class="shelf">
            <Show when=move || library.is_unreachable()>
                <p class="shelf__note" role="status">
                    {t(text::UNREACHABLE)}
                </p>
            </Show>
            // Apart from what takes its place: an element that became that would jump.
            <Show when=move || library.loading() == Loading::First>
                <PageSkeleton />
            </Show>
            {move || state(library.loading(), library.is_empty())}
            <ul class="shelf__list" aria-label=t(text::VIDEOS)>
                <For each=move || library.items() key=|item| item.id.clone() let:item>
                    <Card id=item.id.clone() />
                </For>
            </ul>
            <Show when=move || library.has_more()>
                <div class="shelf__more">{older}</div>
            </Show>
        </div>
    }
}

fn state(loading: Loading, is_empty: bool) -> Option<AnyView> {
    let library: Library = expect_context();
    match loading {
        Loading::Failed(error) => {
            let on_retry = Callback::new(move |()| spawn_local(library.refresh()));
            Some(view! { <NotLoaded error sign_in=SIGN_IN on_retry /> }.into_any())
        }
        Loading::Done if is_empty => Some(
            view! {
                <EmptyState
                    icon=IconName::Clapperboard
                    title=t(text::EMPTY_TITLE)
                    text=t(text::EMPTY_TEXT)
                />
            }
            .into_any(),
        ),
        Loading::First | Loading::Done => None,
    }
}

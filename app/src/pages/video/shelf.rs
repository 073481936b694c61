//! All videos of the visitor's, newest first.

use super::{
    card::Card,
    library::{Library, Loading},
};
use crate::{
    components::{Button, EmptyState, ErrorNotice, IconName, PageSkeleton},
    error::UiError,
    i18n::{
        t,
        text::{common, video as text},
    },
};
use leptos::{prelude::*, task::spawn_local};

/// The list, or why there is none.
#[component]
pub(super) fn Shelf() -> impl IntoView {
    let library: Library = expect_context();
    let is_loading = RwSignal::new(false);
    let load_more = move |_| {
        is_loading.set(true);
        spawn_local(async move {
            library.load_more().await;
            let _ = is_loading.try_set(false);
        });
    };
    view! {
        <div class="shelf">
            <Show when=move || library.is_unreachable()>
                <p class="shelf__note" role="status">
                    {t(text::UNREACHABLE)}
                </p>
            </Show>
            {move || state(library.loading(), library.is_empty())}
            <ul class="shelf__list" aria-label=t(text::VIDEOS)>
                <For each=move || library.items() key=|item| item.id.clone() let:item>
                    <Card id=item.id.clone() />
                </For>
            </ul>
            <Show when=move || library.has_more()>
                <p class="shelf__more">
                    <Button loading=is_loading on:click=load_more>
                        {t(text::MORE)}
                    </Button>
                </p>
            </Show>
        </div>
    }
}

fn state(loading: Loading, is_empty: bool) -> Option<AnyView> {
    let library: Library = expect_context();
    match loading {
        Loading::First => Some(view! { <PageSkeleton /> }.into_any()),
        Loading::Failed(error) => {
            let way_out = match error {
                UiError::SignInRequired => view! {
                    <a class="button button--secondary" href=super::failure::SIGN_IN rel="external">
                        {t(text::SIGN_IN)}
                    </a>
                }
                .into_any(),
                _ => view! {
                    <Button
                        icon=IconName::RefreshCw
                        on:click=move |_| spawn_local(library.refresh())
                    >
                        {t(common::RETRY)}
                    </Button>
                }
                .into_any(),
            };
            Some(view! { <ErrorNotice error>{way_out}</ErrorNotice> }.into_any())
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
        Loading::Done => None,
    }
}

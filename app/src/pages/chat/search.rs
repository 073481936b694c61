//! What the search field finds.

use super::{history::Hit, state::Library};
use crate::i18n::{t, text::chat as text};
use leptos::{prelude::*, task::spawn_local};
use std::time::Duration;

const MAX_HITS: usize = 50;
const SEARCH_DELAY: Duration = Duration::from_millis(150);

/// Conversations that have the words of the query, in their title or in what was said.
#[component]
pub(super) fn Hits(query: RwSignal<String>) -> impl IntoView {
    let library: Library = expect_context();
    let hits = RwSignal::new(None::<Vec<Hit>>);
    let look = move |wanted: String| {
        spawn_local(async move {
            let found = library.search(&wanted, MAX_HITS).await;
            if query.try_get_untracked().as_ref() == Some(&wanted) {
                hits.try_set(Some(found));
            }
        });
    };
    Effect::new(move || {
        let wanted = query.get();
        let delayed = set_timeout_with_handle(move || look(wanted), SEARCH_DELAY);
        on_cleanup(move || {
            if let Ok(handle) = delayed {
                handle.clear();
            }
        });
    });
    let is_empty = Memo::new(move |_| hits.with(|hits| hits.as_ref().is_some_and(Vec::is_empty)));
    view! {
        <Show when=move || is_empty.get()>
            <p class="side__empty" role="status">
                {t(text::NO_HITS)}
            </p>
        </Show>
        <ul class="side__group">
            <For
                each=move || hits.get().unwrap_or_default()
                key=|hit| (hit.chat_id.clone(), hit.place.clone().map(|place| place.1.before))
                let:hit
            >
                <HitRow hit />
            </For>
        </ul>
    }
}

#[component]
fn HitRow(hit: Hit) -> impl IntoView {
    view! {
        <li class="entry">
            <a class="entry__link entry__link--hit" href=format!("/?c={}", hit.chat_id)>
                <span class="entry__title">{hit.title}</span>
                {hit
                    .place
                    .map(|(_, snippet)| {
                        view! {
                            <span class="entry__snippet">
                                {snippet.before} <mark>{snippet.found}</mark> {snippet.after}
                            </span>
                        }
                    })}
            </a>
        </li>
    }
}

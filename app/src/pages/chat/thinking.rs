//! What the model thought before it answered, folded away.

use crate::{
    components::{Icon, IconName},
    i18n::{text::chat as text, use_language},
};
use leptos::prelude::*;

/// Open while the model thinks, folded once it answers; the person may open it again.
#[component]
pub(super) fn Thinking(
    #[prop(into)] thoughts: Signal<String>,
    /// Milliseconds so far, or in total.
    #[prop(into)]
    elapsed_ms: Signal<Option<u32>>,
    #[prop(into)] is_active: Signal<bool>,
) -> impl IntoView {
    let language = use_language();
    // Rounded, so that the label changes once a second and not with every frame.
    let secs = Memo::new(move |_| elapsed_ms.get().map_or(0, |ms| (ms + 500) / 1_000));
    let label = move || {
        let (language, secs) = (language.get(), secs.get());
        match (is_active.get(), secs) {
            (true, 0) => text::THINKING.get(language).to_owned(),
            (true, _) => text::ThinkingFor { secs: &secs }.fill(language),
            (false, 0) => text::THOUGHT.get(language).to_owned(),
            (false, _) => text::ThoughtFor { secs: &secs }.fill(language),
        }
    };
    let has_thoughts = Memo::new(move |_| thoughts.with(|thoughts| !thoughts.is_empty()));
    view! {
        <Show when=move || has_thoughts.get()>
            <details class="thinking" class:is-active=move || is_active.get() prop:open=is_active>
                <summary class="thinking__label">
                    <Icon name=IconName::Brain />
                    <span>{label}</span>
                    <span class="thinking__fold">
                        <Icon name=IconName::ChevronDown />
                    </span>
                </summary>
                <div class="thinking__text">{move || thoughts.get()}</div>
            </details>
        </Show>
    }
}

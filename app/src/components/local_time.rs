//! Moments in the reader's own time zone.

use crate::{
    dom::{self, TimeStyle},
    i18n::use_language,
};
use leptos::prelude::*;

/// A moment as local time, the exact one in its tooltip.
///
/// Server-side rendering: the server does not know the reader's zone, so the first render shows a
/// dash of about the same width; the local time appears after hydration.
#[component]
pub fn LocalTime(
    /// Unix milliseconds.
    at_ms: i64,
) -> impl IntoView {
    let language = use_language();
    let shown = RwSignal::new(None);
    Effect::new(move || {
        let tag = language.get().tag();
        let text = |style| dom::local_time(at_ms, tag, style);
        shown.set(Some((text(TimeStyle::Short), text(TimeStyle::Full))));
    });
    let machine = RwSignal::new(None);
    Effect::new(move || machine.set(dom::iso_time(at_ms)));
    view! {
        <time class="time" datetime=machine title=move || shown.get().map(|(_, full)| full)>
            {move || shown.get().map_or_else(|| "--:--".to_owned(), |(short, _)| short)}
        </time>
    }
}

//! Quota left of a full window.

use leptos::{prelude::*, text_prop::TextProp};

/// "45 / 80" with a bar. The bar is the browser's `<progress>`, so no inline style is needed.
#[component]
pub fn QuotaBar(#[prop(into)] label: TextProp, left: u32, limit: u32) -> impl IntoView {
    let level = match (left * 100).checked_div(limit) {
        Some(0) | None => "is-empty",
        Some(1..25) => "is-low",
        Some(_) => "is-fine",
    };
    view! {
        <span class="quota">
            <progress
                class=format!("quota__bar {level}")
                max=limit.max(left).max(1)
                value=left
                aria-label=move || label.get()
            ></progress>
            <span class="quota__text">
                {left}<span class="quota__limit">{format!(" / {limit}")}</span>
            </span>
        </span>
    }
}

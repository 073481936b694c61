//! The title in the browser's tab.

use leptos::{prelude::*, text_prop::TextProp};
use leptos_meta::Title;

/// Names the page in the browser's tab.
///
/// Server-side rendering: the text is taken at once. `leptos_meta` reads titles when the page is
/// put together, on a thread where no signal may be read any more.
#[component]
pub fn PageTitle(#[prop(into)] text: TextProp) -> impl IntoView {
    let text = if cfg!(feature = "ssr") {
        untrack(|| text.get().into_owned()).into()
    } else {
        text
    };
    view! { <Title text /> }
}

//! The chat page.

use leptos::prelude::*;

/// The public chat at `/`.
#[component]
pub fn ChatPage() -> impl IntoView {
    view! { <p>"Chat"</p> }
}

//! The user name that a password belongs to.

use leptos::prelude::*;

/// Password managers file a password under a user name; there is one operator.
#[component]
pub fn HiddenUserName() -> impl IntoView {
    view! {
        <input
            class="visually-hidden"
            type="text"
            autocomplete="username"
            value="admin"
            readonly=true
            tabindex="-1"
            aria-hidden="true"
        />
    }
}

//! What keeps the server from working, above the numbers.

use super::state::Accounts;
use crate::{
    components::{Notice, Tone},
    i18n::{t, text::accounts},
};
use leptos::prelude::*;

/// As the server's health report tells it, in its words. Nothing where all is well.
#[component]
pub(super) fn Troubles(state: Accounts) -> impl IntoView {
    let told = Memo::new(move |_| state.list.with(|list| list.troubles.clone()));
    let line = |text: String| view! { <li lang="en">{text}</li> };
    move || {
        let told = told.get();
        (!told.is_empty()).then(|| {
            view! {
                <Notice tone=Tone::Warning>
                    <strong>{t(accounts::TROUBLES)}</strong>
                    <ul class="troubles">{told.into_iter().map(line).collect_view()}</ul>
                </Notice>
            }
        })
    }
}

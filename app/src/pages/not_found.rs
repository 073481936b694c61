//! Nothing at this address.

use crate::{
    components::{EmptyState, IconName, PageTitle},
    i18n::{t, text::shell},
};
use leptos::prelude::*;

/// Says so, with a real 404 status from the server.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    #[cfg(feature = "ssr")]
    status::set();
    view! {
        <PageTitle text=t(shell::NOT_FOUND_TITLE) />
        <main class="centered">
            <EmptyState
                icon=IconName::Globe
                whole_page=true
                title=t(shell::NOT_FOUND_TITLE)
                text=t(shell::NOT_FOUND_TEXT)
            >
                <a class="button button--primary" href="/" rel="external">
                    {t(shell::NOT_FOUND_LINK)}
                </a>
            </EmptyState>
        </main>
    }
}

#[cfg(feature = "ssr")]
mod status {
    use http::StatusCode;
    use leptos::prelude::use_context;
    use leptos_axum::ResponseOptions;

    pub(super) fn set() {
        if let Some(response) = use_context::<ResponseOptions>() {
            response.set_status(StatusCode::NOT_FOUND);
        }
    }
}

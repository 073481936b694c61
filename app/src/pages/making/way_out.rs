//! What to do when something did not come.

use super::cause::Cause;
use crate::{
    components::{Button, ErrorNotice, IconName},
    error::UiError,
    i18n::{
        t,
        text::{common, making as text},
    },
};
use leptos::prelude::*;

/// A list that could not be loaded. `sign_in` leads back to the page.
#[component]
pub(in crate::pages) fn NotLoaded(
    error: UiError,
    sign_in: &'static str,
    on_retry: Callback<()>,
) -> impl IntoView {
    let way_out = match error {
        UiError::SignInRequired => sign_in_link(sign_in),
        _ => retry(on_retry),
    };
    view! { <ErrorNotice error>{way_out}</ErrorNotice> }
}

/// Where a person can do something about it; an operator can do more.
pub(in crate::pages) fn way_out(
    cause: Cause,
    is_operator: bool,
    sign_in: &'static str,
) -> Option<AnyView> {
    match cause {
        Cause::SignIn => Some(sign_in_link(sign_in)),
        Cause::Accounts if is_operator => Some(
            view! {
                <a class="button button--secondary" href="/admin/accounts">
                    {t(text::TO_ACCOUNTS)}
                </a>
            }
            .into_any(),
        ),
        _ => None,
    }
}

pub(in crate::pages) fn retry(on_retry: Callback<()>) -> AnyView {
    view! {
        <Button icon=IconName::RefreshCw on:click=move |_| on_retry.run(())>
            {t(common::RETRY)}
        </Button>
    }
    .into_any()
}

fn sign_in_link(href: &'static str) -> AnyView {
    view! {
        <a class="button button--secondary" href=href rel="external">
            {t(text::SIGN_IN)}
        </a>
    }
    .into_any()
}

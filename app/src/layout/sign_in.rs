//! The frame of the sign-in page.

use super::{LanguageMenu, ThemeMenu, banner::DemoBanner, public::Brand};
use crate::session::use_session;
use leptos::prelude::*;
use leptos_router::{NavigateOptions, components::Redirect};

/// A card in the middle with the brand above and theme and language at the top. Who is signed in
/// already is led to `next`.
#[component]
pub(crate) fn SignInFrame(next: String, children: Children) -> impl IntoView {
    let session = use_session();
    let next = StoredValue::new(next);
    view! {
        <div class="sign-in">
            <Suspense>
                {move || {
                    let viewer = session.viewer()?;
                    let is_admin = viewer.is_admin;
                    provide_context(viewer);
                    let options = NavigateOptions { replace: true, ..Default::default() };
                    Some(
                        if is_admin {
                            view! { <Redirect path=next.get_value() options /> }.into_any()
                        } else {
                            view! { <DemoBanner /> }.into_any()
                        },
                    )
                }}
            </Suspense>
            <header class="sign-in__bar">
                <ThemeMenu />
                <LanguageMenu />
            </header>
            <main class="sign-in__main" id="content">
                <div class="sign-in__brand">
                    <Brand />
                </div>
                <section class="card sign-in__card">{children()}</section>
            </main>
        </div>
    }
}

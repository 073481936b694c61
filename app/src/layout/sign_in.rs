//! The frame of the sign-in page.

use super::{LanguageMenu, ThemeMenu, public::Brand};
use crate::{
    i18n::{t, text::shell},
    session::use_session,
};
use leptos::prelude::*;

/// A card in the middle with the brand above and theme and language at the top.
#[component]
pub(crate) fn SignInFrame(children: Children) -> impl IntoView {
    let session = use_session();
    view! {
        <div class="sign-in">
            <Suspense>
                {move || {
                    session
                        .viewer()
                        .filter(|viewer| viewer.is_demo)
                        .map(|_| {
                            view! {
                                <aside class="demo-banner" aria-label=t(shell::DEMO)>
                                    <span>{t(shell::DEMO_BANNER)}</span>
                                </aside>
                            }
                        })
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

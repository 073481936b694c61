//! What is said once the first accounts have ended the demo.

use crate::{
    components::{CopyButton, Notice, Tone},
    dom,
    i18n::{t, text::accounts, use_language},
};
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

/// Says, where the address has `?added=2`, that the demo has ended, and what comes next. Takes that
/// out of the address, so that loading the page again shows the page.
///
/// Server-side rendering: without the host in the base URL, which the browser knows best.
#[component]
pub(super) fn DemoEnded() -> impl IntoView {
    let language = use_language();
    let added = use_query_map().read_untracked().get("added");
    let added = added.and_then(|added| added.parse::<u32>().ok())?;
    let base_url = RwSignal::new("/v1".to_owned());
    let navigate = use_navigate();
    Effect::new(move || {
        base_url.set(format!("{}/v1", dom::origin()));
        let options = NavigateOptions {
            replace: true,
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate("/admin/accounts", options);
    });
    Some(view! {
        <Notice tone=Tone::Success>
            <p>
                <strong>{move || accounts::DEMO_ENDED.fill(language.get(), added.into())}</strong>
            </p>
            <p>
                <a href="/">{t(accounts::NEXT_CHAT)}</a>
            </p>
            <p>
                {t(accounts::NEXT_CLIENTS)} " " <code>{base_url}</code>
                <CopyButton text=base_url />
            </p>
            <p>
                {t(accounts::NEXT_KEY)} " " <a href="/admin/connect">{t(accounts::NEXT_CONNECT)}</a>
            </p>
        </Notice>
    })
}

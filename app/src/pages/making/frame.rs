//! The frame of a page that makes something.

use super::{images::Drop, prompt::Prompt, prompts::Prompts};
use crate::i18n::{Text, t};
use leptos::prelude::*;
use web_sys::File;

/// A page with its prompt in `head`, why something failed, and what was made as `children`. Pictures can be dropped anywhere
/// on it, or pasted.
#[component]
pub(in crate::pages) fn MakingFrame(
    title: Text,
    /// Said while files are held over the page.
    drop_here: Text,
    take: Callback<Vec<File>>,
    head: AnyView,
    #[prop(into)] failure: ViewFn,
    children: Children,
) -> impl IntoView {
    let drop = Drop::new(take);
    view! {
        <div
            class="making"
            class:is-dropping=drop.is_over
            on:dragover=move |event| drop.over(&event)
            on:dragleave=move |event| drop.leave(&event)
            on:drop=move |event| drop.take(&event)
        >
            <h1 class="visually-hidden">{t(title)}</h1>
            <div class="making__head">{head}</div>
            <div class="making__failure">{move || failure.run()}</div>
            {children()}
            <p class="making__drop" aria-hidden="true">
                {t(drop_here)}
            </p>
        </div>
    }
}

/// Puts the prompt and those of before, which the browser keeps under this key, into context.
pub(in crate::pages) fn provide_prompt(key: &'static str) {
    provide_context(Prompts::load(key));
    provide_context(Prompt::new());
}

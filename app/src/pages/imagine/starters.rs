//! Prompts for who has not drawn anything yet.

use crate::{
    dom,
    i18n::{Text, t, text::imagine as text, use_language},
    pages::making::{PROMPT_ID, Prompt},
};
use leptos::prelude::*;

const STARTERS: [Text; 4] = [
    text::STARTER_PLACE,
    text::STARTER_ANIMAL,
    text::STARTER_THING,
    text::STARTER_PORTRAIT,
];

/// Each fills the prompt, so that it can be changed before it is drawn.
#[component]
pub(super) fn Starters() -> impl IntoView {
    let prompt: Prompt = expect_context();
    let language = use_language();
    let starter = move |words: Text| {
        let choose = move |_| {
            prompt.write(words.get(language.get_untracked()).to_owned());
            dom::focus(PROMPT_ID);
        };
        view! {
            <li>
                <button type="button" class="suggestion" on:click=choose>
                    {t(words)}
                </button>
            </li>
        }
    };
    view! {
        <ul class="suggestions" aria-label=t(text::STARTERS)>
            {STARTERS.map(starter).collect_view()}
        </ul>
    }
}

//! A conversation that has not begun.

use super::{state::Draft, upkeep::focus_composer};
use crate::{
    components::{Icon, IconName},
    i18n::{Text, t, text::chat as text, use_language},
};
use leptos::prelude::*;

/// A greeting and three ways to begin. A starter fills the composer, so it can be changed first.
#[component]
pub(super) fn EmptyChat() -> impl IntoView {
    let starters = [
        (
            IconName::FileText,
            text::STARTER_EXPLAIN,
            text::STARTER_EXPLAIN_PROMPT,
        ),
        (
            IconName::SquarePen,
            text::STARTER_WRITE,
            text::STARTER_WRITE_PROMPT,
        ),
        (
            IconName::Code,
            text::STARTER_CODE,
            text::STARTER_CODE_PROMPT,
        ),
    ];
    view! {
        <div class="empty-chat">
            <span class="empty-chat__mark">
                <Icon name=IconName::Sparkles size=20 />
            </span>
            <h2 class="empty-chat__title">{t(text::EMPTY_TITLE)}</h2>
            <ul class="empty-chat__starters">
                {starters
                    .into_iter()
                    .map(|(icon, title, prompt)| {
                        view! {
                            <li>
                                <Starter icon title prompt />
                            </li>
                        }
                    })
                    .collect_view()}
            </ul>
        </div>
    }
}

#[component]
fn Starter(icon: IconName, title: Text, prompt: Text) -> impl IntoView {
    let draft: Draft = expect_context();
    let language = use_language();
    let choose = move |_| {
        draft.write(prompt.get(language.get_untracked()).to_owned());
        focus_composer();
    };
    view! {
        <button type="button" class="starter" data-early="fill" on:click=choose>
            <Icon name=icon />
            <span class="starter__title">{t(title)}</span>
            <span class="starter__prompt" data-early-text="">
                {t(prompt)}
            </span>
        </button>
    }
}

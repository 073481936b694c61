//! Where a person says what to film.

use super::{
    beginning::Beginning,
    beginning_view::{AddBeginning, BeginningRow},
    choices::Choices,
    controls::Controls,
    maker::Maker,
    request::Asked,
};
use crate::{
    components::{Button, ButtonVariant, IconName},
    i18n::{t, text::video as text, use_language},
    pages::making::{Prompt, PromptForm, PromptTexts},
};
use leptos::prelude::*;

const TEXTS: PromptTexts = PromptTexts {
    label: text::PROMPT,
    placeholder: text::PROMPT_PLACEHOLDER,
    keys: text::PROMPT_KEYS,
};

/// The prompt with its history, what the video begins with and what it is to be like.
#[component]
pub(super) fn FilmingForm() -> impl IntoView {
    let (maker, beginning): (Maker, Beginning) = (expect_context(), expect_context());
    let choices: RwSignal<Choices> = expect_context();
    let send = move |prompt: String| {
        maker.ask(Asked {
            prompt,
            choices: choices.get_untracked(),
            start: untrack(|| beginning.get()),
        });
        true
    };
    view! {
        <PromptForm
            texts=TEXTS
            above=view! { <BeginningRow /> }.into_any()
            add=view! { <AddBeginning /> }.into_any()
            send=Callback::new(send)
        >
            <Bar />
        </PromptForm>
    }
}

#[component]
fn Bar() -> impl IntoView {
    let (maker, prompt): (Maker, Prompt) = (expect_context(), expect_context());
    let beginning: Beginning = expect_context();
    let language = use_language();
    let said = move || {
        let (asked, language) = (maker.asked(), language.get());
        (asked > 0).then(|| text::ASKED.fill(language, asked.into()))
    };
    let label = move || {
        let text = if beginning.is_remix() {
            text::MAKE_REMIX
        } else {
            text::MAKE
        };
        text.get(language.get())
    };
    view! {
        // A remix takes them from its source.
            <Show when=move || !beginning.is_remix()>
                <Controls />
            </Show>
            <p class="prompt__status" role="status">
                {said}
            </p>
            <Button
                variant=ButtonVariant::Primary
                icon=IconName::Clapperboard
                submit=true
                loading=Signal::derive(move || maker.is_asking())
                disabled=Signal::derive(move || prompt.is_blank())
                attr:title=t(text::MAKE_KEYS)
            >
                {label}
            </Button>
    }
}

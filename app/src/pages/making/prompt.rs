//! Where a person says what to make.

use super::{history_menu::HistoryMenu, prompts::Prompts};
use crate::{
    browser::early,
    i18n::{Text, t},
    reactive::grow_with_text,
};
use leptos::{ev, html, prelude::*};

/// The id of the prompt's field in the document.
pub(in crate::pages) const PROMPT_ID: &str = "prompt";

/// The words in the field.
#[derive(Clone, Copy)]
pub(in crate::pages) struct Prompt(RwSignal<String>);

impl Prompt {
    /// What was typed before this code was there stays.
    pub(super) fn new() -> Self {
        Self(RwSignal::new(early::typed(PROMPT_ID).unwrap_or_default()))
    }

    pub(in crate::pages) fn write(self, words: String) {
        self.0.set(words);
    }

    /// Reactive.
    pub(in crate::pages) fn is_blank(self) -> bool {
        self.0.with(|words| words.trim().is_empty())
    }
}

/// What a page calls its prompt.
#[derive(Clone, Copy)]
pub(in crate::pages) struct PromptTexts {
    pub(in crate::pages) label: Text,
    pub(in crate::pages) placeholder: Text,
    /// Which keys do what.
    pub(in crate::pages) keys: Text,
}

/// The prompt with what stands above it, and a bar with `add`, the history and `children`. `send` takes
/// what the field says, unless it is blank, and says whether it was sent.
#[component]
pub(in crate::pages) fn PromptForm(
    texts: PromptTexts,
    above: AnyView,
    add: AnyView,
    send: Callback<String, bool>,
    children: Children,
) -> impl IntoView {
    let (prompt, prompts): (Prompt, Prompts) = (expect_context(), expect_context());
    let (form, field) = (
        NodeRef::<html::Form>::new(),
        NodeRef::<html::Textarea>::new(),
    );
    grow_with_text(field, prompt.0.into());
    let submit = move || {
        let words = prompt.0.get_untracked().trim().to_owned();
        if !words.is_empty() && send.run(words.clone()) {
            prompts.add(&words);
        }
    };
    Effect::new(move || {
        if let Some(form) = form.get()
            && early::take_over(&form).is_some()
        {
            submit();
        }
    });
    let on_key = move |event: ev::KeyboardEvent| {
        let stepped = match event.key().as_str() {
            "Enter" if early::sends(&event) => {
                event.prevent_default();
                return submit();
            }
            "ArrowUp" => prompts.step(&prompt.0.get_untracked(), true),
            "ArrowDown" => prompts.step(&prompt.0.get_untracked(), false),
            _ => None,
        };
        if let Some(words) = stepped {
            event.prevent_default();
            prompt.write(words);
        }
    };
    view! {
        <form
            node_ref=form
            class="prompt"
            data-early="send"
            on:submit=move |event| {
                event.prevent_default();
                submit();
            }
        >
            {above}
            <label class="visually-hidden" for=PROMPT_ID>
                {t(texts.label)}
            </label>
            <textarea
                node_ref=field
                class="prompt__field"
                id=PROMPT_ID
                rows="1"
                autocomplete="off"
                maxlength="8000"
                placeholder=t(texts.placeholder)
                title=t(texts.keys)
                prop:value=prompt.0
                on:input=move |event| prompt.write(event_target_value(&event))
                on:keydown=on_key
            ></textarea>
            <div class="prompt__bar">{add} <HistoryMenu /> {children()}</div>
        </form>
    }
}

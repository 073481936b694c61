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
    browser::early,
    components::{Button, ButtonVariant, IconName},
    i18n::{t, text::video as text, use_language},
    pages::imagine::{HistoryMenu, PROMPT_ID, Prompt, Prompts},
    reactive::grow_with_text,
};
use leptos::{ev, html, prelude::*};

/// The prompt with its history, what the video begins with and what it is to be like.
#[component]
pub(super) fn PromptForm() -> impl IntoView {
    let (prompt, prompts): (Prompt, Prompts) = (expect_context(), expect_context());
    let (form, field) = (
        NodeRef::<html::Form>::new(),
        NodeRef::<html::Textarea>::new(),
    );
    grow_with_text(field, prompt.words());
    let submit = use_submit();
    Effect::new(move || {
        if let Some(form) = form.get()
            && early::take_over(&form).is_some()
        {
            submit();
        }
    });
    let on_key = move |event: ev::KeyboardEvent| {
        let has_command = event.ctrl_key() || event.meta_key();
        let words = prompt.words().get_untracked();
        let stepped = match event.key().as_str() {
            "Enter" if has_command && !event.is_composing() => {
                event.prevent_default();
                return submit();
            }
            "ArrowUp" => prompts.step(&words, true),
            "ArrowDown" => prompts.step(&words, false),
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
            data-early="draw"
            on:submit=move |event| {
                event.prevent_default();
                submit();
            }
        >
            <BeginningRow />
            <label class="visually-hidden" for=PROMPT_ID>
                {t(text::PROMPT)}
            </label>
            <textarea
                node_ref=field
                class="prompt__field"
                id=PROMPT_ID
                rows="1"
                autocomplete="off"
                maxlength="8000"
                placeholder=t(text::PROMPT_PLACEHOLDER)
                title=t(text::PROMPT_KEYS)
                prop:value=prompt.words()
                on:input=move |event| prompt.write(event_target_value(&event))
                on:keydown=on_key
            ></textarea>
            <Bar />
        </form>
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
        <div class="prompt__bar">
            <AddBeginning />
            <HistoryMenu />
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
        </div>
    }
}

/// Asks for what the field says.
fn use_submit() -> impl Fn() + Copy + Send + Sync + 'static {
    let (prompt, prompts): (Prompt, Prompts) = (expect_context(), expect_context());
    let (maker, beginning): (Maker, Beginning) = (expect_context(), expect_context());
    let choices: RwSignal<Choices> = expect_context();
    move || {
        let words = prompt.words().get_untracked().trim().to_owned();
        if words.is_empty() {
            return;
        }
        prompts.add(&words);
        maker.ask(Asked {
            prompt: words,
            choices: choices.get_untracked(),
            start: untrack(|| beginning.get()),
        });
    }
}

//! Where a person says what to draw.

use super::{
    choices::Choices,
    controls::Controls,
    drawings::{Activity, Drawings},
    history_menu::HistoryMenu,
    prompts::Prompts,
    reference_row::{AddReference, ReferenceRow},
    references::References,
    request::Asked,
};
use crate::{
    browser::early,
    components::{Button, ButtonVariant, IconName},
    dom,
    i18n::{t, text::imagine as text, use_language},
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
    pub(in crate::pages) fn new() -> Self {
        Self(RwSignal::new(early::typed(PROMPT_ID).unwrap_or_default()))
    }

    pub(in crate::pages) fn write(self, words: String) {
        self.0.set(words);
    }

    pub(in crate::pages) fn words(self) -> Signal<String> {
        self.0.into()
    }

    /// Reactive.
    pub(in crate::pages) fn is_blank(self) -> bool {
        self.0.with(|words| words.trim().is_empty())
    }
}

/// The prompt with its history, its references and how to draw.
#[component]
pub(super) fn PromptForm() -> impl IntoView {
    let (prompt, prompts): (Prompt, Prompts) = (expect_context(), expect_context());
    let (form, field) = (
        NodeRef::<html::Form>::new(),
        NodeRef::<html::Textarea>::new(),
    );
    grow_with_text(field, prompt.0.into());
    let submit = use_submit();
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
            <ReferenceRow />
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
                prop:value=prompt.0
                on:input=move |event| prompt.write(event_target_value(&event))
                on:keydown=on_key
            ></textarea>
            <div class="prompt__bar">
                <AddReference />
                <HistoryMenu />
                <Controls />
                <Status />
                <DrawOrStop />
            </div>
        </form>
    }
}

/// Starts drawing what the field says.
fn use_submit() -> impl Fn() + Copy + Send + Sync + 'static {
    let (prompt, prompts): (Prompt, Prompts) = (expect_context(), expect_context());
    let (drawings, references): (Drawings, References) = (expect_context(), expect_context());
    let choices: RwSignal<Choices> = expect_context();
    move || {
        let words = prompt.0.get_untracked().trim().to_owned();
        if words.is_empty() || untrack(|| drawings.is_busy()) {
            return;
        }
        prompts.add(&words);
        drawings.start(Asked {
            prompt: words,
            choices: choices.get_untracked(),
            references: untrack(|| references.list()),
        });
    }
}

#[component]
fn DrawOrStop() -> impl IntoView {
    let (drawings, prompt): (Drawings, Prompt) = (expect_context(), expect_context());
    view! {
        <Show
            when=move || drawings.is_busy()
            fallback=move || {
                view! {
                    <Button
                        variant=ButtonVariant::Primary
                        icon=IconName::Sparkles
                        submit=true
                        disabled=Signal::derive(move || prompt.is_blank())
                        attr:title=t(text::DRAW_KEYS)
                    >
                        {t(text::DRAW)}
                    </Button>
                }
            }
        >
            <Button
                icon=IconName::Square
                on:click=move |_| {
                    drawings.stop();
                    dom::focus(PROMPT_ID);
                }
            >
                {t(text::STOP)}
            </Button>
        </Show>
    }
}

/// Says what it is doing, also to screen readers.
#[component]
fn Status() -> impl IntoView {
    let drawings: Drawings = expect_context();
    let language = use_language();
    let now_ms = RwSignal::new(0);
    Effect::new(move || {
        if matches!(drawings.activity(), Activity::Waiting { .. }) {
            now_ms.set(dom::now_ms());
            let ticker = dom::every(1_000, move || _ = now_ms.try_set(dom::now_ms()));
            let ticker = StoredValue::new_local(ticker);
            on_cleanup(move || ticker.dispose());
        }
    });
    let said = move || {
        let language = language.get();
        match drawings.activity() {
            Activity::Idle => String::new(),
            Activity::Drawing {
                batch,
                done,
                wanted,
            } if batch > 1 => text::StatusBatch {
                batch: &batch,
                done: &done,
                wanted: &wanted,
            }
            .fill(language),
            Activity::Drawing { done, wanted, .. } => text::StatusDrawing {
                done: &done,
                wanted: &wanted,
            }
            .fill(language),
            Activity::Waiting { until_ms } => {
                let left = (until_ms - now_ms.get()).max(0);
                let secs = u64::try_from(left).unwrap_or_default().div_ceil(1_000);
                text::StatusWaiting { secs: &secs }.fill(language)
            }
            Activity::Stopped => text::STATUS_STOPPED.get(language).to_owned(),
            Activity::Finished { pictures } => {
                text::STATUS_FINISHED.fill(language, pictures.into())
            }
        }
    };
    view! {
        <p class="prompt__status" role="status">
            {said}
        </p>
    }
}

//! Where a person says what to draw.

use super::{
    choices::Choices,
    controls::Controls,
    drawings::{Activity, Drawings},
    reference_row::{AddReference, ReferenceRow},
    references::References,
    request::Asked,
};
use crate::{
    components::{Button, ButtonVariant, IconName},
    dom,
    i18n::{Language, t, text::imagine as text, use_language},
    pages::making::{PROMPT_ID, Prompt, PromptForm, PromptTexts},
};
use leptos::prelude::*;

const TEXTS: PromptTexts = PromptTexts {
    label: text::PROMPT,
    placeholder: text::PROMPT_PLACEHOLDER,
    keys: text::PROMPT_KEYS,
};

/// The prompt with its history, its references and how to draw.
#[component]
pub(super) fn DrawingForm() -> impl IntoView {
    let (drawings, references): (Drawings, References) = (expect_context(), expect_context());
    let choices: RwSignal<Choices> = expect_context();
    let send = move |prompt: String| {
        if untrack(|| drawings.is_busy()) {
            return false;
        }
        drawings.start(Asked {
            prompt,
            choices: choices.get_untracked(),
            references: untrack(|| references.list()),
        });
        true
    };
    view! {
        <PromptForm
            texts=TEXTS
            above=view! { <ReferenceRow /> }.into_any()
            add=view! { <AddReference /> }.into_any()
            send=Callback::new(send)
        >
            <Controls />
            <Status />
            <DrawOrStop />
        </PromptForm>
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
    let is_waiting = move || matches!(drawings.activity(), Activity::Waiting { .. });
    let now_ms = RwSignal::new(0);
    Effect::new(move || {
        if is_waiting() {
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
            Activity::Waiting { until_ms } => waiting(until_ms, dom::now_ms(), language),
            Activity::Stopped => text::STATUS_STOPPED.get(language).to_owned(),
            Activity::Finished { pictures } => {
                text::STATUS_FINISHED.fill(language, pictures.into())
            }
        }
    };
    // What changes each second is not told each second.
    let counted = move || match drawings.activity() {
        Activity::Waiting { until_ms } => Some(waiting(until_ms, now_ms.get(), language.get())),
        _ => None,
    };
    view! {
        <p class="prompt__status" class:visually-hidden=is_waiting role="status">
            {said}
        </p>
        <Show when=is_waiting>
            <p class="prompt__status" aria-hidden="true">
                {counted}
            </p>
        </Show>
    }
}

fn waiting(until_ms: i64, now_ms: i64, language: Language) -> String {
    let left = u64::try_from(until_ms - now_ms).unwrap_or_default();
    let secs = &left.div_ceil(1_000);
    text::StatusWaiting { secs }.fill(language)
}

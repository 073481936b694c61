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
    i18n::{t, text::imagine as text, use_language},
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

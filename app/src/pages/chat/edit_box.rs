//! The box in which a question that was asked is changed.

use super::{
    history::{AttachmentRef, TurnId},
    state::{Draft, Generations, OpenConversation, Question},
    upkeep::focus_composer,
};
use crate::{
    browser::early,
    components::{Button, ButtonVariant},
    dom,
    i18n::{
        t,
        text::{chat as text, common},
    },
    reactive::grow_with_text,
};
use leptos::{ev, html, prelude::*};

const EDIT_ID: &str = "chat-edit";

/// A question while it is being changed.
#[derive(Clone, Copy)]
struct Change {
    question: TurnId,
    text: RwSignal<String>,
    /// As it was asked.
    asked: StoredValue<(String, Vec<AttachmentRef>)>,
    draft: Draft,
    open: OpenConversation,
    generations: Generations,
}

impl Change {
    fn begin(question: TurnId) -> Self {
        let (draft, open): (Draft, OpenConversation) = (expect_context(), expect_context());
        let asked = untrack(|| open.turn(question))
            .map(|turn| (turn.text, turn.attachments))
            .unwrap_or_default();
        let text = draft.edit(question).unwrap_or_else(|| asked.0.clone());
        Self {
            question,
            text: RwSignal::new(text),
            asked: StoredValue::new(asked),
            draft,
            open,
            generations: expect_context(),
        }
    }

    fn write(self, text: String) {
        let is_changed = self.asked.with_value(|asked| asked.0 != text);
        self.draft
            .keep_edit(self.question, is_changed.then(|| text.clone()));
        self.text.set(text);
    }

    /// Whether there is something to ask. Reactive.
    fn can_send(self) -> bool {
        let has_files = self.asked.with_value(|asked| !asked.1.is_empty());
        let has_words = self.text.with(|text| !text.trim().is_empty());
        (has_files || has_words) && !self.generations.is_answering()
    }

    fn send(self) {
        if !untrack(|| self.can_send()) {
            return;
        }
        let parent = self
            .open
            .with_untracked(|chat| chat.turn(self.question).and_then(|turn| turn.parent));
        let question = Question {
            text: self.text.get_untracked().trim().to_owned(),
            attachments: self.asked.with_value(|asked| asked.1.clone()),
            contents: Vec::new(),
        };
        self.give_up();
        self.generations.ask(parent, question);
    }

    /// What was changed stays for the next time.
    fn close(self) {
        self.open.edit(None);
        focus_composer();
    }

    fn give_up(self) {
        self.draft.keep_edit(self.question, None);
        self.close();
    }
}

/// Changes a question and asks it again, as a branch: the old version stays one click away.
#[component]
pub(super) fn EditBox(id: TurnId) -> impl IntoView {
    let change = Change::begin(id);
    let input = NodeRef::<html::Textarea>::new();
    grow_with_text(input, change.text.into());
    focus_end(input);
    let on_key = move |event: ev::KeyboardEvent| match event.key().as_str() {
        "Enter" if early::sends(&event) => {
            event.prevent_default();
            change.send();
        }
        "Escape" => {
            event.prevent_default();
            change.close();
        }
        _ => {}
    };
    view! {
        <div class="edit-box">
            <textarea
                node_ref=input
                class="composer__input"
                id=EDIT_ID
                rows="1"
                aria-label=t(text::EDIT)
                prop:value=change.text
                on:input=move |event| change.write(event_target_value(&event))
                on:keydown=on_key
            ></textarea>
            <div class="edit-box__bar">
                <Button variant=ButtonVariant::Ghost on:click=move |_| change.give_up()>
                    {t(common::CANCEL)}
                </Button>
                <Button
                    variant=ButtonVariant::Primary
                    disabled=Signal::derive(move || !change.can_send())
                    on:click=move |_| change.send()
                >
                    {t(text::SEND)}
                </Button>
            </div>
        </div>
    }
}

/// Puts the cursor behind the last word.
fn focus_end(input: NodeRef<html::Textarea>) {
    Effect::new(move || {
        if let Some(input) = input.get() {
            let end = input.value().encode_utf16().count();
            let end = u32::try_from(end).unwrap_or(u32::MAX);
            let _ = input.set_selection_range(end, end);
            request_animation_frame(|| dom::focus(EDIT_ID));
        }
    });
}

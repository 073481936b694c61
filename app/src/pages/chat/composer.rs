//! The composer: where the next question is written.

use super::{
    attachments::DraftFiles,
    history::{Author, Conversation},
    state::{Draft, Generations, INPUT_ID, OpenConversation},
    upkeep::focus_composer,
};
use crate::{
    browser::{early, files},
    components::{Icon, IconButton, IconName},
    i18n::{t, text::chat as text},
    reactive::grow_with_text,
};
use leptos::{ev, html, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};

/// The composer.
#[component]
pub(super) fn Composer() -> impl IntoView {
    let (draft, open): (Draft, OpenConversation) = (expect_context(), expect_context());
    let (form, input) = (
        NodeRef::<html::Form>::new(),
        NodeRef::<html::Textarea>::new(),
    );
    let words = draft.text();
    grow_with_text(input, words);
    let can_send =
        Memo::new(move |_| draft.is_ready() && !open.is_opening() && !open.model().is_empty());
    let submit = submitter(form, can_send);
    let on_key = {
        let submit = submit.clone();
        move |event: ev::KeyboardEvent| match event.key().as_str() {
            "Enter" if early::sends(&event) => {
                event.prevent_default();
                submit();
            }
            "ArrowUp" if words.with_untracked(String::is_empty) => edit_last(open, &event),
            _ => {}
        }
    };
    view! {
        <form
            node_ref=form
            class="composer"
            data-early="send"
            on:submit=move |event| {
                event.prevent_default();
                submit();
            }
        >
            <DraftFiles />
            <label class="visually-hidden" for=INPUT_ID>
                {t(text::COMPOSER_LABEL)}
            </label>
            <textarea
                node_ref=input
                class="composer__input"
                id=INPUT_ID
                rows="1"
                autocomplete="off"
                placeholder=t(text::COMPOSER_PLACEHOLDER)
                prop:value=words
                on:input=move |event| draft.write(event_target_value(&event))
                on:keydown=on_key
                on:paste=move |event| paste(draft, &event)
            ></textarea>
            <div class="composer__bar">
                <AttachButton />
                <Hint />
                <SendOrStop can_send />
            </div>
        </form>
    }
}

/// What the keys do now.
#[component]
fn Hint() -> impl IntoView {
    let generations: Generations = expect_context();
    let (usual, answering) = (t(text::COMPOSER_HINT), t(text::COMPOSER_HINT_ANSWERING));
    let is_answering = Memo::new(move |_| generations.is_answering());
    let hint = move || {
        if is_answering.get() {
            answering()
        } else {
            usual()
        }
    };
    view! { <span class="composer__hint">{hint}</span> }
}

/// Picks files with the system's dialog.
#[component]
fn AttachButton() -> impl IntoView {
    let draft: Draft = expect_context();
    let picker = NodeRef::<html::Input>::new();
    let open = move |_| {
        if let Some(picker) = picker.get_untracked() {
            picker.click();
        }
    };
    let on_change = move |_| {
        let Some(picker) = picker.get_untracked() else {
            return;
        };
        draft.attach(files::listed(picker.files()));
        // The same file can be picked again.
        picker.set_value("");
        focus_composer();
    };
    view! {
        <IconButton icon=IconName::Paperclip label=t(text::ATTACH) on:click=open />
        <input
            node_ref=picker
            type="file"
            multiple
            hidden
            tabindex="-1"
            aria-label=t(text::ATTACH)
            on:change=on_change
        />
    }
}

#[component]
fn SendOrStop(can_send: Memo<bool>) -> impl IntoView {
    let generations: Generations = expect_context();
    let (send, stop) = (t(text::SEND), t(text::STOP));
    view! {
        <Show
            when=move || generations.is_answering()
            fallback=move || {
                view! {
                    <button
                        type="submit"
                        class="composer__send"
                        disabled=move || !can_send.get()
                        aria-label=send
                        title=send
                    >
                        <Icon name=IconName::ArrowUp size=20 />
                    </button>
                }
            }
        >
            <button
                type="button"
                class="composer__send composer__send--stop"
                aria-label=stop
                title=stop
                on:click=move |_| generations.stop()
            >
                <Icon name=IconName::Square />
            </button>
        </Show>
    }
}

/// What is asked for by Enter and by the button: sends now, or as soon as the conversation is read.
fn submitter(
    form: NodeRef<html::Form>,
    can_send: Memo<bool>,
) -> impl Fn() + Clone + Send + Sync + 'static {
    let (draft, open): (Draft, OpenConversation) = (expect_context(), expect_context());
    let generations: Generations = expect_context();
    let send = sender();
    let early = send_early(form, can_send, send.clone());
    move || {
        if open.is_opening_untracked() {
            early.set(Some(draft.text().get_untracked()));
        } else if can_send.get_untracked() && !untrack(|| generations.is_answering()) {
            send();
        }
    }
}

/// Takes pasted files; pasted words are the field's.
fn paste(draft: Draft, event: &ev::ClipboardEvent) {
    let pasted = files::pasted(event);
    if !pasted.is_empty() {
        event.prevent_default();
        draft.attach(pasted);
    }
}

/// Sends the draft and shows the address of a new conversation.
fn sender() -> impl Fn() + Clone + Send + Sync + 'static {
    let (draft, open): (Draft, OpenConversation) = (expect_context(), expect_context());
    let generations: Generations = expect_context();
    let navigate = use_navigate();
    move || {
        let question = draft.take();
        let (is_new, parent) = (open.is_new(), open.with_untracked(Conversation::head));
        let id = generations.ask(parent, question);
        if is_new {
            draft.move_to(&id);
            let options = NavigateOptions {
                scroll: false,
                ..NavigateOptions::default()
            };
            navigate(&format!("/?c={id}"), options);
        }
        // The button that was pressed is replaced by that which stops.
        focus_composer();
    }
}

/// Sends words that were to be sent before it was possible: before the code was there, or while the
/// conversation was still being read. What was typed after them stays.
fn send_early(
    form: NodeRef<html::Form>,
    can_send: Memo<bool>,
    send: impl Fn() + 'static,
) -> RwSignal<Option<String>> {
    let (draft, generations): (Draft, Generations) = (expect_context(), expect_context());
    let early = RwSignal::new(None::<String>);
    Effect::new(move || {
        if let Some(form) = form.get() {
            early.set(early::take_over(&form));
        }
    });
    Effect::new(move || {
        let Some(words) = early.get() else { return };
        if can_send.get() && !generations.is_answering() {
            early.set(None);
            let rest = draft.leave_only(&words);
            send();
            if !rest.is_empty() {
                draft.write(rest);
            }
        }
    });
    early
}

fn edit_last(open: OpenConversation, event: &ev::KeyboardEvent) {
    let last = |chat: &Conversation| {
        chat.path()
            .iter()
            .rev()
            .find(|turn| turn.author == Author::User)
            .map(|turn| turn.id)
    };
    if let Some(id) = open.with_untracked(last) {
        event.prevent_default();
        open.edit(Some(id));
    }
}

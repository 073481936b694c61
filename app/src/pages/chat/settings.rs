//! What is sent with every question of a conversation.

use super::{history::ChatSettings, later::Later, state::OpenConversation};
use crate::{
    components::{
        Button, ButtonVariant, Field, Icon, IconName, Popover, PopoverKind, described_by,
    },
    i18n::{Text, t, text::chat as text, use_language},
};
use leptos::prelude::*;

const PROMPT_ID: &str = "chat-system-prompt";
const TEMPERATURE_ID: &str = "chat-temperature";
const EFFORT_ID: &str = "chat-effort";
const EFFORTS: [(&str, Text); 6] = [
    ("none", text::EFFORT_NONE),
    ("minimal", text::EFFORT_MINIMAL),
    ("low", text::EFFORT_LOW),
    ("medium", text::EFFORT_MEDIUM),
    ("high", text::EFFORT_HIGH),
    ("xhigh", text::EFFORT_XHIGH),
];
/// Where the slider stands while the model's own default holds.
const SHOWN_DEFAULT: f64 = 0.8;

/// System prompt, temperature and reasoning effort of the shown conversation.
#[component]
pub(super) fn SettingsMenu() -> impl IntoView {
    let open = RwSignal::new(false);
    let is_changed = use_is_changed();
    let trigger = move || {
        view! {
            <Icon name=IconName::SlidersHorizontal size=20 />
            {move || is_changed.get().then(|| view! { <span class="settings__mark"></span> })}
        }
    };
    let later: Later = expect_context();
    view! {
        <Popover
            open
            kind=PopoverKind::Dialog
            label=t(text::SETTINGS)
            button_class="icon-button"
            trigger=trigger.into()
        >
            {move || later.settings()}
        </Popover>
    }
}

/// Whether they are not those of a new conversation.
fn use_is_changed() -> Memo<bool> {
    let conversation: OpenConversation = expect_context();
    Memo::new(move |_| conversation.with(|chat| chat.settings != ChatSettings::default()))
}

/// What the menu opens.
#[component]
pub(super) fn SettingsPanel() -> impl IntoView {
    let conversation: OpenConversation = expect_context();
    let is_changed = use_is_changed();
    let reset =
        move |_| conversation.change_settings(|settings| *settings = ChatSettings::default());
    view! {
        <div class="chat-settings">
            <h2 class="chat-settings__title">{t(text::SETTINGS)}</h2>
            <SystemPrompt />
            <Temperature />
            <Effort />
            <Button
                variant=ButtonVariant::Ghost
                disabled=Signal::derive(move || !is_changed.get())
                on:click=reset
            >
                {t(text::SETTINGS_RESET)}
            </Button>
        </div>
    }
}

#[component]
fn SystemPrompt() -> impl IntoView {
    let conversation: OpenConversation = expect_context();
    // Written anew only when it has changed: what is being typed stays while an answer comes in.
    let prompt = Memo::new(move |_| conversation.with(|chat| chat.settings.system_prompt.clone()));
    let write = move |prompt| {
        conversation.change_settings(|settings| settings.system_prompt = prompt);
    };
    // A draft is kept with every key press. A conversation is written once, when the field is left.
    let draft = move |prompt| {
        if conversation.is_new() {
            write(prompt);
        }
    };
    view! {
        <Field id=PROMPT_ID label=t(text::SYSTEM_PROMPT) hint=t(text::SYSTEM_PROMPT_HINT)>
            <textarea
                class="input textarea"
                id=PROMPT_ID
                rows="4"
                aria-describedby=described_by(PROMPT_ID)
                prop:value=prompt
                on:input=move |event| draft(event_target_value(&event))
                on:change=move |event| write(event_target_value(&event))
            ></textarea>
        </Field>
    }
}

#[component]
fn Temperature() -> impl IntoView {
    let conversation: OpenConversation = expect_context();
    let language = use_language();
    let value = move || conversation.with(|chat| chat.settings.temperature);
    let shown = move || match value() {
        Some(value) => format!("{value:.1}"),
        None => text::DEFAULT.get(language.get()).to_owned(),
    };
    let label = t(text::TEMPERATURE);
    view! {
        <Field id=TEMPERATURE_ID label=move || format!("{} · {}", label(), shown())>
            <input
                class="range"
                id=TEMPERATURE_ID
                type="range"
                min="0"
                max="2"
                step="0.1"
                prop:value=move || value().unwrap_or(SHOWN_DEFAULT).to_string()
                on:input=move |event| {
                    if let Ok(chosen) = event_target_value(&event).parse() {
                        conversation.change_settings(|settings| settings.temperature = Some(chosen));
                    }
                }
            />
        </Field>
    }
}

#[component]
fn Effort() -> impl IntoView {
    let conversation: OpenConversation = expect_context();
    let value = move || conversation.with(|chat| chat.settings.reasoning_effort.clone());
    let option = move |(key, label): (&'static str, Text)| {
        view! {
            <option value=key selected=move || value().as_deref() == Some(key)>
                {t(label)}
            </option>
        }
    };
    view! {
        <Field id=EFFORT_ID label=t(text::EFFORT)>
            <div class="select">
                <select
                    class="input select__control"
                    id=EFFORT_ID
                    on:change=move |event| {
                        let chosen = Some(event_target_value(&event)).filter(|key| !key.is_empty());
                        conversation.change_settings(|settings| settings.reasoning_effort = chosen);
                    }
                >
                    <option value="" selected=move || value().is_none()>
                        {t(text::DEFAULT)}
                    </option>
                    {EFFORTS.map(option).collect_view()}
                </select>
                <Icon name=IconName::ChevronDown />
            </div>
        </Field>
    }
}

//! Choosing the model of a conversation.

use super::{
    later::Later,
    state::{ModelChoice, OpenConversation},
    upkeep::focus_composer,
};
use crate::{
    components::{Icon, IconName, Popover, PopoverKind},
    dom,
    dto::{ModelOption, Tier},
    i18n::{Language, text::chat as text, use_language},
};
use leptos::{ev, html, prelude::*};

/// The models with what they cost; those that no account can serve are shown and say so.
#[component]
pub(super) fn ModelMenu() -> impl IntoView {
    let conversation: OpenConversation = expect_context();
    let language = use_language();
    let open = RwSignal::new(false);
    let label = move || {
        let model = &conversation.model();
        text::ModelLabel { model }.fill(language.get())
    };
    let trigger = move || {
        view! {
            <span class="model-button__name">{move || conversation.model()}</span>
            <Icon name=IconName::ChevronDown />
        }
    };
    let later: Later = expect_context();
    view! {
        <Popover
            open
            kind=PopoverKind::Dialog
            label
            button_class="model-button"
            trigger=trigger.into()
        >
            {move || later.models(open)}
        </Popover>
    }
}

/// What the menu opens; `open` closes it.
#[component]
pub(super) fn ModelRows(open: RwSignal<bool>) -> impl IntoView {
    let models: ModelChoice = expect_context();
    let list = NodeRef::<html::Div>::new();
    let on_keydown = move |event: ev::KeyboardEvent| {
        let step = match event.key().as_str() {
            "ArrowDown" => 1,
            "ArrowUp" => -1,
            _ => return,
        };
        event.prevent_default();
        if let Some(list) = list.get_untracked() {
            dom::move_focus(&list, "button:not(:disabled)", step);
        }
    };
    view! {
        <div class="models" role="radiogroup" node_ref=list on:keydown=on_keydown>
            {models
                .offered()
                .into_iter()
                .map(|model| view! { <ModelRow model open /> })
                .collect_view()}
        </div>
    }
}

#[component]
fn ModelRow(model: ModelOption, open: RwSignal<bool>) -> impl IntoView {
    let conversation: OpenConversation = expect_context();
    let language = use_language();
    let id = StoredValue::new(model.id.clone());
    let is_chosen = Memo::new(move |_| id.with_value(|id| conversation.model() == *id));
    let is_served = model.is_served;
    let name = model.id.clone();
    view! {
        <button
            type="button"
            class="models__row"
            role="radio"
            aria-checked=move || if is_chosen.get() { "true" } else { "false" }
            disabled=!is_served
            on:click=move |_| {
                id.with_value(|id| conversation.choose_model(id));
                open.set(false);
                focus_composer();
            }
        >
            <span class="models__name">{name}</span>
            <span class="models__note">{move || note(&model, language.get())}</span>
            {move || is_chosen.get().then(|| view! { <Icon name=IconName::Check /> })}
        </button>
    }
}

fn note(model: &ModelOption, language: Language) -> String {
    if !model.is_served {
        let text = match model.tier {
            Tier::Basic => text::MODEL_UNSERVED,
            // Super accounts serve the models for heavy ones too.
            Tier::Super | Tier::Heavy => text::MODEL_NEEDS_SUPER,
        };
        return text.get(language).to_owned();
    }
    let cost = text::MODEL_COST.fill(language, u64::from(model.cost));
    match model.tier {
        Tier::Basic => cost,
        Tier::Super => format!("{cost} · Super"),
        Tier::Heavy => format!("{cost} · Heavy"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_note_says_cost_or_what_is_missing() {
        let english = |tier, is_served| {
            let model = ModelOption {
                id: "m".into(),
                cost: 4,
                tier,
                is_served,
            };
            note(&model, Language::English)
        };
        assert_eq!(english(Tier::Basic, true), "4 units per message");
        assert!(english(Tier::Super, true).ends_with("· Super"));
        assert!(english(Tier::Heavy, true).ends_with("· Heavy"));
        assert_eq!(english(Tier::Super, false), "Needs a Super account");
        assert_eq!(english(Tier::Heavy, false), "Needs a Super account");
        assert_ne!(english(Tier::Basic, false), english(Tier::Super, false));
    }
}

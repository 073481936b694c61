//! Choosing the model of a conversation.

use super::{popover::Popover, room::Room};
use crate::{
    components::{Icon, IconName},
    dto::ModelOption,
    i18n::{Language, text::chat as text, use_language},
};
use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;

/// The models with what they cost; those that no account can serve are shown and say so.
#[component]
pub(super) fn ModelMenu() -> impl IntoView {
    let room = Room::expect();
    let language = use_language();
    let open = RwSignal::new(false);
    let label = move || text::MODEL_LABEL.fill(language.get(), &[("model", &room.model())]);
    let trigger = move || {
        view! {
            <span class="model-button__name">{move || room.model()}</span>
            <Icon name=IconName::ChevronDown />
        }
    };
    let list = NodeRef::<html::Div>::new();
    let on_keydown = move |event: ev::KeyboardEvent| {
        let step = match event.key().as_str() {
            "ArrowDown" => 1,
            "ArrowUp" => -1,
            _ => return,
        };
        event.prevent_default();
        move_focus(list, step);
    };
    view! {
        <Popover open label button_class="model-button" trigger=trigger.into()>
            <div class="models" role="radiogroup" node_ref=list on:keydown=on_keydown>
                {room
                    .models
                    .get_value()
                    .into_iter()
                    .map(|model| view! { <ModelRow model open /> })
                    .collect_view()}
            </div>
        </Popover>
    }
}

#[component]
fn ModelRow(model: ModelOption, open: RwSignal<bool>) -> impl IntoView {
    let room = Room::expect();
    let language = use_language();
    let id = StoredValue::new(model.id.clone());
    let is_chosen = Memo::new(move |_| id.with_value(|id| room.model() == *id));
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
                id.with_value(|id| room.choose_model(id));
                open.set(false);
                super::upkeep::focus_composer();
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
        let text = if model.needs_super {
            text::MODEL_NEEDS_SUPER
        } else {
            text::MODEL_UNSERVED
        };
        return text.get(language).to_owned();
    }
    let cost = text::MODEL_COST.fill(language, u64::from(model.cost), &[]);
    if model.needs_super {
        format!("{cost} · Super")
    } else {
        cost
    }
}

fn move_focus(list: NodeRef<html::Div>, step: i32) {
    let Some(list) = list.get_untracked() else {
        return;
    };
    let Ok(rows) = list.query_selector_all("button:not(:disabled)") else {
        return;
    };
    let rows: Vec<web_sys::HtmlElement> = (0..rows.length())
        .filter_map(|at| rows.item(at)?.dyn_into().ok())
        .collect();
    let active = document().active_element();
    let current = rows
        .iter()
        .position(|row| Some(row.as_ref()) == active.as_ref());
    let count = i32::try_from(rows.len()).unwrap_or(0).max(1);
    let current = current.and_then(|at| i32::try_from(at).ok());
    let next = current.map_or(0, |at| (at + step).rem_euclid(count));
    if let Some(row) = usize::try_from(next).ok().and_then(|at| rows.get(at)) {
        let _ = row.focus();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_note_says_cost_or_what_is_missing() {
        let model = |cost, needs_super, is_served| ModelOption {
            id: "m".into(),
            cost,
            needs_super,
            is_served,
        };
        let english = |model| note(&model, Language::English);
        assert!(english(model(1, false, true)).starts_with('1'));
        assert!(english(model(4, true, true)).ends_with("· Super"));
        assert_ne!(
            english(model(4, true, false)),
            english(model(1, false, false))
        );
    }
}

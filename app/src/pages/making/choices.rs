//! What a person chooses from.

use crate::{
    browser::page::{self, Kept},
    components::{Icon, IconName, Popover, PopoverKind},
    i18n::{Text, use_language},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What a person chooses, kept in the browser under `key`; `read` understands what is kept.
///
/// Server-side rendering: the default.
pub(in crate::pages) fn use_kept<T>(key: &'static str, read: fn(&str) -> T) -> RwSignal<T>
where
    T: Clone + Default + Serialize + Send + Sync + 'static,
{
    let choices = RwSignal::new(T::default());
    Effect::new(move |was: Option<()>| {
        let now = choices.get();
        if was.is_some() {
            if let Ok(text) = serde_json::to_string(&now) {
                page::keep(Kept::Always, key, &text);
            }
        } else if let Some(text) = page::recall(Kept::Always, key) {
            choices.set(read(&text));
        }
    });
    choices
}

/// What is chosen at a glance, and all choices in a panel.
#[component]
pub(in crate::pages) fn ChoicesMenu(
    label: Text,
    summary: Signal<String>,
    children: ChildrenFn,
) -> impl IntoView {
    let language = use_language();
    let open = RwSignal::new(false);
    let label = move || format!("{}: {}", label.get(language.get()), summary.get());
    let trigger = move || {
        view! {
            <Icon name=IconName::SlidersHorizontal />
            <span>{summary}</span>
        }
    };
    view! {
        <Popover
            open
            kind=PopoverKind::Dialog
            label
            button_class="button button--secondary prompt__choices"
            trigger=trigger.into()
        >
            <div class="choices">{children()}</div>
        </Popover>
    }
}

/// The shape of a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::pages) enum Ratio {
    #[serde(rename = "2:3")]
    #[default]
    Portrait,
    #[serde(rename = "1:1")]
    Square,
    #[serde(rename = "3:2")]
    Landscape,
    #[serde(rename = "16:9")]
    Wide,
    #[serde(rename = "9:16")]
    Tall,
}

impl Ratio {
    pub(in crate::pages) const ALL: [Self; 5] = [
        Self::Portrait,
        Self::Square,
        Self::Landscape,
        Self::Wide,
        Self::Tall,
    ];

    /// As the API takes it.
    pub(in crate::pages) const fn name(self) -> &'static str {
        match self {
            Self::Portrait => "2:3",
            Self::Square => "1:1",
            Self::Landscape => "3:2",
            Self::Wide => "16:9",
            Self::Tall => "9:16",
        }
    }

    /// Width and height in the same unit.
    pub(in crate::pages) const fn sides(self) -> (u32, u32) {
        match self {
            Self::Portrait => (2, 3),
            Self::Square => (1, 1),
            Self::Landscape => (3, 2),
            Self::Wide => (16, 9),
            Self::Tall => (9, 16),
        }
    }
}

/// A shape, drawn.
#[component]
pub(in crate::pages) fn RatioShape(ratio: Ratio) -> impl IntoView {
    let class = match ratio {
        Ratio::Portrait => "ratio ratio--portrait",
        Ratio::Square => "ratio ratio--square",
        Ratio::Landscape => "ratio ratio--landscape",
        Ratio::Wide => "ratio ratio--wide",
        Ratio::Tall => "ratio ratio--tall",
    };
    view! { <span class=class aria-hidden="true"></span> }
}

/// One of several.
#[component]
pub(in crate::pages) fn Segment(
    name: &'static str,
    is_chosen: Signal<bool>,
    on_choose: impl Fn() + 'static,
    children: Children,
) -> impl IntoView {
    view! {
        <label class="segment">
            <input
                class="segment__control"
                type="radio"
                name=name
                prop:checked=is_chosen
                on:change=move |_| on_choose()
            />
            <span class="segment__label">{children()}</span>
        </label>
    }
}

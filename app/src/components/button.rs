//! Buttons with a text label.

use super::{Icon, IconName};
use leptos::prelude::*;

/// How much a button asks for attention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ButtonVariant {
    Primary,
    #[default]
    Secondary,
    Ghost,
    Danger,
}

impl ButtonVariant {
    const fn class(self) -> &'static str {
        match self {
            Self::Primary => "button button--primary",
            Self::Secondary => "button button--secondary",
            Self::Ghost => "button button--ghost",
            Self::Danger => "button button--danger",
        }
    }
}

/// A button. Handlers and further attributes go on the tag: `<Button on:click=…>`.
///
/// While `loading` it shows a spinner, keeps its width and cannot be pressed.
#[component]
pub fn Button(
    #[prop(optional)] variant: ButtonVariant,
    #[prop(optional, into)] loading: Signal<bool>,
    #[prop(optional, into)] disabled: Signal<bool>,
    /// Submits its form instead of only calling its handler.
    #[prop(optional)]
    submit: bool,
    #[prop(optional, into)] icon: Option<IconName>,
    children: Children,
) -> impl IntoView {
    view! {
        <button
            type=if submit { "submit" } else { "button" }
            class=variant.class()
            class:is-loading=loading
            disabled=move || disabled.get() || loading.get()
            aria-busy=move || loading.get().then_some("true")
        >
            <span class="button__spinner">
                <Icon name=IconName::LoaderCircle />
            </span>
            {icon.map(|name| view! { <Icon name /> })}
            <span class="button__label">{children()}</span>
        </button>
    }
}

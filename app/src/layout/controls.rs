//! Theme, language and signing out, for every top bar.

use crate::{
    api::auth::SignOut as SignOutCall,
    components::{IconButton, IconName, Menu, MenuItem},
    i18n::{Language, t, text::shell, use_language},
    prefs::{Theme, choose_language, choose_theme, use_theme},
};
use leptos::prelude::*;

/// Light, dark or as the system.
#[component]
pub(crate) fn ThemeMenu() -> impl IntoView {
    let theme = use_theme();
    let item = |value: Theme| MenuItem {
        label: t(value.label()).into(),
        icon: Some(value.icon()),
        checked: Some(Signal::derive(move || theme.get() == value)),
        on_choose: Callback::new(move |()| choose_theme(theme, value)),
    };
    let icon = Signal::derive(move || theme.get().icon());
    let items = Theme::ALL.map(item).to_vec();
    view! { <Menu label=t(shell::THEME) icon items /> }
}

/// The languages by their own names; switches without a reload.
#[component]
pub(crate) fn LanguageMenu() -> impl IntoView {
    let language = use_language();
    let item = |value: Language| MenuItem {
        label: value.name().into(),
        icon: None,
        checked: Some(Signal::derive(move || language.get() == value)),
        on_choose: Callback::new(move |()| choose_language(language, value)),
    };
    let items = Language::ALL.map(item).to_vec();
    view! { <Menu label=t(shell::LANGUAGE) icon=IconName::Languages items /> }
}

/// Ends the session; a plain form, so it works before our code has loaded.
#[component]
pub(crate) fn SignOut() -> impl IntoView {
    let action = ServerAction::<SignOutCall>::new();
    view! {
        <ActionForm action attr:class="inline-form">
            <IconButton icon=IconName::LogOut label=t(shell::SIGN_OUT) submit=true />
        </ActionForm>
    }
}

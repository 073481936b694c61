//! The frame of the sign-in page, for the server only: plain HTML.

use super::{banner::DemoBanner, public::Brand};
use crate::{
    components::{Icon, IconName},
    dom,
    dto::Viewer,
    i18n::{
        Language, Text,
        text::shell::{LANGUAGE, THEME},
    },
    prefs::{LANGUAGE_COOKIE, Prefs, THEME_COOKIE, Theme},
};
use leptos::prelude::*;

/// A card in the middle with the brand above and theme and language at the top.
#[component]
pub(crate) fn SignInFrame(viewer: Viewer, children: Children) -> impl IntoView {
    provide_context(viewer);
    let Prefs { theme, language } = Prefs::current();
    let themes = Theme::ALL
        .map(|value| Entry {
            value: value.cookie(),
            icon: Some(value.icon()),
            label: value.label().get(language),
            is_checked: value == theme,
        })
        .to_vec();
    let languages = Language::ALL
        .map(|value| Entry {
            value: value.tag(),
            icon: None,
            label: value.name(),
            is_checked: value == language,
        })
        .to_vec();
    view! {
        <div class="sign-in">
            <DemoBanner is_sign_in=true />
            <header class="sign-in__bar">
                <PlainMenu cookie=THEME_COOKIE label=THEME icon=theme.icon() entries=themes />
                <PlainMenu
                    cookie=LANGUAGE_COOKIE
                    label=LANGUAGE
                    icon=IconName::Languages
                    entries=languages
                />
            </header>
            <main class="sign-in__main" id="content">
                <div class="sign-in__brand">
                    <Brand />
                </div>
                <section class="card sign-in__card">{children()}</section>
            </main>
        </div>
    }
}

/// One choice of a [`PlainMenu`].
#[derive(Clone)]
struct Entry {
    value: &'static str,
    icon: Option<IconName>,
    label: &'static str,
    is_checked: bool,
}

/// As `components::Menu`, as a popover that the browser opens. What it chooses is a cookie.
#[component]
fn PlainMenu(
    cookie: &'static str,
    label: Text,
    icon: IconName,
    entries: Vec<Entry>,
) -> impl IntoView {
    let label = label.get(Prefs::current().language);
    let (button, list) = (format!("{cookie}-button"), format!("{cookie}-list"));
    view! {
        <div class="menu">
            <button
                type="button"
                class="icon-button"
                id=button
                popovertarget=list.clone()
                aria-haspopup="menu"
                aria-label=label
                title=label
            >
                <Icon name=icon size=20 />
            </button>
            <div class="menu__list" id=list popover="auto" role="menu" aria-label=label>
                {entries
                    .into_iter()
                    .map(|entry| {
                        view! {
                            <button
                                type="button"
                                class="menu__item"
                                role="menuitemradio"
                                aria-checked=if entry.is_checked { "true" } else { "false" }
                                tabindex="-1"
                                data-cookie=dom::preference_cookie(cookie, entry.value)
                            >
                                {entry.icon.map(|name| view! { <Icon name /> })}
                                <span class="menu__label">{entry.label}</span>
                                {entry.is_checked.then(|| view! { <Icon name=IconName::Check /> })}
                            </button>
                        }
                    })
                    .collect_view()}
            </div>
        </div>
    }
}

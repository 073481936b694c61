//! Theme and language: read from the request on the server, from `<html>` in the browser.
//!
//! Both sides start from the same values, so the first client render equals the server's and there
//! is no flash. A choice is kept in a cookie for a year.

use crate::{
    components::IconName,
    dom,
    i18n::{Language, Text, text::shell},
};
use leptos::prelude::*;

pub(crate) const LANGUAGE_COOKIE: &str = "lang";
pub(crate) const THEME_COOKIE: &str = "theme";

/// Light, dark, or what the system says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub(crate) const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    pub(crate) const fn label(self) -> Text {
        match self {
            Self::System => shell::THEME_SYSTEM,
            Self::Light => shell::THEME_LIGHT,
            Self::Dark => shell::THEME_DARK,
        }
    }

    pub(crate) const fn icon(self) -> IconName {
        match self {
            Self::System => IconName::Monitor,
            Self::Light => IconName::Sun,
            Self::Dark => IconName::Moon,
        }
    }

    /// The value of the cookie.
    pub(crate) const fn cookie(self) -> &'static str {
        match self.attribute() {
            Some(value) => value,
            None => "system",
        }
    }

    /// The value of `<html data-theme>`; `None` leaves the decision to the media query.
    #[must_use]
    pub const fn attribute(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }

    fn from_attribute(value: &str) -> Self {
        match value {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }
}

/// What this visitor prefers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prefs {
    pub theme: Theme,
    pub language: Language,
}

impl Prefs {
    /// Of the current request (server) or document (browser).
    #[must_use]
    pub fn current() -> Self {
        source::read()
    }

    #[cfg_attr(
        not(any(feature = "ssr", test)),
        expect(dead_code, reason = "server only")
    )]
    fn from_headers(cookies: &str, accept_language: &str) -> Self {
        Self {
            theme: Theme::from_attribute(cookie(cookies, THEME_COOKIE).unwrap_or_default()),
            language: cookie(cookies, LANGUAGE_COOKIE)
                .and_then(Language::from_tag)
                .unwrap_or_else(|| Language::from_header(accept_language)),
        }
    }
}

fn cookie<'a>(cookies: &'a str, name: &str) -> Option<&'a str> {
    cookies
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

#[cfg(feature = "ssr")]
mod source {
    use super::Prefs;
    use http::{HeaderMap, HeaderName, header, request::Parts};
    use leptos::prelude::use_context;

    pub(super) fn read() -> Prefs {
        let parts = use_context::<Parts>();
        parts.map_or_else(Prefs::default, |parts| Prefs::of(&parts.headers))
    }

    impl Prefs {
        /// Of the request that has these headers.
        pub(crate) fn of(headers: &HeaderMap) -> Self {
            let text = |name: HeaderName| {
                let values = headers.get_all(name).iter();
                values
                    .filter_map(|value| value.to_str().ok())
                    .collect::<Vec<_>>()
            };
            Self::from_headers(
                &text(header::COOKIE).join("; "),
                &text(header::ACCEPT_LANGUAGE).join(","),
            )
        }
    }
}

#[cfg(not(feature = "ssr"))]
mod source {
    use super::{Prefs, Theme};
    use crate::i18n::Language;
    use leptos::prelude::document;

    pub(super) fn read() -> Prefs {
        let Some(root) = document().document_element() else {
            return Prefs::default();
        };
        let attribute = |name: &str| root.get_attribute(name).unwrap_or_default();
        Prefs {
            theme: Theme::from_attribute(&attribute("data-theme")),
            language: Language::from_tag(&attribute("lang")).unwrap_or_default(),
        }
    }
}

/// Puts the language and the theme into context. Called once, by `App`.
pub(crate) fn provide_prefs() {
    let prefs = Prefs::current();
    provide_context(RwSignal::new(prefs.language));
    provide_context(RwSignal::new(prefs.theme));
}

/// The current theme. Change it with [`choose_theme`].
#[must_use]
pub fn use_theme() -> RwSignal<Theme> {
    use_context().unwrap_or_else(|| RwSignal::new(Theme::System))
}

/// Applies and remembers a theme. Browser only.
pub fn choose_theme(signal: RwSignal<Theme>, theme: Theme) {
    dom::set_root_attribute("data-theme", theme.attribute());
    dom::remember(THEME_COOKIE, theme.cookie());
    signal.set(theme);
}

/// Applies and remembers a language. Browser only.
pub fn choose_language(signal: RwSignal<Language>, language: Language) {
    dom::set_root_attribute("lang", Some(language.tag()));
    dom::remember(LANGUAGE_COOKIE, language.tag());
    signal.set(language);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_win_over_the_header() {
        let prefs = Prefs::from_headers("a=b; theme=dark; lang=zh-CN", "en-GB,en");
        assert_eq!(
            prefs,
            Prefs {
                theme: Theme::Dark,
                language: Language::Chinese
            }
        );
    }

    #[test]
    fn without_cookies_system_theme_and_the_header_decide() {
        let prefs = Prefs::from_headers("", "zh-TW,zh;q=0.9");
        assert_eq!(
            prefs,
            Prefs {
                theme: Theme::System,
                language: Language::Chinese
            }
        );
    }

    #[test]
    fn unknown_cookie_values_are_ignored() {
        let prefs = Prefs::from_headers("theme=pink; lang=xx; xlang=zh", "en");
        assert_eq!(prefs, Prefs::default());
    }
}

//! How pictures are to be drawn: what a person chooses and the browser keeps.

use crate::browser::page::{self, Kept};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

const KEY: &str = "grok2api.imagine.choices";
/// Pictures of one request: they come from one upstream call.
pub(super) const MAX_COUNT: u32 = 6;

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
    pub(super) const fn sides(self) -> (u32, u32) {
        match self {
            Self::Portrait => (2, 3),
            Self::Square => (1, 1),
            Self::Landscape => (3, 2),
            Self::Wide => (16, 9),
            Self::Tall => (9, 16),
        }
    }
}

/// What a person has chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Choices {
    pub(super) ratio: Ratio,
    /// 1 to [`MAX_COUNT`].
    pub(super) count: u32,
    pub(super) is_high_quality: bool,
    /// Has no effect where the operator allows none.
    pub(super) is_nsfw_wanted: bool,
    /// Draw until stopped.
    pub(super) is_endless: bool,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            ratio: Ratio::default(),
            count: 4,
            is_high_quality: false,
            is_nsfw_wanted: true,
            is_endless: false,
        }
    }
}

impl Choices {
    fn read(text: &str) -> Self {
        let mut choices: Self = serde_json::from_str(text).unwrap_or_default();
        choices.count = choices.count.clamp(1, MAX_COUNT);
        choices
    }
}

/// The choices of this page, kept in the browser.
///
/// Server-side rendering: the defaults.
pub(super) fn use_choices() -> RwSignal<Choices> {
    let choices = RwSignal::new(Choices::default());
    Effect::new(move |was: Option<()>| {
        let now = choices.get();
        if was.is_some() {
            if let Ok(text) = serde_json::to_string(&now) {
                page::keep(Kept::Always, KEY, &text);
            }
        } else if let Some(text) = page::recall(Kept::Always, KEY) {
            choices.set(Choices::read(&text));
        }
    });
    choices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again() {
        let chosen = Choices {
            ratio: Ratio::Wide,
            count: 2,
            is_endless: true,
            ..Choices::default()
        };
        let text = serde_json::to_string(&chosen).unwrap();
        assert_eq!(Choices::read(&text), chosen);
    }

    #[test]
    fn what_others_have_kept_is_no_harm() {
        assert_eq!(Choices::read("[]"), Choices::default());
        assert_eq!(Choices::read(r#"{"count":99}"#).count, MAX_COUNT);
        assert_eq!(Choices::read(r#"{"ratio":"5:4"}"#), Choices::default());
    }
}

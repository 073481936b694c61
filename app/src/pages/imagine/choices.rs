//! How pictures are to be drawn: what a person chooses and the browser keeps.

use crate::pages::making::{Ratio, use_kept};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

const KEY: &str = "grok2api.imagine.choices";
/// Pictures of one request: they come from one upstream call.
pub(super) const MAX_COUNT: u32 = 6;

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
    use_kept(KEY, Choices::read)
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

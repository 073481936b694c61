//! What a video is to be like: what a person chooses and the browser keeps.

use crate::{
    dto::VideoItem,
    pages::making::{Ratio, use_kept},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

const KEY: &str = "grok2api.video.choices";
/// Lengths to choose from, in seconds. The last is made in two parts.
pub(super) const SECONDS: [u32; 4] = [6, 10, 15, 20];

/// How wild a video is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Preset {
    /// As the prompt says.
    #[default]
    Custom,
    Normal,
    Fun,
    Spicy,
}

impl Preset {
    pub(super) const ALL: [Self; 4] = [Self::Custom, Self::Normal, Self::Fun, Self::Spicy];

    /// As the API takes it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Custom => "custom",
            Self::Normal => "normal",
            Self::Fun => "fun",
            Self::Spicy => "spicy",
        }
    }
}

/// What a person has chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Choices {
    pub(super) ratio: Ratio,
    /// One of [`SECONDS`].
    pub(super) seconds: u32,
    pub(super) is_high_resolution: bool,
    pub(super) preset: Preset,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            ratio: Ratio::Wide,
            seconds: SECONDS[0],
            is_high_resolution: false,
            preset: Preset::default(),
        }
    }
}

impl Choices {
    fn read(text: &str) -> Self {
        let choices: Self = serde_json::from_str(text).unwrap_or_default();
        choices.valid()
    }

    fn valid(self) -> Self {
        let is_known = SECONDS.contains(&self.seconds);
        let seconds = if is_known { self.seconds } else { SECONDS[0] };
        Self { seconds, ..self }
    }

    /// Those of a video that was asked for before.
    pub(super) fn of(video: &VideoItem) -> Self {
        let ratio = Ratio::ALL.into_iter();
        let preset = Preset::ALL.into_iter();
        Self {
            ratio: find(
                ratio,
                |ratio| ratio.name() == video.aspect_ratio,
                Ratio::Wide,
            ),
            seconds: video.seconds,
            is_high_resolution: video.is_high_resolution,
            preset: find(
                preset,
                |preset| preset.name() == video.preset,
                Preset::Custom,
            ),
        }
        .valid()
    }

    pub(super) const fn resolution(self) -> &'static str {
        resolution(self.is_high_resolution)
    }
}

/// As the API calls it, and people.
pub(super) const fn resolution(is_high: bool) -> &'static str {
    if is_high { "720p" } else { "480p" }
}

fn find<T>(mut all: impl Iterator<Item = T>, is_it: impl Fn(&T) -> bool, or: T) -> T {
    all.find(is_it).unwrap_or(or)
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
    fn what_is_kept_is_read_again_and_what_is_strange_is_no_harm() {
        let chosen = Choices {
            ratio: Ratio::Tall,
            seconds: 15,
            is_high_resolution: true,
            preset: Preset::Fun,
        };
        let text = serde_json::to_string(&chosen).unwrap();
        assert_eq!(Choices::read(&text), chosen);
        assert_eq!(Choices::read(r#"{"seconds":7}"#), Choices::default());
        assert_eq!(Choices::read("[]"), Choices::default());
    }
}

//! What is kept of a video beside its prompt: what was asked for, and how far the upstream is.

use grok::{MadeVideo, Mood};
use pool::AccountId;
use serde::{Deserialize, Serialize};

/// Seconds of the parts that longer videos are made in: the upstream makes up to 15 at once, and every
/// form of it 6 and 10.
const PARTS: [(u32, [u32; 2]); 3] = [(12, [6, 6]), (16, [10, 6]), (20, [10, 10])];

/// Seconds of the parts that every form of the upstream makes.
const COMMON_SECONDS: [u32; 3] = [6, 10, 15];

/// What was asked for; the `params` of its row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wishes {
    pub seconds: u32,
    /// As its caller wrote it.
    pub size: String,
    /// Such as `16:9`.
    pub aspect_ratio: String,
    /// 720p instead of 480p.
    pub is_high_resolution: bool,
    pub preset: String,
    /// It begins with an image of its caller.
    pub has_reference: bool,
    /// The file of that image, where it is a picture of this server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The name under which the image is kept until the video is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
}

impl Wishes {
    /// Seconds of each part.
    pub(super) fn parts(&self) -> Vec<u32> {
        let parts = PARTS.iter().find(|(seconds, _)| *seconds == self.seconds);
        parts.map_or_else(|| vec![self.seconds], |(_, parts)| parts.to_vec())
    }

    /// Makes it as long as it becomes if it begins with an image: the upstream makes such videos in its
    /// older form, whose parts are longer than the shortest of the newer one.
    pub(super) fn round_up(&mut self) {
        let [seconds] = self.parts()[..] else {
            // Those parts are common ones.
            return;
        };
        let mut lengths = COMMON_SECONDS.into_iter();
        let length = lengths.find(|length| *length >= seconds);
        self.seconds = length.unwrap_or(seconds);
    }

    pub(super) fn resolution(&self) -> &'static str {
        match self.is_high_resolution {
            true => "720p",
            false => "480p",
        }
    }

    pub(super) fn mood(&self) -> Mood {
        match self.preset.as_str() {
            "fun" => Mood::Fun,
            "normal" => Mood::Normal,
            "spicy" => Mood::Spicy,
            _ => Mood::Custom,
        }
    }

    /// As its row keeps it.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Of a row; one that cannot be read asks for nothing.
    #[must_use]
    pub fn of(params: &str) -> Option<Self> {
        serde_json::from_str(params).ok()
    }
}

/// How far the upstream is: what it takes to go on after a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reached {
    /// Nobody else may see what was made.
    pub(super) account_id: String,
    /// Parts that are finished, at least 1.
    pub(super) parts: usize,
    /// Post of the first part.
    pub(super) original_post_id: String,
    pub(super) id: String,
    pub(super) post_id: String,
    pub(super) url: String,
    pub(super) poster_url: Option<String>,
}

impl Reached {
    /// With the next part made.
    pub(super) fn with(before: Option<&Self>, account: &AccountId, made: MadeVideo) -> Self {
        Self {
            account_id: account.to_string(),
            parts: before.map_or(0, |before| before.parts) + 1,
            original_post_id: before.map_or_else(
                || made.post_id.clone(),
                |before| before.original_post_id.clone(),
            ),
            id: made.id,
            post_id: made.post_id,
            url: made.url,
            poster_url: made
                .poster_url
                .or_else(|| before.and_then(|before| before.poster_url.clone())),
        }
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(super) fn of(upstream: &str) -> Option<Self> {
        serde_json::from_str(upstream).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_videos_are_made_in_parts_that_add_up() {
        let wishes = |seconds| Wishes {
            seconds,
            size: "720x1280".to_owned(),
            aspect_ratio: "9:16".to_owned(),
            preset: "custom".to_owned(),
            ..Wishes::default()
        };
        for seconds in [4, 6, 8, 10, 12, 15, 16, 20] {
            let parts = wishes(seconds).parts();
            assert_eq!(parts.iter().sum::<u32>(), seconds);
            assert!(parts.iter().all(|part| *part <= 15), "{parts:?}");
        }
        for (asked, made) in [
            (4, 6),
            (6, 6),
            (8, 10),
            (10, 10),
            (12, 12),
            (15, 15),
            (16, 16),
            (20, 20),
        ] {
            let mut wishes = wishes(asked);
            wishes.round_up();
            assert_eq!(wishes.seconds, made);
            let in_common = |part: &u32| COMMON_SECONDS.contains(part);
            assert!(wishes.parts().iter().all(in_common));
        }
        assert_eq!(Wishes::of(&wishes(6).to_json()), Some(wishes(6)));
    }
}

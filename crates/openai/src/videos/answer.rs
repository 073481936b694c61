//! The objects of the videos endpoint.

use serde::Serialize;

use crate::wire::to_json;

/// How far a video is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VideoStatus {
    Queued,
    InProgress,
    Completed,
    Failed,
    Cancelled,
}

/// One video as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Video<'a> {
    pub id: &'a str,
    /// Unix seconds, as the other times.
    pub created: i64,
    pub status: VideoStatus,
    pub model: &'a str,
    /// Percent.
    pub progress: u32,
    pub prompt: &'a str,
    pub seconds: u32,
    pub size: &'a str,
    pub is_high_resolution: bool,
    pub completed: Option<i64>,
    pub expires: i64,
    /// A word for programs and a sentence.
    pub error: Option<(&'a str, &'a str)>,
    /// The video that it was made of.
    pub remixed_from: Option<&'a str>,
}

#[derive(Serialize)]
struct VideoJson<'a> {
    id: &'a str,
    object: &'static str,
    created_at: i64,
    status: VideoStatus,
    model: &'a str,
    progress: u32,
    prompt: &'a str,
    /// A string, as the official clients expect.
    seconds: String,
    size: &'a str,
    quality: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<i64>,
    expires_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remixed_from_video_id: Option<&'a str>,
}

#[derive(Serialize)]
struct ErrorJson<'a> {
    code: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<VideoJson<'a>>,
    first_id: Option<&'a str>,
    last_id: Option<&'a str>,
    has_more: bool,
}

impl<'a> Video<'a> {
    /// The body of an answer about one video.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        to_json(&self.json())
    }

    fn json(&self) -> VideoJson<'a> {
        VideoJson {
            id: self.id,
            object: "video",
            created_at: self.created,
            status: self.status,
            model: self.model,
            progress: self.progress,
            prompt: self.prompt,
            seconds: self.seconds.to_string(),
            size: self.size,
            quality: if self.is_high_resolution {
                "high"
            } else {
                "standard"
            },
            completed_at: self.completed,
            expires_at: self.expires,
            error: self
                .error
                .map(|(code, message)| ErrorJson { code, message }),
            remixed_from_video_id: self.remixed_from,
        }
    }
}

/// The body of a list; `has_more` says that another page follows.
#[must_use]
pub fn list(videos: &[Video<'_>], has_more: bool) -> Vec<u8> {
    to_json(&List {
        object: "list",
        data: videos.iter().map(Video::json).collect(),
        first_id: videos.first().map(|video| video.id),
        last_id: videos.last().map(|video| video.id),
        has_more,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn video() -> Video<'static> {
        Video {
            id: "video_1",
            created: 1_772_700_000,
            status: VideoStatus::Queued,
            model: "grok-imagine-1.0-video",
            progress: 0,
            prompt: "a paper boat",
            seconds: 6,
            size: "720x1280",
            is_high_resolution: false,
            completed: None,
            expires: 1_772_800_000,
            error: None,
            remixed_from: None,
        }
    }

    #[test]
    fn a_video_has_the_documented_shape() {
        let read = |video: &Video<'_>| serde_json::from_slice::<Value>(&video.to_json()).unwrap();
        let mut expected = json!({
            "id": "video_1", "object": "video", "created_at": 1_772_700_000, "status": "queued",
            "model": "grok-imagine-1.0-video", "progress": 0, "prompt": "a paper boat",
            "seconds": "6", "size": "720x1280", "quality": "standard", "expires_at": 1_772_800_000,
        });
        assert_eq!(read(&video()), expected);
        let failed = Video {
            status: VideoStatus::InProgress,
            is_high_resolution: true,
            completed: Some(1),
            error: Some(("video_generation_failed", "No.")),
            remixed_from: Some("video_0"),
            ..video()
        };
        expected["status"] = "in_progress".into();
        expected["quality"] = "high".into();
        expected["completed_at"] = 1.into();
        expected["error"] = json!({"code": "video_generation_failed", "message": "No."});
        expected["remixed_from_video_id"] = "video_0".into();
        assert_eq!(read(&failed), expected);
    }

    #[test]
    fn lists_and_deletions_have_the_shapes_that_clients_page_by() {
        let read = |body: Vec<u8>| serde_json::from_slice::<Value>(&body).unwrap();
        let other = Video {
            id: "video_2",
            ..video()
        };
        let page = read(list(&[video(), other], true));
        assert_eq!(page["object"], "list");
        assert_eq!(
            (&page["first_id"], &page["last_id"], &page["has_more"]),
            (&json!("video_1"), &json!("video_2"), &json!(true))
        );
        assert_eq!(page["data"][1]["id"], "video_2");
        assert_eq!(read(list(&[], false))["last_id"], Value::Null);
    }
}

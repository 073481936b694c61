//! What has become of a video, event by event. Pure.

use serde_json::Value;

use super::{MadeVideo, VideoEvent, moderated};
use crate::error::UpstreamError;

/// Where an event tells of the file, the likeliest first.
const FILE_FIELDS: [&str; 4] = ["videoUrl", "contentUrl", "assetUrl", "fileUri"];
const POSTER_FIELDS: [&str; 2] = ["thumbnailImageUrl", "previewImageUrl"];

#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Percent that was told last.
    told: Option<u32>,
    video_id: String,
    post_id: String,
    poster_url: Option<String>,
}

impl Progress {
    /// Takes in a `streamingVideoGenerationResponse`.
    ///
    /// # Errors
    /// It was moderated.
    pub(super) fn take(&mut self, fact: &Value) -> Result<Option<VideoEvent>, UpstreamError> {
        if fact.get("moderated") == Some(&Value::Bool(true)) {
            return Err(moderated());
        }
        for (field, kept) in [
            ("videoId", &mut self.video_id),
            ("videoPostId", &mut self.post_id),
        ] {
            if let Some(id) = text(fact, field) {
                id.clone_into(kept);
            }
        }
        if let Some(poster) = POSTER_FIELDS.iter().find_map(|field| text(fact, field)) {
            self.poster_url = Some(poster.to_owned());
        }
        let percent = fact.get("progress").and_then(Value::as_f64).unwrap_or(0.0);
        if percent >= 100.0
            && let Some(url) = file(fact)
        {
            return Ok(Some(self.made(url)));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "within 0 to 99"
        )]
        let percent = percent.clamp(0.0, 99.0) as u32;
        if self.told.is_some_and(|told| told >= percent) {
            return Ok(None);
        }
        self.told = Some(percent);
        Ok(Some(VideoEvent::Progress(percent)))
    }

    /// Takes in the complete answer, which lists the file where no event has told of it.
    pub(super) fn complete(&self, answer: &Value) -> Option<VideoEvent> {
        let attached = answer.get("fileAttachments")?.as_array()?;
        let url = attached.iter().find_map(|one| match one {
            Value::String(url) => Some(url.as_str()).filter(|url| is_file(url)),
            other => file(other),
        })?;
        Some(self.made(url))
    }

    fn made(&self, url: &str) -> VideoEvent {
        let id = id_in(url).unwrap_or(&self.video_id);
        VideoEvent::Made(MadeVideo {
            id: id.to_owned(),
            post_id: self.post_id.clone(),
            url: url.to_owned(),
            poster_url: self.poster_url.clone(),
        })
    }
}

fn text<'v>(value: &'v Value, field: &str) -> Option<&'v str> {
    value.get(field)?.as_str().filter(|text| !text.is_empty())
}

fn file(fact: &Value) -> Option<&str> {
    let mut urls = FILE_FIELDS.iter().filter_map(|field| text(fact, field));
    urls.find(|url| is_file(url))
}

fn is_file(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    path.ends_with(".mp4") || path.contains("/content")
}

/// The id of a video by its address, `…/generated/<id>/…` or `…/<id>/generated_video…`.
fn id_in(url: &str) -> Option<&str> {
    let parts: Vec<&str> = url.split('/').collect();
    let id = parts.windows(2).find_map(|pair| match *pair {
        ["generated", id] => Some(id),
        [id, file] if file.starts_with("generated_video") => Some(id),
        _ => None,
    })?;
    let is_id = (32..=36).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    is_id.then_some(id)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::Class;

    const ID: &str = "5d1c0a52-7f0e-4a53-9a39-0f8a7a0d9b11";

    #[test]
    fn progress_goes_up_and_ends_with_the_file() {
        let mut progress = Progress::default();
        let url = format!("users/u1/generated/{ID}/generated_video.mp4");
        let facts = [
            json!({"videoId": "v1", "progress": 42, "videoPostId": "9c2e"}),
            json!({"videoId": "v1", "progress": 40}),
            json!({"progress": 43.7}),
            json!({"progress": 100}),
            json!({"progress": 100, "videoUrl": url, "thumbnailImageUrl": "p.jpg",
                "moderated": false}),
        ];
        let events = facts.map(|fact| progress.take(&fact).unwrap());
        let made = MadeVideo {
            id: ID.to_owned(),
            post_id: "9c2e".to_owned(),
            url,
            poster_url: Some("p.jpg".to_owned()),
        };
        let expected = [
            Some(VideoEvent::Progress(42)),
            None,
            Some(VideoEvent::Progress(43)),
            Some(VideoEvent::Progress(99)),
            Some(VideoEvent::Made(made)),
        ];
        assert_eq!(events, expected);
    }

    #[test]
    fn a_moderated_video_is_an_error_of_its_own_class() {
        let fact = json!({"progress": 100, "videoUrl": "a.mp4", "moderated": true});
        let error = Progress::default().take(&fact).unwrap_err();
        assert_eq!(error.class(), Class::Moderated);
    }

    #[test]
    fn the_file_is_found_wherever_it_is_named() {
        let url = |event: Option<VideoEvent>| match event {
            Some(VideoEvent::Made(made)) => Some(made.url),
            _ => None,
        };
        for (fact, expected) in [
            (json!({"contentUrl": "a.mp4?x=1"}), Some("a.mp4?x=1")),
            (
                json!({"assetUrl": "users/u/f/content"}),
                Some("users/u/f/content"),
            ),
            (
                json!({"videoUrl": "a.jpg", "fileUri": "b.mp4"}),
                Some("b.mp4"),
            ),
            (json!({"videoUrl": "a.jpg"}), None),
        ] {
            let mut fact = fact;
            fact["progress"] = 100.into();
            let event = Progress::default().take(&fact).unwrap();
            assert_eq!(url(event).as_deref(), expected, "{fact}");
        }
        for attached in [json!(["x", "a.mp4"]), json!([{"fileUri": "a.mp4"}])] {
            let answer = json!({"fileAttachments": attached});
            let event = Progress::default().complete(&answer);
            assert_eq!(url(event).as_deref(), Some("a.mp4"));
        }
        assert_eq!(Progress::default().complete(&json!({})), None);
    }

    #[test]
    fn ids_are_read_from_addresses_of_both_kinds() {
        for (url, expected) in [
            (format!("users/u1/generated/{ID}/x.mp4"), Some(ID)),
            (
                format!("https://a.test/{ID}/generated_video_hd.mp4"),
                Some(ID),
            ),
            ("users/u1/generated/v1/x.mp4".to_owned(), None),
            (format!("{ID}.mp4"), None),
        ] {
            assert_eq!(id_in(&url), expected, "{url}");
        }
    }
}

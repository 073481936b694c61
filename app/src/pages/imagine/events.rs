//! Meaning of the events of pictures under way. Pure.

use crate::browser::{
    completion::{Failure, Frame, read_frame},
    sse::SseEvent,
};
use serde::Deserialize;

/// What one event tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PictureEvent {
    /// An unfinished stage.
    Partial {
        index: usize,
        address: String,
    },
    /// A finished picture.
    Completed {
        index: usize,
        address: String,
        /// In the gallery; none where it could not be kept.
        media_id: Option<String>,
    },
    Failed(Failure),
}

#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    index: usize,
    #[serde(borrow)]
    b64_json: Option<&'a str>,
    url: Option<String>,
    media_id: Option<String>,
}

/// Reads one event; `None` for those that say nothing to us.
pub(super) fn read(event: &SseEvent) -> Option<PictureEvent> {
    let Ok(raw) = serde_json::from_str::<Raw<'_>>(&event.data) else {
        return match read_frame(&event.data)? {
            Frame::Failed(failure) => Some(PictureEvent::Failed(failure)),
            _ => None,
        };
    };
    let address = match (raw.url, raw.b64_json) {
        (Some(url), _) => own_path(&url).to_owned(),
        (None, Some(content)) => data_uri(content),
        (None, None) => return None,
    };
    let (_, stage) = raw.kind.split_once('.')?;
    match stage {
        "partial_image" => Some(PictureEvent::Partial {
            index: raw.index,
            address,
        }),
        "completed" => Some(PictureEvent::Completed {
            index: raw.index,
            address,
            media_id: raw.media_id,
        }),
        _ => None,
    }
}

/// A file of ours without scheme and host: links may be made for another name of this server, which
/// this page may not ask.
pub(super) fn own_path(url: &str) -> &str {
    match url.find("/v1/files/") {
        Some(at) if url.starts_with("http") => &url[at..],
        _ => url,
    }
}

fn data_uri(base64: &str) -> String {
    let mime = if base64.starts_with("iVBOR") {
        "image/png"
    } else {
        "image/jpeg"
    };
    format!("data:{mime};base64,{base64}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browser::completion::FailureCode;

    fn event(data: &str) -> SseEvent {
        SseEvent {
            name: String::new(),
            data: data.to_owned(),
        }
    }

    #[test]
    fn stages_are_data_and_finished_ones_paths_of_this_site() {
        for kind in ["image_generation", "image_edit"] {
            let partial =
                format!(r#"{{"type":"{kind}.partial_image","b64_json":"iVBORw","index":1}}"#);
            assert_eq!(
                read(&event(&partial)),
                Some(PictureEvent::Partial {
                    index: 1,
                    address: "data:image/png;base64,iVBORw".to_owned()
                })
            );
            let completed = format!(
                r#"{{"type":"{kind}.completed","url":"https://other.name/v1/files/image/a.jpg","index":0,"media_id":"m"}}"#
            );
            assert_eq!(
                read(&event(&completed)),
                Some(PictureEvent::Completed {
                    index: 0,
                    address: "/v1/files/image/a.jpg".to_owned(),
                    media_id: Some("m".to_owned()),
                })
            );
        }
    }

    #[test]
    fn an_error_is_a_failure_and_noise_is_nothing() {
        let error = r#"{"error":{"message":"no","code":"content_policy_violation"}}"#;
        let Some(PictureEvent::Failed(failure)) = read(&event(error)) else {
            panic!("a failure")
        };
        assert_eq!(failure.code, FailureCode::ContentPolicyViolation);
        for noise in [
            "",
            "{}",
            "ping",
            r#"{"type":"image_generation.completed","index":0}"#,
        ] {
            assert_eq!(read(&event(noise)), None, "{noise}");
        }
    }
}

//! The bodies by which videos are asked for.

use serde_json::{Value, json};

use super::{Mood, VideoCall, VideoSource};
use crate::chat;

/// Lengths of the older form, in seconds.
const OLDER_LENGTHS: [u32; 3] = [6, 10, 15];
/// Longest part of a video, in seconds.
const LONGEST: u32 = 15;

impl Mood {
    fn flag(self) -> &'static str {
        match self {
            Self::Fun => "--mode=extremely-crazy",
            Self::Normal => "--mode=normal",
            Self::Spicy => "--mode=extremely-spicy-or-crazy",
            Self::Custom => "--mode=custom",
        }
    }

    fn name(self) -> &'static str {
        self.flag().trim_start_matches("--mode=")
    }
}

fn message(call: &VideoCall) -> String {
    format!("{} {}", call.prompt, call.mood.flag())
}

/// Today's form.
pub(super) fn newer(call: &VideoCall) -> Value {
    json!({
        "modelName": "imagine-video-gen",
        "message": message(call),
        "enableImageStreaming": true,
        "enableSideBySide": true,
        "sendFinalMetadata": true,
        "responseMetadata": {"experiments": [], "modelConfigOverride": {"modelMap": {}}},
        "mediaGenInput": {"textToVideo": {
            "prompt": call.prompt,
            "aspectRatio": call.aspect_ratio,
            "duration": call.seconds.clamp(1, LONGEST),
            "resolutionName": call.resolution,
        }},
        "kind": "CONVERSATION_KIND_IMAGINE",
    })
}

/// The older form, which hangs on a post.
pub(super) fn older(call: &VideoCall, post_id: &str) -> Value {
    let length = OLDER_LENGTHS
        .into_iter()
        .find(|length| *length >= call.seconds);
    let mut config = json!({
        "aspectRatio": call.aspect_ratio,
        "parentPostId": post_id,
        "resolutionName": call.resolution,
        "videoLength": length.unwrap_or(LONGEST),
    });
    if let VideoSource::Video(extended) = &call.source {
        // It goes on with the picture behind the last one.
        let start = f64::from(extended.seconds) + 1.0 / 24.0;
        for (name, value) in [
            ("isVideoExtension", json!(true)),
            ("isVideoEdit", json!(false)),
            ("videoExtensionStartTime", json!(start)),
            ("extendPostId", json!(extended.post_id)),
            ("stitchWithExtendPostId", json!(true)),
            ("originalPrompt", json!(call.prompt)),
            ("originalPostId", json!(extended.original_post_id)),
            (
                "originalRefType",
                json!("ORIGINAL_REF_TYPE_VIDEO_EXTENSION"),
            ),
            ("mode", json!(call.mood.name())),
        ] {
            config[name] = value;
        }
    }
    let config = json!({"videoGenModelConfig": config});
    chat::media_body(("grok-3", "videoGen"), &message(call), &config)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Extended;
    use super::*;

    fn call(seconds: u32, source: VideoSource) -> VideoCall {
        VideoCall {
            prompt: "a paper boat".to_owned(),
            aspect_ratio: "3:2".to_owned(),
            seconds,
            resolution: "480p".to_owned(),
            mood: Mood::Normal,
            source,
            timeout: Duration::from_secs(1),
        }
    }

    const CONFIG: &str = "/responseMetadata/modelConfigOverride/modelMap/videoGenModelConfig";

    #[test]
    fn todays_form_is_the_documented_body() {
        let expected = json!({
            "modelName": "imagine-video-gen", "message": "a paper boat --mode=normal",
            "enableImageStreaming": true, "enableSideBySide": true, "sendFinalMetadata": true,
            "responseMetadata": {"experiments": [], "modelConfigOverride": {"modelMap": {}}},
            "mediaGenInput": {"textToVideo": {"prompt": "a paper boat", "aspectRatio": "3:2",
                "duration": 8, "resolutionName": "480p"}},
            "kind": "CONVERSATION_KIND_IMAGINE",
        });
        assert_eq!(newer(&call(8, VideoSource::Text)), expected);
    }

    #[test]
    fn the_older_form_has_the_lengths_that_it_knows() {
        for (asked, sent) in [(4, 6), (6, 6), (8, 10), (12, 15), (15, 15)] {
            let body = older(&call(asked, VideoSource::Text), "9c2e");
            let expected = json!({"aspectRatio": "3:2", "parentPostId": "9c2e",
                "resolutionName": "480p", "videoLength": sent});
            assert_eq!(body.pointer(CONFIG), Some(&expected));
            assert_eq!(body["message"], "a paper boat --mode=normal");
            assert_eq!(body["toolOverrides"], json!({"videoGen": true}));
            assert_eq!(body["modelMode"], Value::Null);
        }
    }

    #[test]
    fn an_extension_says_where_the_video_goes_on() {
        let extended = Extended {
            post_id: "second".to_owned(),
            original_post_id: "first".to_owned(),
            seconds: 10,
        };
        let body = older(&call(6, VideoSource::Video(extended)), "first");
        let config = body.pointer(CONFIG).unwrap();
        assert_eq!(config["extendPostId"], "second");
        assert_eq!(config["parentPostId"], "first");
        assert_eq!(config["originalPostId"], "first");
        assert_eq!(config["mode"], "normal");
        let start = config["videoExtensionStartTime"].as_f64().unwrap();
        assert!((start - 10.041_666).abs() < 0.001, "{start}");
    }
}

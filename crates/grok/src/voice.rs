//! Tokens for voice rooms (`upstream-protocol` 2.9). The room itself is between the browser and
//! LiveKit's server.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use url::Url;

use crate::client::Client;
use crate::error::UpstreamError;
use crate::net::Traffic;

/// What a room is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct VoiceCall {
    pub voice: String,
    pub personality: String,
    /// 1 is the voice's own speed.
    pub speed: f64,
    /// The server that the token is for.
    pub livekit_url: Url,
}

impl Client {
    /// Asks for a token that opens a voice room.
    ///
    /// # Errors
    /// As every call; [`UpstreamError::Malformed`] when the answer has no token.
    pub async fn voice_token(
        &self,
        credential: &str,
        call: &VoiceCall,
        timeout: Duration,
    ) -> Result<String, UpstreamError> {
        let body = Bytes::from(body(call).to_string());
        let path = "/rest/livekit/tokens";
        let answer = self
            .post_json(Traffic::Web, path, credential, body, timeout)
            .await?;
        let token = answer.get("token").and_then(Value::as_str);
        let token = token.filter(|token| !token.trim().is_empty());
        token.map(str::to_owned).ok_or(UpstreamError::Malformed {
            what: "no token for a voice room in the answer",
        })
    }
}

fn body(call: &VoiceCall) -> Value {
    let session = json!({
        "voice": call.voice,
        "personality": call.personality,
        "playback_speed": call.speed,
        "enable_vision": false,
        "turn_detection": {"type": "server_vad"},
    });
    json!({
        "sessionPayload": session.to_string(),
        "requestAgentDispatch": false,
        "livekitUrl": call.livekit_url.as_str().trim_end_matches('/'),
        "params": {"enable_markdown_transcript": "true"},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_is_json_inside_a_text() {
        let call = VoiceCall {
            voice: "ara".to_owned(),
            personality: "assistant".to_owned(),
            speed: 1.0,
            livekit_url: Url::parse("wss://livekit.grok.com").unwrap(),
        };
        let body = body(&call);
        let session: Value =
            serde_json::from_str(body["sessionPayload"].as_str().unwrap()).unwrap();
        let expected = json!({
            "voice": "ara", "personality": "assistant", "playback_speed": 1.0,
            "enable_vision": false, "turn_detection": {"type": "server_vad"},
        });
        assert_eq!(session, expected);
        assert_eq!(body["livekitUrl"], "wss://livekit.grok.com");
    }
}

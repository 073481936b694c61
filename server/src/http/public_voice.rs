//! `GET /v1/public/voice/token`: what a page needs to join a voice room (`upstream-protocol.md` 7.4).

use axum::{
    extract::{OriginalUri, State},
    response::{IntoResponse, Response},
};
use grok2api_app::limits::{PERSONALITIES, VOICE_SPEEDS, VOICES};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde::Serialize;

use super::{
    AppState,
    caller::PublicCaller,
    endpoint::Endpoint,
    error::ApiError,
    openapi::{
        errors::{OfUpstream, Refused},
        public::{VoiceQuery, VoiceToken},
    },
};
use crate::gateway::{GatewayError, voice::VoiceRequest};

/// The names are empty, as pages of the predecessor know them: the token holds both.
#[derive(Serialize)]
struct Answer<'a> {
    token: &'a str,
    url: &'a str,
    participant_name: &'static str,
    room_name: &'static str,
}

#[utoipa::path(
    get,
    path = "/voice/token",
    tag = "Public pages",
    operation_id = "public_create_voice_token",
    summary = "Open a voice room",
    params(VoiceQuery),
    responses((status = 200, description = "What opens the room, once.", body = VoiceToken), Refused, OfUpstream)
)]
pub(super) async fn create_token(
    State(state): State<AppState>,
    PublicCaller(caller): PublicCaller,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, ApiError> {
    let endpoint = Endpoint::PublicVoiceToken;
    caller.record.identify(endpoint.as_str(), None);
    let request = parse(uri.query().unwrap_or_default())?;
    let token = Box::pin(state.gateway.voice_token(caller, request)).await?;
    let answer = Answer {
        token: &token.token,
        url: token.url.as_str().trim_end_matches('/'),
        participant_name: "",
        room_name: "",
    };
    let body = serde_json::to_vec(&answer).map_err(anyhow::Error::from)?;
    token.commit(body.len()).await?;
    let headers = [
        (CONTENT_TYPE, "application/json"),
        // It opens a room once.
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, body).into_response())
}

/// Reads the query; fields that are missing or empty have defaults, unknown ones are ignored.
fn parse(query: &str) -> Result<VoiceRequest, GatewayError> {
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let field = |name: &str| {
        let mut fields = fields.iter();
        let field = fields.find(|(key, value)| key == name && !value.is_empty());
        field.map(|(_, value)| value.to_ascii_lowercase())
    };
    Ok(VoiceRequest {
        voice: one_of("voice", field("voice"), &VOICES)?,
        personality: one_of("personality", field("personality"), &PERSONALITIES)?,
        speed: speed(field("speed"))?,
    })
}

fn one_of(
    name: &'static str,
    value: Option<String>,
    known: &[&'static str],
) -> Result<String, GatewayError> {
    let first = known.first().copied().unwrap_or_default();
    let value = value.unwrap_or_else(|| first.to_owned());
    if known.contains(&value.as_str()) {
        return Ok(value);
    }
    let message = format!("`{name}` must be one of: {}.", known.join(", "));
    Err(GatewayError::invalid("invalid_value", name, message))
}

fn speed(value: Option<String>) -> Result<f64, GatewayError> {
    let Some(value) = value else {
        return Ok(1.0);
    };
    let speed = value.parse().ok();
    let speed = speed.filter(|speed| VOICE_SPEEDS.contains(speed));
    speed.ok_or_else(|| {
        let (least, most) = (VOICE_SPEEDS.start(), VOICE_SPEEDS.end());
        let message = format!("`speed` must be a number between {least} and {most}.");
        GatewayError::invalid("invalid_value", "speed", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_has_a_default() {
        for query in ["", "voice=&personality=&speed=", "other=1"] {
            let asked = parse(query).unwrap();
            assert_eq!(asked.voice, "ara");
            assert_eq!(
                (asked.personality.as_str(), asked.speed),
                ("assistant", 1.0)
            );
        }
        let asked = parse("voice=Gork&personality=kids_story_time&speed=1.25").unwrap();
        assert_eq!((asked.voice.as_str(), asked.speed), ("gork", 1.25));
        assert_eq!(asked.personality, "kids_story_time");
    }

    #[test]
    fn a_mistake_names_its_field() {
        for (query, field) in [
            ("voice=bob", "voice"),
            ("personality=x", "personality"),
            ("speed=fast", "speed"),
            ("speed=0.4", "speed"),
            ("speed=2.1", "speed"),
            ("speed=NaN", "speed"),
            ("speed=inf", "speed"),
        ] {
            assert_eq!(
                parse(query).unwrap_err().param.as_deref(),
                Some(field),
                "{query}"
            );
        }
    }
}

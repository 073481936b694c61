//! Chat calls (`upstream-protocol` 2.1 and 2.13).

use http::Method;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use serde_json::json;

use crate::client::Client;
use crate::error::UpstreamError;
use crate::net::{Request, Traffic};
use crate::stream::ChatStream;

const NEW_CONVERSATION: &str = "/rest/app-chat/conversations/new";

/// As many as the web app asks for.
const PICTURES_AT_ONCE: u8 = 2;

/// What to ask the model.
#[derive(Debug, Clone, Copy, Default)]
pub struct ChatCall<'a> {
    /// The upstream's own name of the model.
    pub model_name: &'a str,
    /// `None` is sent as `null`.
    pub model_mode: Option<&'a str>,
    pub message: &'a str,
    /// Ids of uploads: files first, then images.
    pub file_attachments: &'a [String],
    pub temporary: bool,
    pub disable_memory: bool,
    /// Left out when blank.
    pub custom_personality: Option<&'a str>,
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub reasoning_effort: Option<&'a str>,
    pub without: Without,
    /// Whether the model may make pictures; it makes two at once, like the web app.
    pub makes_pictures: bool,
}

/// What the model may not look up by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Without {
    pub web_search: bool,
    /// Of posts on X.
    pub x_search: bool,
}

impl Client {
    /// Starts a conversation. Waits for the response headers only; the caller sets the time limits.
    ///
    /// # Errors
    /// Every status but 200, and trouble with the connection. One try.
    pub async fn start_chat(
        &self,
        credential: &str,
        call: &ChatCall<'_>,
    ) -> Result<ChatStream, UpstreamError> {
        self.chat(credential, self.web_url(NEW_CONVERSATION), call, None)
            .await
    }

    /// Adds a turn to a conversation; `call.message` holds only the new turn.
    ///
    /// # Errors
    /// As [`Client::start_chat`]; 404 when the account does not own the conversation.
    pub async fn continue_chat(
        &self,
        credential: &str,
        conversation_id: &str,
        parent_response_id: &str,
        call: &ChatCall<'_>,
    ) -> Result<ChatStream, UpstreamError> {
        let mut url = self.web_url("/rest/app-chat/conversations");
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend([conversation_id, "responses"]);
        }
        self.chat(credential, url, call, Some(parent_response_id))
            .await
    }

    async fn chat(
        &self,
        credential: &str,
        url: url::Url,
        call: &ChatCall<'_>,
        parent_response_id: Option<&str>,
    ) -> Result<ChatStream, UpstreamError> {
        let body = serde_json::to_vec(&Body::new(call, parent_response_id)).map_err(|_| {
            UpstreamError::Malformed {
                what: "the request is not JSON",
            }
        })?;
        let request = Request {
            method: Method::POST,
            url,
            headers: self.headers().json(credential)?,
            body: body.into(),
        };
        let response = self.send(Traffic::Web, &request, credential).await?;
        let is_page = response
            .headers
            .get(CONTENT_TYPE)
            .is_some_and(|mime| mime.as_bytes().starts_with(b"text/html"));
        if is_page {
            return Err(UpstreamError::Malformed {
                what: "a web page instead of events",
            });
        }
        Ok(ChatStream::new(response.body, credential))
    }
}

/// The body of a call that makes media by the forms of February: `config` goes into its `modelMap`.
pub(crate) fn media_body(
    (model_name, tool): (&str, &str),
    message: &str,
    config: &serde_json::Value,
) -> serde_json::Value {
    let call = ChatCall {
        model_name,
        message,
        temporary: true,
        disable_memory: true,
        makes_pictures: true,
        ..ChatCall::default()
    };
    let mut body = json!(Body::new(&call, None));
    body["toolOverrides"] = json!({tool: true});
    body["responseMetadata"]["modelConfigOverride"] = json!({"modelMap": config});
    body
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    device_env_info: Device,
    disable_memory: bool,
    disable_search: bool,
    disable_self_harm_short_circuit: bool,
    disable_text_follow_ups: bool,
    enable_image_generation: bool,
    enable_image_streaming: bool,
    enable_side_by_side: bool,
    file_attachments: &'a [String],
    force_concise: bool,
    force_side_by_side: bool,
    image_attachments: [&'a str; 0],
    image_generation_count: u8,
    is_async_chat: bool,
    is_reasoning: bool,
    message: &'a str,
    model_mode: Option<&'a str>,
    model_name: &'a str,
    response_metadata: ResponseMetadata<'a>,
    return_image_bytes: bool,
    return_raw_grok_in_xai_request: bool,
    send_final_metadata: bool,
    temporary: bool,
    tool_overrides: ToolOverrides,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_personality: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_response_id: Option<&'a str>,
}

/// `false` switches one of the model's own tools off; what is absent is left to it. That the searches
/// have these names is inferred from its tool cards.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolOverrides {
    #[serde(skip_serializing_if = "Option::is_none")]
    web_search: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x_search: Option<bool>,
}

impl ToolOverrides {
    /// Without any search there is a switch for all of it.
    fn new(without: Without) -> Self {
        let off = |is_off: bool| (is_off && !without.is_complete()).then_some(false);
        Self {
            web_search: off(without.web_search),
            x_search: off(without.x_search),
        }
    }
}

impl Without {
    fn is_complete(self) -> bool {
        self.web_search && self.x_search
    }
}

/// The screen of the browser that we pretend to be.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Device {
    dark_mode_enabled: bool,
    device_pixel_ratio: u8,
    screen_width: u16,
    screen_height: u16,
    viewport_width: u16,
    viewport_height: u16,
}

const DEVICE: Device = Device {
    dark_mode_enabled: false,
    device_pixel_ratio: 2,
    screen_width: 2056,
    screen_height: 1329,
    viewport_width: 2056,
    viewport_height: 1083,
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseMetadata<'a> {
    request_model_details: ModelDetails<'a>,
    #[serde(skip_serializing_if = "Overrides::is_empty")]
    model_config_override: Overrides<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ModelDetails<'a> {
    model_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Overrides<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'a str>,
}

impl Overrides<'_> {
    fn is_empty(&self) -> bool {
        self.temperature.is_none() && self.top_p.is_none() && self.reasoning_effort.is_none()
    }
}

impl<'a> Body<'a> {
    fn new(call: &ChatCall<'a>, parent_response_id: Option<&'a str>) -> Self {
        Self {
            device_env_info: DEVICE,
            disable_memory: call.disable_memory,
            disable_search: call.without.is_complete(),
            disable_self_harm_short_circuit: false,
            disable_text_follow_ups: false,
            enable_image_generation: call.makes_pictures,
            enable_image_streaming: call.makes_pictures,
            enable_side_by_side: true,
            file_attachments: call.file_attachments,
            force_concise: false,
            force_side_by_side: false,
            image_attachments: [],
            image_generation_count: if call.makes_pictures {
                PICTURES_AT_ONCE
            } else {
                0
            },
            is_async_chat: false,
            is_reasoning: false,
            message: call.message,
            model_mode: call.model_mode,
            model_name: call.model_name,
            response_metadata: ResponseMetadata {
                request_model_details: ModelDetails {
                    model_id: call.model_name,
                },
                model_config_override: Overrides {
                    temperature: call.temperature,
                    top_p: call.top_p,
                    reasoning_effort: call.reasoning_effort,
                },
            },
            return_image_bytes: false,
            return_raw_grok_in_xai_request: false,
            send_final_metadata: true,
            temporary: call.temporary,
            tool_overrides: ToolOverrides::new(call.without),
            custom_personality: call
                .custom_personality
                .filter(|text| !text.trim().is_empty()),
            parent_response_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(call: &ChatCall<'_>, parent: Option<&str>) -> serde_json::Value {
        serde_json::to_value(Body::new(call, parent)).unwrap()
    }

    #[test]
    fn a_full_call_is_the_documented_body() {
        let files = ["5d1c0a52-7f0e-4a53-9a39-0f8a7a0d9b11".to_owned()];
        let call = ChatCall {
            model_name: "grok-4",
            model_mode: Some("MODEL_MODE_GROK_4"),
            message: "system: Be brief.\n\nWhat is a quine?",
            file_attachments: &files,
            temporary: true,
            disable_memory: true,
            custom_personality: Some("Answer like a pirate."),
            temperature: Some(0.8),
            top_p: Some(0.95),
            reasoning_effort: Some("high"),
            without: Without::default(),
            makes_pictures: true,
        };
        let expected = json!({
            "deviceEnvInfo": {"darkModeEnabled": false, "devicePixelRatio": 2, "screenWidth": 2056,
                              "screenHeight": 1329, "viewportWidth": 2056, "viewportHeight": 1083},
            "disableMemory": true,
            "disableSearch": false,
            "disableSelfHarmShortCircuit": false,
            "disableTextFollowUps": false,
            "enableImageGeneration": true,
            "enableImageStreaming": true,
            "enableSideBySide": true,
            "fileAttachments": ["5d1c0a52-7f0e-4a53-9a39-0f8a7a0d9b11"],
            "forceConcise": false,
            "forceSideBySide": false,
            "imageAttachments": [],
            "imageGenerationCount": 2,
            "isAsyncChat": false,
            "isReasoning": false,
            "message": "system: Be brief.\n\nWhat is a quine?",
            "modelMode": "MODEL_MODE_GROK_4",
            "modelName": "grok-4",
            "responseMetadata": {
                "requestModelDetails": {"modelId": "grok-4"},
                "modelConfigOverride": {"temperature": 0.8, "topP": 0.95, "reasoningEffort": "high"}
            },
            "returnImageBytes": false,
            "returnRawGrokInXaiRequest": false,
            "sendFinalMetadata": true,
            "temporary": true,
            "toolOverrides": {},
            "customPersonality": "Answer like a pirate."
        });
        assert_eq!(body(&call, None), expected);
    }

    #[test]
    fn absent_choices_are_left_out_and_an_absent_mode_is_null() {
        let call = ChatCall {
            model_name: "grok-3",
            custom_personality: Some(" \n"),
            ..ChatCall::default()
        };
        let body = body(&call, Some("r-1"));
        assert_eq!(body["modelMode"], json!(null));
        assert_eq!(
            body["responseMetadata"],
            json!({"requestModelDetails": {"modelId": "grok-3"}})
        );
        assert_eq!(body.get("customPersonality"), None);
        assert_eq!(body["parentResponseId"], "r-1");
    }

    #[test]
    fn pictures_are_switched_off_as_a_whole() {
        let body = body(&ChatCall::default(), None);
        assert_eq!(body["enableImageGeneration"], false);
        assert_eq!(body["enableImageStreaming"], false);
        assert_eq!(body["imageGenerationCount"], 0);
    }

    #[test]
    fn each_search_is_switched_off_by_itself_and_both_at_once() {
        let told = |web_search, x_search| {
            let without = Without {
                web_search,
                x_search,
            };
            let call = ChatCall {
                without,
                ..ChatCall::default()
            };
            let body = body(&call, None);
            (body["disableSearch"].clone(), body["toolOverrides"].clone())
        };
        assert_eq!(told(false, false), (json!(false), json!({})));
        assert_eq!(
            told(true, false),
            (json!(false), json!({"webSearch": false}))
        );
        assert_eq!(told(false, true), (json!(false), json!({"xSearch": false})));
        assert_eq!(told(true, true), (json!(true), json!({})));
    }

    #[test]
    fn each_override_is_sent_by_itself() {
        let overrides = |call: ChatCall<'_>| {
            body(&call, None)["responseMetadata"]["modelConfigOverride"].clone()
        };
        let call = ChatCall::default();
        assert_eq!(
            overrides(ChatCall {
                temperature: Some(0.5),
                ..call
            }),
            json!({"temperature": 0.5})
        );
        assert_eq!(
            overrides(ChatCall {
                top_p: Some(0.5),
                ..call
            }),
            json!({"topP": 0.5})
        );
        assert_eq!(
            overrides(ChatCall {
                reasoning_effort: Some("low"),
                ..call
            }),
            json!({"reasoningEffort": "low"})
        );
    }
}

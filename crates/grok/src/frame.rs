//! One event of an answer.

use std::borrow::Cow;

/// An event of an answer's stream. Texts borrow from the stream's buffer where they can.
///
/// Usually one field is set; a frame may carry several. Absent and wrongly typed fields are `None`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Frame<'a> {
    /// From the first frame of a new conversation.
    pub conversation_id: Option<Cow<'a, str>>,
    pub response_id: Option<Cow<'a, str>>,
    pub model_hash: Option<Cow<'a, str>>,
    /// The reasoning agent that speaks.
    pub rollout_id: Option<Cow<'a, str>>,
    /// Id of the stored user turn.
    pub user_response_id: Option<Cow<'a, str>>,
    pub is_thinking: bool,
    /// `final`, `summary`, `tool_usage_card`, …
    pub message_tag: Option<Cow<'a, str>>,
    pub token: Option<Cow<'a, str>>,
    /// The complete answer.
    pub model_response: Option<ModelResponse>,
    /// The card's `jsonData`: a JSON text.
    pub card_attachment: Option<Cow<'a, str>>,
    pub tool_usage_card_id: Option<Cow<'a, str>>,
    /// The structured tool call as raw JSON.
    pub tool_usage_card: Option<Cow<'a, str>>,
    /// Pages and posts that the answer rests on.
    pub web_results: Vec<Source>,
    /// An image or a video of this frame was moderated.
    pub moderated: bool,
    pub is_soft_stop: bool,
    pub is_final_metadata: bool,
}

/// The complete answer as the upstream stores it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelResponse {
    pub response_id: Option<String>,
    pub message: Option<String>,
    pub model_hash: Option<String>,
    /// In order, without doubles; relative to the asset host unless absolute.
    pub generated_image_urls: Vec<String>,
    /// JSON texts.
    pub card_attachments: Vec<String>,
    pub file_attachments: Vec<String>,
}

/// A source of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub url: String,
    pub title: String,
}

//! One event of an answer.

use crate::markup::Search;
use crate::picture_fact::PictureFact;

/// An event of an answer's stream. Texts borrow from the stream's buffers.
///
/// Usually one field is set; a frame may carry several. Absent and wrongly typed fields are `None`.
/// End marks are no part of it: the stream itself tells a complete answer from a cut one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Frame<'a> {
    /// From the first frame of a new conversation.
    pub conversation_id: Option<&'a str>,
    pub response_id: Option<&'a str>,
    pub model_hash: Option<&'a str>,
    /// The reasoning agent that speaks.
    pub rollout_id: Option<&'a str>,
    pub is_thinking: bool,
    /// `final`, `summary`, `tool_usage_card`, …
    pub message_tag: Option<&'a str>,
    pub token: Option<&'a str>,
    /// The complete answer.
    pub model_response: Option<Box<ModelResponse>>,
    /// The card's `jsonData`: a JSON text.
    pub card_attachment: Option<&'a str>,
    /// A look-up that the model has begun, told as a structured card.
    pub search: Option<Search>,
    /// Pages and posts that the answer rests on; they have the titles that cards often lack.
    pub web_results: Vec<Source>,
    /// How far pictures are that the model makes.
    pub pictures: Vec<PictureFact>,
    /// A video of this frame was moderated.
    pub moderated: bool,
}

/// The complete answer as the upstream stores it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelResponse {
    pub message: Option<String>,
    pub model_hash: Option<String>,
    /// JSON texts.
    pub card_attachments: Vec<String>,
    /// Addresses of the finished pictures that the model made, moderated ones too.
    pub pictures: Vec<String>,
}

/// A source of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub url: String,
    /// Empty when the upstream named none.
    pub title: String,
}

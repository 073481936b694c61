//! The JSON objects that answers are made of, in the order in which OpenAI writes their fields.

use chat::{FinishReason, ToolCall, Usage};
use serde::Serialize;

use crate::{content::Citing, stream::Head};

/// Most answers without their text.
const JSON_BYTES: usize = 2048;

/// The JSON text of a value. It cannot fail: no value here has a map, and memory takes any length.
pub(crate) fn to_json(value: &impl Serialize) -> Vec<u8> {
    let mut json = Vec::with_capacity(JSON_BYTES);
    append_json(value, &mut json);
    json
}

/// Appends the JSON text of a value; cannot fail either.
pub(crate) fn append_json(value: &(impl Serialize + ?Sized), out: &mut Vec<u8>) {
    let _ = serde_json::to_writer(out, value);
}

/// The first fields of a chunk and of a whole answer.
#[derive(Serialize)]
pub(crate) struct Opening<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    system_fingerprint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation_id: Option<&'a str>,
}

impl<'a> Opening<'a> {
    pub(crate) fn new(head: &'a Head, object: &'static str) -> Self {
        Self {
            id: &head.id,
            object,
            created: head.created,
            model: &head.model,
            system_fingerprint: head.fingerprint.as_deref(),
            conversation_id: head.conversation_id.as_deref(),
        }
    }
}

/// The choice of one chunk.
#[derive(Serialize)]
pub(crate) struct ChunkChoice<'a> {
    index: u8,
    delta: DeltaJson<'a>,
    logprobs: (),
    finish_reason: Option<&'static str>,
}

impl<'a> ChunkChoice<'a> {
    pub(crate) fn delta(index: u8, delta: DeltaJson<'a>) -> Self {
        Self {
            index,
            delta,
            logprobs: (),
            finish_reason: None,
        }
    }

    pub(crate) fn finish(index: u8, word: &'static str) -> Self {
        Self {
            finish_reason: Some(word),
            ..Self::delta(index, DeltaJson::default())
        }
    }
}

/// What is new in a chunk; what is absent is left out.
#[derive(Default, Serialize)]
pub(crate) struct DeltaJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tool_calls: Option<[ToolCallPart<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) function_call: Option<FunctionPart<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) annotations: Option<[Annotation<'a>; 1]>,
}

/// What is new of a tool call: first what it calls, then its arguments piece by piece.
#[derive(Serialize)]
pub(crate) struct ToolCallPart<'a> {
    index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    function: FunctionPart<'a>,
}

#[derive(Serialize)]
pub(crate) struct FunctionPart<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    arguments: &'a str,
}

impl<'a> ToolCallPart<'a> {
    /// The beginning of the call at `index`.
    pub(crate) fn start(index: usize, call: &'a ToolCall) -> Self {
        Self {
            index,
            id: Some(&call.id),
            kind: Some("function"),
            function: FunctionPart::start(call),
        }
    }

    pub(crate) fn arguments(index: usize, piece: &'a str) -> Self {
        Self {
            index,
            id: None,
            kind: None,
            function: FunctionPart::arguments(piece),
        }
    }
}

impl<'a> FunctionPart<'a> {
    pub(crate) fn start(call: &'a ToolCall) -> Self {
        Self {
            name: Some(&call.name),
            arguments: "",
        }
    }

    pub(crate) fn arguments(piece: &'a str) -> Self {
        Self {
            name: None,
            arguments: piece,
        }
    }
}

/// Most bytes of arguments in one frame.
const FRAGMENT_BYTES: usize = 1024;

/// Arguments as streams send them: in pieces of bounded size, cut between characters.
pub(crate) fn fragments(arguments: &str) -> impl Iterator<Item = &str> {
    let mut rest = arguments;
    std::iter::from_fn(move || {
        let (piece, later) = rest.split_at_checked(rest.floor_char_boundary(FRAGMENT_BYTES))?;
        rest = later;
        (!piece.is_empty()).then_some(piece)
    })
}

/// One choice of a whole answer.
#[derive(Serialize)]
pub(crate) struct AnswerChoice<'a> {
    pub(crate) index: u8,
    pub(crate) message: Message<'a>,
    pub(crate) finish_reason: &'static str,
}

#[derive(Serialize)]
pub(crate) struct Message<'a> {
    pub(crate) role: &'static str,
    /// `null` in an answer that only calls tools.
    pub(crate) content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reasoning_content: Option<&'a str>,
    pub(crate) refusal: (),
    pub(crate) annotations: Vec<Annotation<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tool_calls: Vec<ToolCallJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) function_call: Option<FunctionCall<'a>>,
}

#[derive(Serialize)]
pub(crate) struct ToolCallJson<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    function: FunctionCall<'a>,
}

#[derive(Serialize)]
pub(crate) struct FunctionCall<'a> {
    name: &'a str,
    arguments: &'a str,
}

impl<'a> FunctionCall<'a> {
    pub(crate) fn new(call: &'a ToolCall) -> Self {
        Self {
            name: &call.name,
            arguments: &call.arguments,
        }
    }
}

impl<'a> ToolCallJson<'a> {
    pub(crate) fn new(call: &'a ToolCall) -> Self {
        Self {
            id: &call.id,
            kind: "function",
            function: FunctionCall::new(call),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct Annotation<'a> {
    /// In chunks only: clients that put lists together want it of every entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    #[serde(rename = "type")]
    kind: &'static str,
    url_citation: UrlCitation<'a>,
}

#[derive(Serialize)]
struct UrlCitation<'a> {
    url: &'a str,
    title: &'a str,
    start_index: usize,
    end_index: usize,
}

impl<'a> Annotation<'a> {
    /// `offset` is the number of characters before the text that `citing` counts from.
    pub(crate) fn new(citing: &'a Citing, offset: usize) -> Self {
        Self {
            index: None,
            kind: "url_citation",
            url_citation: UrlCitation {
                url: &citing.url,
                title: &citing.title,
                start_index: citing.chars.start + offset,
                end_index: citing.chars.end + offset,
            },
        }
    }

    /// The same as the annotation `index` of a stream.
    pub(crate) fn at(self, index: usize) -> Self {
        Self {
            index: Some(index),
            ..self
        }
    }
}

/// `is_legacy`: the caller offered `functions`.
pub(crate) fn finish_reason(reason: &FinishReason, is_legacy: bool) -> &'static str {
    match reason {
        FinishReason::Stop | FinishReason::StopSequence(_) => "stop",
        FinishReason::Length => "length",
        FinishReason::ToolCalls if is_legacy => "function_call",
        FinishReason::ToolCalls => "tool_calls",
    }
}

#[derive(Serialize)]
pub(crate) struct UsageJson {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: PromptDetails,
    completion_tokens_details: CompletionDetails,
    /// Written only when it is so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    estimated: bool,
}

#[derive(Serialize)]
struct PromptDetails {
    cached_tokens: u64,
    text_tokens: u64,
    audio_tokens: u64,
    image_tokens: u64,
}

#[derive(Serialize)]
struct CompletionDetails {
    text_tokens: u64,
    audio_tokens: u64,
    reasoning_tokens: u64,
}

impl UsageJson {
    pub(crate) fn new(usage: Usage) -> Self {
        let usage = usage.never_zero();
        Self {
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            total_tokens: usage.total_tokens(),
            prompt_tokens_details: PromptDetails {
                cached_tokens: 0,
                text_tokens: usage.prompt_tokens,
                audio_tokens: 0,
                image_tokens: 0,
            },
            completion_tokens_details: CompletionDetails {
                text_tokens: usage.completion_tokens - usage.reasoning_tokens,
                audio_tokens: 0,
                reasoning_tokens: usage.reasoning_tokens,
            },
            estimated: usage.estimated,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(usage: Usage) -> String {
        String::from_utf8(to_json(&UsageJson::new(usage))).unwrap()
    }

    #[test]
    fn usage_has_details_and_is_never_zero() {
        let none = Usage {
            estimated: true,
            ..Usage::default()
        };
        assert_eq!(
            json(none),
            r#"{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2,"prompt_tokens_details":{"cached_tokens":0,"text_tokens":1,"audio_tokens":0,"image_tokens":0},"completion_tokens_details":{"text_tokens":1,"audio_tokens":0,"reasoning_tokens":0},"estimated":true}"#
        );
    }

    #[test]
    fn reported_usage_is_not_marked_and_reasoning_is_part_of_the_completion() {
        let reported = Usage {
            prompt_tokens: 10,
            completion_tokens: 30,
            reasoning_tokens: 12,
            estimated: false,
        };
        assert_eq!(
            json(reported),
            r#"{"prompt_tokens":10,"completion_tokens":30,"total_tokens":40,"prompt_tokens_details":{"cached_tokens":0,"text_tokens":10,"audio_tokens":0,"image_tokens":0},"completion_tokens_details":{"text_tokens":18,"audio_tokens":0,"reasoning_tokens":12}}"#
        );
    }

    #[test]
    fn arguments_are_cut_between_characters() {
        let text = "é秘\"".repeat(1000);
        let pieces: Vec<_> = fragments(&text).collect();
        assert_eq!(pieces.concat(), text);
        assert!(pieces.len() > 4);
        for piece in &pieces {
            assert!((1..=FRAGMENT_BYTES).contains(&piece.len()));
        }
        assert_eq!(fragments("").count(), 0);
    }

    #[test]
    fn each_end_has_its_word() {
        for (reason, word) in [
            (FinishReason::Stop, "stop"),
            (FinishReason::StopSequence("END".to_owned()), "stop"),
            (FinishReason::Length, "length"),
            (FinishReason::ToolCalls, "tool_calls"),
        ] {
            assert_eq!(finish_reason(&reason, false), word);
        }
        assert_eq!(
            finish_reason(&FinishReason::ToolCalls, true),
            "function_call"
        );
    }
}

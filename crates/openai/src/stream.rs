//! Chat completion chunks as SSE frames, written into the caller's buffer.
//!
//! Everything that stays the same for a whole answer is serialised once, so a delta costs one
//! reservation, three copies and the escaping of its text (`benches/chunk.rs`).

use crate::{error::ErrorBody, json, usage::Usage};

const TEXT: &[u8] = br#"{"index":0,"delta":{"content":""#;
const REASONING: &[u8] = br#"{"index":0,"delta":{"reasoning_content":""#;
const DELTA_END: &[u8] = br#""},"logprobs":null,"finish_reason":null}]"#;
const ROLE: &[u8] = br#"{"index":0,"delta":{"role":"assistant","content":""#;
const FINISH: &[u8] = br#"{"index":0,"delta":{},"logprobs":null,"finish_reason":"#;
const FRAME_END: &[u8] = b"}\n\n";
/// OpenAI puts this into every chunk but the last when the caller asked for usage.
const FRAME_END_NO_USAGE_YET: &[u8] = b",\"usage\":null}\n\n";
const DONE: &[u8] = b"data: [DONE]\n\n";

/// What all chunks of one answer have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The upstream's response id, else `chatcmpl-` and 24 hex digits.
    pub id: String,
    /// Unix seconds.
    pub created: i64,
    pub model: String,
    /// Written at the top level of every chunk when present.
    pub conversation_id: Option<String>,
    /// `system_fingerprint`; `null` when absent.
    pub fingerprint: Option<String>,
}

/// How reasoning reaches the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thinking {
    /// Not at all.
    Hidden,
    /// As `delta.reasoning_content`.
    ReasoningContent,
    /// Inside the content, between `<think>` and `</think>`.
    ThinkTags,
}

/// New text of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delta<'a> {
    Reasoning(&'a str),
    Text(&'a str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Think {
    NotYet,
    Open,
    Closed,
}

/// Writes the frames of one streamed answer.
///
/// Every method appends whole frames (`data: {json}` and a blank line) and cannot fail. The role
/// chunk goes first by itself if [`ChunkWriter::role`] was not called.
#[derive(Clone, Debug)]
pub struct ChunkWriter {
    head: Head,
    thinking: Thinking,
    /// `data: {"id":…,"choices":[`, the same for every chunk.
    prefix: Vec<u8>,
    frame_end: &'static [u8],
    has_role: bool,
    think: Think,
}

impl ChunkWriter {
    /// A writer for one answer that does not announce usage.
    pub fn new(head: Head, thinking: Thinking) -> Self {
        let prefix = prefix(&head);
        Self {
            head,
            thinking,
            prefix,
            frame_end: FRAME_END,
            has_role: false,
            think: Think::NotYet,
        }
    }

    /// Whether the caller set `stream_options.include_usage`: every chunk then has `"usage":null`
    /// and [`ChunkWriter::finish`] should be given the usage.
    pub fn include_usage(mut self, include: bool) -> Self {
        self.frame_end = if include {
            FRAME_END_NO_USAGE_YET
        } else {
            FRAME_END
        };
        self
    }

    /// Changes `system_fingerprint` from the next chunk on.
    pub fn set_fingerprint(&mut self, fingerprint: &str) {
        if self.head.fingerprint.as_deref() != Some(fingerprint) {
            self.head.fingerprint = Some(fingerprint.to_owned());
            self.prefix = prefix(&self.head);
        }
    }

    /// Appends the first chunk, `{"role":"assistant","content":""}`. Only the first call does so.
    pub fn role(&mut self, out: &mut Vec<u8>) {
        if !self.has_role {
            self.has_role = true;
            self.write(ROLE, "", out);
        }
    }

    /// Appends the chunk of one delta. Nothing for empty text and for reasoning that is not shown.
    pub fn delta(&mut self, delta: Delta<'_>, out: &mut Vec<u8>) {
        match (delta, self.thinking) {
            (Delta::Text("") | Delta::Reasoning(""), _)
            | (Delta::Reasoning(_), Thinking::Hidden) => {}
            (Delta::Text(text), _) => {
                self.role(out);
                self.close_think("\n</think>\n", out);
                self.write(TEXT, text, out);
            }
            (Delta::Reasoning(text), Thinking::ReasoningContent) => {
                self.role(out);
                self.write(REASONING, text, out);
            }
            (Delta::Reasoning(text), Thinking::ThinkTags) => self.think(text, out),
        }
    }

    /// Appends the end of the answer: an open think tag is closed, then come the chunk with
    /// `finish_reason`, the usage chunk (empty `choices`) when given, and `[DONE]`.
    pub fn finish(&mut self, finish_reason: &str, usage: Option<&Usage>, out: &mut Vec<u8>) {
        self.role(out);
        self.close_think("</think>\n", out);
        out.extend_from_slice(&self.prefix);
        out.extend_from_slice(FINISH);
        json::write_str(finish_reason, out);
        out.extend_from_slice(b"}]");
        out.extend_from_slice(self.frame_end);
        if let Some(usage) = usage {
            out.extend_from_slice(&self.prefix);
            out.extend_from_slice(br#"],"usage":"#);
            usage.write_json(out);
            out.extend_from_slice(FRAME_END);
        }
        out.extend_from_slice(DONE);
    }

    /// Appends `data: {"error":…}`, the last frame of an answer that failed on the way.
    pub fn error(&self, error: &ErrorBody, out: &mut Vec<u8>) {
        error.write_frame(out);
    }

    /// Reasoning in tags: the block opens once; what comes after it was closed is dropped.
    fn think(&mut self, text: &str, out: &mut Vec<u8>) {
        if self.think == Think::Closed {
            return;
        }
        self.role(out);
        if self.think == Think::NotYet {
            self.think = Think::Open;
            self.write(TEXT, "<think>\n", out);
        }
        self.write(TEXT, text, out);
    }

    fn close_think(&mut self, tag: &str, out: &mut Vec<u8>) {
        if self.think == Think::Open {
            self.write(TEXT, tag, out);
        }
        self.think = Think::Closed;
    }

    fn write(&self, opening: &[u8], text: &str, out: &mut Vec<u8>) {
        let fixed = self.prefix.len() + opening.len() + DELTA_END.len() + self.frame_end.len();
        out.reserve(fixed + text.len() + 16);
        out.extend_from_slice(&self.prefix);
        out.extend_from_slice(opening);
        json::escape(text, out);
        out.extend_from_slice(DELTA_END);
        out.extend_from_slice(self.frame_end);
    }
}

fn prefix(head: &Head) -> Vec<u8> {
    let mut out = br#"data: {"id":"#.to_vec();
    json::write_str(&head.id, &mut out);
    out.extend_from_slice(br#","object":"chat.completion.chunk","created":"#);
    json::write_number(head.created, &mut out);
    out.extend_from_slice(br#","model":"#);
    json::write_str(&head.model, &mut out);
    out.extend_from_slice(br#","system_fingerprint":"#);
    json::write_opt(head.fingerprint.as_deref(), &mut out);
    if let Some(id) = &head.conversation_id {
        out.extend_from_slice(br#","conversation_id":"#);
        json::write_str(id, &mut out);
    }
    out.extend_from_slice(br#","choices":["#);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn head() -> Head {
        Head {
            id: "r-1".into(),
            created: 1_772_700_000,
            model: "grok-4".into(),
            conversation_id: None,
            fingerprint: Some("k3/9".into()),
        }
    }

    /// The JSON of every frame; checks the framing on the way. `[DONE]` becomes `null`.
    fn frames(bytes: &[u8]) -> Vec<Value> {
        let text = std::str::from_utf8(bytes).unwrap();
        assert!(text.ends_with("\n\n"), "{text}");
        text.trim_end_matches("\n\n")
            .split("\n\n")
            .map(|frame| frame.strip_prefix("data: ").unwrap())
            .map(|data| match data {
                "[DONE]" => Value::Null,
                json => serde_json::from_str(json).unwrap(),
            })
            .collect()
    }

    fn deltas(bytes: &[u8]) -> Vec<Value> {
        frames(bytes)
            .iter()
            .map(|frame| frame["choices"][0]["delta"].clone())
            .collect()
    }

    fn run(thinking: Thinking, parts: &[Delta<'_>]) -> Vec<Value> {
        let (mut writer, mut out) = (ChunkWriter::new(head(), thinking), Vec::new());
        parts.iter().for_each(|part| writer.delta(*part, &mut out));
        writer.finish("stop", None, &mut out);
        let mut all = deltas(&out);
        assert_eq!(all.pop(), Some(Value::Null), "[DONE] is last");
        assert_eq!(
            all.pop(),
            Some(json!({})),
            "the finish chunk has an empty delta"
        );
        assert_eq!(all.remove(0), json!({"role": "assistant", "content": ""}));
        all
    }

    #[test]
    fn a_stream_has_the_documented_bytes() {
        let (mut writer, mut out) = (ChunkWriter::new(head(), Thinking::Hidden), Vec::new());
        writer.role(&mut out);
        writer.role(&mut out);
        writer.delta(Delta::Text("A \"quine\"\n"), &mut out);
        writer.finish("stop", None, &mut out);
        let start = r#"data: {"id":"r-1","object":"chat.completion.chunk","created":1772700000,"model":"grok-4","system_fingerprint":"k3/9","choices":[{"index":0,"delta":"#;
        let expected = [
            start,
            r#"{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}"#,
            "\n\n",
            start,
            r#"{"content":"A \"quine\"\n"},"logprobs":null,"finish_reason":null}]}"#,
            "\n\n",
            start,
            r#"{},"logprobs":null,"finish_reason":"stop"}]}"#,
            "\n\ndata: [DONE]\n\n",
        ];
        assert_eq!(String::from_utf8(out).unwrap(), expected.concat());
    }

    #[test]
    fn asked_for_usage_comes_in_a_last_chunk_without_choices() {
        let mut writer = ChunkWriter::new(head(), Thinking::Hidden).include_usage(true);
        let mut out = Vec::new();
        writer.delta(Delta::Text("hi"), &mut out);
        let usage = Usage {
            prompt_tokens: 3,
            completion_tokens: 1,
            ..Usage::default()
        };
        writer.finish("stop", Some(&usage), &mut out);
        let frames = frames(&out);
        assert_eq!(frames.len(), 5);
        for frame in &frames[..3] {
            assert_eq!(
                frame.get("usage"),
                Some(&Value::Null),
                "announced in {frame}"
            );
        }
        assert_eq!(frames[3]["choices"], json!([]));
        assert_eq!(frames[3]["usage"]["total_tokens"], 4);
    }

    #[test]
    fn conversation_id_is_in_every_chunk_and_the_fingerprint_may_change() {
        let head = Head {
            conversation_id: Some("c-9".into()),
            fingerprint: None,
            ..head()
        };
        let (mut writer, mut out) = (ChunkWriter::new(head, Thinking::Hidden), Vec::new());
        writer.role(&mut out);
        writer.set_fingerprint("k4");
        writer.finish("stop", Some(&Usage::default()), &mut out);
        let frames = frames(&out);
        assert_eq!(frames[0]["system_fingerprint"], Value::Null);
        assert_eq!(frames[1]["system_fingerprint"], "k4");
        for frame in &frames[..3] {
            assert_eq!(frame["conversation_id"], "c-9");
        }
    }

    #[test]
    fn reasoning_is_hidden_sent_apart_or_wrapped() {
        let parts = [
            Delta::Reasoning(""),
            Delta::Reasoning("hm"),
            Delta::Text("A"),
            Delta::Text(""),
            Delta::Reasoning("late"),
            Delta::Text("B"),
        ];
        let content = |text: &str| json!({"content": text});
        assert_eq!(run(Thinking::Hidden, &parts), [content("A"), content("B")]);
        assert_eq!(
            run(Thinking::ReasoningContent, &parts),
            [
                json!({"reasoning_content": "hm"}),
                content("A"),
                json!({"reasoning_content": "late"}),
                content("B")
            ]
        );
        let wrapped = ["<think>\n", "hm", "\n</think>\n", "A", "B"].map(content);
        assert_eq!(run(Thinking::ThinkTags, &parts), wrapped);
    }

    #[test]
    fn an_open_think_tag_is_closed_at_the_end() {
        let wrapped = ["<think>\n", "hm", "</think>\n"].map(|text| json!({"content": text}));
        assert_eq!(run(Thinking::ThinkTags, &[Delta::Reasoning("hm")]), wrapped);
    }

    #[test]
    fn an_error_is_one_frame() {
        let error = crate::Invalid::new("stream_idle_timeout", "x", "late").body(None);
        let mut out = Vec::new();
        ChunkWriter::new(head(), Thinking::Hidden).error(&error, &mut out);
        assert_eq!(frames(&out)[0]["error"]["code"], "stream_idle_timeout");
    }

    proptest! {
        #[test]
        fn any_text_survives_the_frame(texts in prop::collection::vec(any::<String>(), 0..8)) {
            let parts: Vec<_> = texts.iter().map(|text| Delta::Text(text)).collect();
            let read: String = run(Thinking::Hidden, &parts)
                .iter()
                .map(|delta| delta["content"].as_str().unwrap().to_owned())
                .collect();
            prop_assert_eq!(read, texts.concat());
        }
    }
}

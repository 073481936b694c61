//! Upstream frames to neutral deltas: what is answer, what is reasoning, what is neither.

use grok::Frame;
use openai::{
    stream::Delta,
    tags::TagFilter,
    usage::{Estimator, Usage},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Reasoning,
    Text,
}

/// New text in order of arrival. Reused from one read to the next.
#[derive(Default)]
pub struct Deltas {
    text: String,
    /// Kind and end offset of each piece of `text`.
    pieces: Vec<(Kind, usize)>,
}

impl Deltas {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    #[must_use]
    pub fn len_bytes(&self) -> usize {
        self.text.len()
    }

    pub fn clear(&mut self) {
        self.text.clear();
        self.pieces.clear();
    }

    pub fn iter(&self) -> impl Iterator<Item = Delta<'_>> {
        let mut start = 0;
        self.pieces.iter().map(move |&(kind, end)| {
            let text = self.text.get(start..end).unwrap_or_default();
            start = end;
            match kind {
                Kind::Reasoning => Delta::Reasoning(text),
                Kind::Text => Delta::Text(text),
            }
        })
    }

    /// Lets `write` append to the buffer and notes what it added.
    fn append(&mut self, kind: Kind, write: impl FnOnce(&mut String)) -> &str {
        let start = self.text.len();
        write(&mut self.text);
        let end = self.text.len();
        if end > start {
            self.pieces.push((kind, end));
        }
        self.text.get(start..).unwrap_or_default()
    }
}

/// State of one answer.
pub struct Translator {
    shows_reasoning: bool,
    text_filter: TagFilter,
    reasoning_filter: TagFilter,
    text_tokens: Estimator,
    reasoning_tokens: Estimator,
    /// Where hidden reasoning goes: it is counted, not shown.
    hidden: String,
    pub response_id: Option<String>,
    pub conversation_id: Option<String>,
    pub fingerprint: Option<String>,
    /// Some answer text has arrived.
    pub has_text: bool,
    /// Something that only a working answer has: text, reasoning, a tool call, the final message.
    pub has_content: bool,
}

impl Translator {
    #[must_use]
    pub fn new(filter_tags: &[String], shows_reasoning: bool) -> Self {
        Self {
            shows_reasoning,
            text_filter: TagFilter::new(filter_tags, None),
            reasoning_filter: TagFilter::new(filter_tags, None),
            text_tokens: Estimator::default(),
            reasoning_tokens: Estimator::default(),
            hidden: String::new(),
            response_id: None,
            conversation_id: None,
            fingerprint: None,
            has_text: false,
            has_content: false,
        }
    }

    /// Takes one frame, metadata first, and appends what a caller should see.
    pub fn apply(&mut self, frame: &Frame<'_>, out: &mut Deltas) {
        self.take_metadata(frame);
        if let Some(token) = frame.token.as_deref().filter(|token| !token.is_empty()) {
            match kind_of(frame) {
                Some(Kind::Text) => self.push_text(token, out),
                Some(Kind::Reasoning) => self.push_reasoning(token, out),
                None => {}
            }
        }
        let whole = frame
            .model_response
            .as_ref()
            .and_then(|whole| whole.message.as_deref());
        if let Some(message) = whole.filter(|text| !self.has_text && !text.trim().is_empty()) {
            self.push_text(message, out);
        }
    }

    /// Emits what the tag filters still hold back.
    pub fn finish(&mut self, out: &mut Deltas) {
        let filter = &mut self.text_filter;
        let rest = out.append(Kind::Text, |buffer| filter.finish(buffer));
        self.text_tokens.push(rest);
    }

    /// Estimated, since the upstream reports no counts.
    #[must_use]
    pub fn usage(&self, prompt_tokens: u64) -> Usage {
        let reasoning_tokens = self.reasoning_tokens.tokens();
        Usage {
            prompt_tokens: prompt_tokens.max(1),
            completion_tokens: (self.text_tokens.tokens() + reasoning_tokens).max(1),
            reasoning_tokens,
            estimated: true,
        }
    }

    fn take_metadata(&mut self, frame: &Frame<'_>) {
        let keep_first = |slot: &mut Option<String>, value: Option<&str>| {
            if slot.is_none() {
                *slot = value.map(str::to_owned);
            }
        };
        keep_first(&mut self.response_id, frame.response_id.as_deref());
        keep_first(&mut self.conversation_id, frame.conversation_id.as_deref());
        keep_first(&mut self.fingerprint, frame.model_hash.as_deref());
        if let Some(response) = &frame.model_response {
            if response.model_hash.is_some() {
                self.fingerprint.clone_from(&response.model_hash);
            }
            for card in &response.card_attachments {
                self.text_filter.register_card(card);
            }
        }
        if let Some(card) = frame.card_attachment.as_deref() {
            self.text_filter.register_card(card);
        }
        if let Some(rollout) = frame.rollout_id.as_deref() {
            self.reasoning_filter.set_rollout(rollout);
        }
    }

    fn push_text(&mut self, token: &str, out: &mut Deltas) {
        self.has_text = true;
        self.has_content = true;
        let filter = &mut self.text_filter;
        let added = out.append(Kind::Text, |buffer| filter.push(token, buffer));
        self.text_tokens.push(added);
    }

    fn push_reasoning(&mut self, token: &str, out: &mut Deltas) {
        self.has_content = true;
        let filter = &mut self.reasoning_filter;
        if self.shows_reasoning {
            let added = out.append(Kind::Reasoning, |buffer| filter.push(token, buffer));
            self.reasoning_tokens.push(added);
        } else {
            self.hidden.clear();
            filter.push(token, &mut self.hidden);
            self.reasoning_tokens.push(&self.hidden);
        }
    }
}

/// `messageTag` decides where it is given, `isThinking` otherwise (`upstream-protocol.md` 2.1).
fn kind_of(frame: &Frame<'_>) -> Option<Kind> {
    match frame.message_tag.as_deref() {
        Some("final") => Some(Kind::Text),
        Some("raw_function_result") => None,
        Some(_) => Some(Kind::Reasoning),
        None if frame.is_thinking => Some(Kind::Reasoning),
        None => Some(Kind::Text),
    }
}

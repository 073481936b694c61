//! Upstream frames to neutral deltas: what is answer, what is reasoning, what is neither.

use chat::{
    Citation, Deltas, Estimator, Event, FinishReason, OutputLimiter, SearchActivity, SearchKind,
    Usage,
};
use grok::{Frame, markup};

/// Longest id and name that is taken from the upstream, in bytes.
const MAX_ID_BYTES: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Reasoning,
    Text,
}

/// State of one answer.
pub(super) struct Translator {
    shows_reasoning: bool,
    text_filter: markup::Filter,
    reasoning_filter: markup::Filter,
    text_tokens: Estimator,
    reasoning_tokens: Estimator,
    /// What is counted or cut before it is shown; reused.
    scratch: String,
    limiter: Option<OutputLimiter>,
    pub(super) response_id: Option<String>,
    pub(super) conversation_id: Option<String>,
    pub(super) fingerprint: Option<String>,
    /// Some answer text has arrived.
    pub(super) has_text: bool,
    /// Something that only a working answer has: text, reasoning, a tool call, the final message.
    pub(super) has_content: bool,
}

impl Translator {
    pub(super) fn new(
        filter_tags: &[String],
        shows_reasoning: bool,
        limiter: Option<OutputLimiter>,
    ) -> Self {
        Self {
            shows_reasoning,
            text_filter: markup::Filter::new(filter_tags),
            reasoning_filter: markup::Filter::new(filter_tags),
            text_tokens: Estimator::default(),
            reasoning_tokens: Estimator::default(),
            scratch: String::new(),
            limiter,
            response_id: None,
            conversation_id: None,
            fingerprint: None,
            has_text: false,
            has_content: false,
        }
    }

    /// Takes one frame, metadata first, and appends what a caller should see.
    pub(super) fn apply(&mut self, frame: &Frame<'_>, out: &mut Deltas) {
        self.take_metadata(frame);
        if let Some(token) = frame.token.filter(|token| !token.is_empty()) {
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

    /// Emits what the filters still hold back.
    pub(super) fn finish(&mut self, out: &mut Deltas) {
        self.scratch.clear();
        self.reasoning_filter.finish(&mut self.scratch);
        self.emit_reasoning(out);
        self.scratch.clear();
        self.text_filter.finish(&mut self.scratch);
        self.emit_text(out);
        if let Some(limiter) = &mut self.limiter {
            let added = out.append_text(|buffer| limiter.finish(buffer));
            self.text_tokens.push(added);
        }
    }

    /// The caller's own limit ended the answer: what else comes is not wanted.
    pub(super) fn ended_early(&self) -> bool {
        self.limiter
            .as_ref()
            .is_some_and(|limiter| limiter.ended().is_some())
    }

    pub(super) fn finish_reason(&self) -> FinishReason {
        let early = self.limiter.as_ref().and_then(OutputLimiter::ended);
        early.cloned().unwrap_or_default()
    }

    /// Estimated, since the upstream reports no counts.
    #[must_use]
    pub(super) fn usage(&self, prompt_tokens: u64) -> Usage {
        let reasoning_tokens = self.reasoning_tokens.tokens();
        Usage {
            prompt_tokens,
            completion_tokens: self.text_tokens.tokens() + reasoning_tokens,
            reasoning_tokens,
            estimated: true,
        }
        .never_zero()
    }

    fn take_metadata(&mut self, frame: &Frame<'_>) {
        let keep_first = |slot: &mut Option<String>, value: Option<&str>| {
            // Repeated in every chunk, so a long one is none.
            let value = value.filter(|value| value.len() <= MAX_ID_BYTES);
            if slot.is_none() {
                *slot = value.map(str::to_owned);
            }
        };
        keep_first(&mut self.response_id, frame.response_id);
        keep_first(&mut self.conversation_id, frame.conversation_id);
        keep_first(&mut self.fingerprint, frame.model_hash);
        if let Some(response) = &frame.model_response {
            let hash = response.model_hash.as_ref();
            if hash.is_some_and(|hash| hash.len() <= MAX_ID_BYTES) {
                self.fingerprint.clone_from(&response.model_hash);
            }
            for card in &response.card_attachments {
                self.text_filter.register_card(card);
            }
        }
        if let Some(card) = frame.card_attachment {
            self.text_filter.register_card(card);
        }
        for source in &frame.web_results {
            self.text_filter.register_source(source);
        }
        if let Some(rollout) = frame.rollout_id {
            self.reasoning_filter.set_rollout(rollout);
        }
    }

    fn push_text(&mut self, token: &str, out: &mut Deltas) {
        self.has_text = true;
        self.has_content = true;
        if self.limiter.is_none() {
            // The common case, without a copy.
            let filter = &mut self.text_filter;
            let added = out.append_text(|buffer| filter.push(token, buffer));
            self.text_tokens.push(added);
        } else {
            self.scratch.clear();
            self.text_filter.push(token, &mut self.scratch);
            self.emit_text(out);
        }
        for cited in self.text_filter.take_citations() {
            out.push(Event::Citation(Citation {
                number: cited.number,
                url: cited.url,
                title: cited.title,
            }));
        }
    }

    /// Shows what is in `scratch`, as far as the caller's limit allows.
    fn emit_text(&mut self, out: &mut Deltas) {
        let (limiter, scratch) = (&mut self.limiter, &self.scratch);
        let added = out.append_text(|buffer| match limiter {
            Some(limiter) => limiter.push(scratch, buffer),
            None => buffer.push_str(scratch),
        });
        self.text_tokens.push(added);
    }

    fn push_reasoning(&mut self, token: &str, out: &mut Deltas) {
        self.has_content = true;
        self.scratch.clear();
        self.reasoning_filter.push(token, &mut self.scratch);
        self.emit_reasoning(out);
        for search in self.reasoning_filter.take_searches() {
            out.push(Event::Search(SearchActivity {
                kind: match search.kind {
                    markup::SearchKind::Web => SearchKind::Web,
                    markup::SearchKind::Images => SearchKind::Images,
                },
                query: search.query,
            }));
        }
    }

    /// Shows what is in `scratch`, or only counts it.
    fn emit_reasoning(&mut self, out: &mut Deltas) {
        self.reasoning_tokens.push(&self.scratch);
        if self.shows_reasoning {
            out.append_reasoning(|buffer| buffer.push_str(&self.scratch));
        }
    }
}

/// `messageTag` decides where it is given, `isThinking` otherwise (`upstream-protocol.md` 2.1).
fn kind_of(frame: &Frame<'_>) -> Option<Kind> {
    match frame.message_tag {
        Some("final") => Some(Kind::Text),
        Some("raw_function_result") => None,
        Some(_) => Some(Kind::Reasoning),
        None if frame.is_thinking => Some(Kind::Reasoning),
        None => Some(Kind::Text),
    }
}

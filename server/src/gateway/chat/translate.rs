//! Upstream frames to neutral deltas: what is answer, what is reasoning, what is neither.

use std::collections::HashSet;

use chat::{
    Citation, Deltas, Estimator, Event, FinishReason, Found, OutputLimiter, Request,
    SearchActivity, SearchKind, Shape, ToolCall, Usage, Verdict,
};
use grok::{Frame, markup};

use super::made_pictures::MadePictures;
use crate::ids;

/// Longest id and name that is taken from the upstream, in bytes.
const MAX_ID_BYTES: usize = 256;
/// Pages and look-ups of one answer that are told of.
const MAX_FOUND: usize = 200;

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
    /// What the limits let through to `shape`; reused.
    allowed: String,
    limiter: Option<OutputLimiter>,
    /// `None` when any text will do.
    shape: Option<Shape>,
    /// What came of the shape when the upstream had said everything.
    verdict: Option<Verdict>,
    /// The look-up that was told last.
    searched: Option<markup::Search>,
    /// How many pages and look-ups were told.
    found: usize,
    /// Addresses of the pages.
    pages: HashSet<String>,
    pub(super) pictures: MadePictures,
    /// The next text begins a paragraph: a picture was told before it.
    begins_paragraph: bool,
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
        (shows_reasoning, makes_pictures): (bool, bool),
        request: &Request,
    ) -> Self {
        Self {
            shows_reasoning,
            text_filter: markup::Filter::new(filter_tags),
            reasoning_filter: markup::Filter::new(filter_tags),
            text_tokens: Estimator::default(),
            reasoning_tokens: Estimator::default(),
            scratch: String::new(),
            allowed: String::new(),
            limiter: OutputLimiter::new(&request.limits),
            shape: Shape::new(request),
            verdict: None,
            searched: None,
            found: 0,
            pages: HashSet::new(),
            pictures: MadePictures::new(makes_pictures),
            begins_paragraph: false,
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
        self.tell_look_ups(frame, out);
        self.note_pictures(frame);
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
        self.pictures.said(whole.unwrap_or_default());
        if let Some(message) = whole.filter(|text| !self.has_text && !text.trim().is_empty()) {
            self.push_text(message, out);
        }
    }

    /// Emits what the filters still hold back. The upstream has said everything, or no more of it is
    /// wanted.
    pub(super) fn finish(&mut self, out: &mut Deltas) {
        self.scratch.clear();
        self.reasoning_filter.finish(&mut self.scratch);
        self.emit_reasoning(out);
        self.scratch.clear();
        self.text_filter.finish(&mut self.scratch);
        self.place_pictures();
        self.emit_text(out);
        if let Some(limiter) = &mut self.limiter {
            self.allowed.clear();
            limiter.finish(&mut self.allowed);
            self.emit_allowed(out);
        }
        let is_cut = self.is_cut();
        if let Some(shape) = &mut self.shape {
            let mut verdict = Verdict::Fine;
            out.append_text(|buffer| verdict = shape.finish(is_cut, buffer));
            self.verdict = Some(verdict);
        }
        self.emit_calls(out);
    }

    /// What else comes is not wanted: the caller's own limit is reached, or the call is made.
    pub(super) fn ended_early(&self) -> bool {
        self.is_cut() || self.shape.as_ref().is_some_and(Shape::is_over)
    }

    fn is_cut(&self) -> bool {
        let limiter = self.limiter.as_ref();
        limiter.is_some_and(|limiter| limiter.ended().is_some())
    }

    pub(super) fn finish_reason(&self) -> FinishReason {
        if self.shape.as_ref().is_some_and(Shape::has_calls) {
            return FinishReason::ToolCalls;
        }
        let early = self.limiter.as_ref().and_then(OutputLimiter::ended);
        early.cloned().unwrap_or_default()
    }

    /// Bytes that are held back until their shape is known.
    pub(super) fn held_bytes(&self) -> usize {
        self.shape.as_ref().map_or(0, Shape::held_bytes)
    }

    /// What came of the shape of a complete answer, if it has to have one.
    pub(super) fn take_verdict(&mut self) -> Option<Verdict> {
        self.verdict.take()
    }

    /// The upstream is asked once more: another response comes, which goes on where this one ended.
    pub(super) fn begin_again(&mut self, filter_tags: &[String]) {
        self.text_filter = markup::Filter::new(filter_tags);
        self.reasoning_filter = markup::Filter::new(filter_tags);
        self.has_text = false;
        self.response_id = None;
        self.conversation_id = None;
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

    fn note_pictures(&mut self, frame: &Frame<'_>) {
        for fact in &frame.pictures {
            self.pictures.note(fact);
        }
        let whole = frame.model_response.as_ref();
        for address in whole.into_iter().flat_map(|whole| &whole.pictures) {
            self.pictures.add(address);
        }
        self.has_content |= self.pictures.has_any();
    }

    /// Puts the found pictures behind the text that no element in it has placed.
    fn place_pictures(&mut self) {
        if self.shape.is_some() || self.is_cut() {
            return;
        }
        let before = self.scratch.len();
        self.text_filter.finish_pictures(&mut self.scratch);
        if self.scratch.len() > before {
            self.has_text = true;
            self.has_content = true;
        }
    }

    /// A picture is told behind what was said so far: what comes next stands in a paragraph of its own.
    pub(super) fn begin_paragraph(&mut self) {
        self.begins_paragraph = true;
    }

    /// What the model looks up by itself and what it found there.
    fn tell_look_ups(&mut self, frame: &Frame<'_>, out: &mut Deltas) {
        if let Some(search) = frame.search.as_ref().filter(|search| self.is_news(search)) {
            // In front of the event: behind it comes what was found.
            self.scratch.clear();
            self.scratch.push_str(&search.line(frame.rollout_id));
            self.scratch.push('\n');
            self.emit_reasoning(out);
            self.tell_search(search.clone(), out);
        }
        for source in &frame.web_results {
            // Those that are cited come again.
            if self.found < MAX_FOUND && self.pages.insert(source.url.clone()) {
                self.found += 1;
                out.push(Event::Found(Found {
                    url: source.url.clone(),
                    title: source.title.clone(),
                }));
            }
        }
    }

    /// Whether it has not just been told: a look-up may come as a card and as an element.
    fn is_news(&self, search: &markup::Search) -> bool {
        self.searched.as_ref() != Some(search) && self.found < MAX_FOUND
    }

    fn tell_search(&mut self, search: markup::Search, out: &mut Deltas) {
        if !self.is_news(&search) {
            return;
        }
        self.found += 1;
        out.push(Event::Search(SearchActivity {
            kind: match search.kind {
                markup::SearchKind::Web => SearchKind::Web,
                markup::SearchKind::Images => SearchKind::Images,
                markup::SearchKind::X => SearchKind::X,
            },
            query: search.query.clone(),
        }));
        self.searched = Some(search);
    }

    fn push_text(&mut self, mut token: &str, out: &mut Deltas) {
        self.has_text = true;
        self.has_content = true;
        self.pictures.said(token);
        if self.begins_paragraph {
            token = token.trim_start_matches('\n');
            if token.is_empty() {
                return;
            }
            self.begins_paragraph = false;
            out.append_text(|buffer| buffer.push_str("\n\n"));
        }
        if self.limiter.is_none() && self.shape.is_none() {
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
        let Some(limiter) = &mut self.limiter else {
            std::mem::swap(&mut self.scratch, &mut self.allowed);
            return self.emit_allowed(out);
        };
        self.allowed.clear();
        limiter.push(&self.scratch, &mut self.allowed);
        self.emit_allowed(out);
    }

    /// Shows what is in `allowed`, in the shape that was asked for. Calls count as text: they were
    /// written like it.
    fn emit_allowed(&mut self, out: &mut Deltas) {
        self.text_tokens.push(&self.allowed);
        let (shape, allowed) = (&mut self.shape, &self.allowed);
        out.append_text(|buffer| match shape {
            Some(shape) => shape.push(allowed, buffer),
            None => buffer.push_str(allowed),
        });
        self.emit_calls(out);
    }

    fn emit_calls(&mut self, out: &mut Deltas) {
        for call in self.shape.iter_mut().flat_map(Shape::take_calls) {
            out.push(Event::ToolCall(ToolCall {
                id: ids::random("call_"),
                name: call.name,
                arguments: call.arguments,
            }));
        }
    }

    fn push_reasoning(&mut self, token: &str, out: &mut Deltas) {
        self.has_content = true;
        self.scratch.clear();
        self.reasoning_filter.push(token, &mut self.scratch);
        self.emit_reasoning(out);
        let searches: Vec<_> = self.reasoning_filter.take_searches().collect();
        for search in searches {
            self.tell_search(search, out);
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

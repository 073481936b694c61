//! Deltas become items. Every step is told to a [`Sink`]: a stream writes it as an event, a document
//! has no use for it, and both end with the same items.

use chat::{Citation, Delta, Event, Found, SearchActivity, ToolCall};
use serde::Serialize;

use super::{
    echo::Echo,
    ids::item_id,
    items::{Action, Item, ItemKind, ItemStatus, OutputText, Page, SummaryText, UrlCitation},
};
use crate::{
    content::{self, MarkFinder},
    wire::fragments,
};

/// Most pages that one look-up lists.
const MAX_PAGES: usize = 256;

/// Hears what happens to the items.
pub(super) trait Sink {
    /// `body` is a JSON object with the fields of the event but its type and number.
    fn event(&mut self, name: &'static str, body: &impl Serialize);

    /// The most frequent events: `opening` is what [`Sink::opening`] made for their item.
    fn text(&mut self, name: &'static str, opening: &[u8], text: &str);

    /// The fields of the text events of one item, written once.
    fn opening(&self, place: &impl Serialize) -> Vec<u8>;
}

/// The items so far, and the one that is being written.
#[derive(Clone, Debug)]
pub(super) struct Output {
    response_id: String,
    shows_searches: bool,
    shows_sources: bool,
    done: Vec<Item>,
    open: Option<(String, Open)>,
}

/// An item that more may be added to.
#[derive(Clone, Debug)]
enum Open {
    Reasoning {
        text: String,
        opening: Vec<u8>,
    },
    Search(Action),
    Message {
        text: String,
        annotations: Vec<UrlCitation>,
        finder: MarkFinder,
        opening: Vec<u8>,
    },
}

/// Where an event happens.
#[derive(Serialize)]
struct Place<'a> {
    item_id: &'a str,
    output_index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary_index: Option<usize>,
}

impl<'a> Place<'a> {
    fn item(item_id: &'a str, output_index: usize) -> Self {
        Self {
            item_id,
            output_index,
            content_index: None,
            summary_index: None,
        }
    }

    /// In the only content of a message.
    fn content(item_id: &'a str, output_index: usize) -> Self {
        Self {
            content_index: Some(0),
            ..Self::item(item_id, output_index)
        }
    }

    /// In the only part of a summary.
    fn summary(item_id: &'a str, output_index: usize) -> Self {
        Self {
            summary_index: Some(0),
            ..Self::item(item_id, output_index)
        }
    }
}

/// A place and what is there now, under the name that the event has for it.
#[derive(Serialize)]
struct At<'a, T> {
    #[serde(flatten)]
    place: Place<'a>,
    #[serde(flatten)]
    what: T,
}

#[derive(Serialize)]
struct ItemEvent<'a> {
    output_index: usize,
    item: &'a Item,
}

#[derive(Serialize)]
struct Part<T> {
    part: T,
}

#[derive(Serialize)]
struct WholeSummary<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct WholeText<'a> {
    text: &'a str,
    logprobs: [(); 0],
}

#[derive(Serialize)]
struct Annotated<'a> {
    annotation_index: usize,
    annotation: &'a UrlCitation,
}

#[derive(Serialize)]
struct ArgumentsDelta<'a> {
    delta: &'a str,
}

#[derive(Serialize)]
struct Arguments<'a> {
    name: &'a str,
    arguments: &'a str,
}

impl Output {
    pub(super) fn new(response_id: &str, echo: &Echo) -> Self {
        Self {
            response_id: response_id.to_owned(),
            shows_searches: echo.shows_searches,
            shows_sources: echo.shows_sources,
            done: Vec::new(),
            open: None,
        }
    }

    /// The items that are complete.
    pub(super) fn items(&self) -> &[Item] {
        &self.done
    }

    /// Takes the next delta.
    pub(super) fn push(&mut self, delta: Delta<'_>, sink: &mut impl Sink) {
        match delta {
            Delta::Text("") | Delta::Reasoning("") => {}
            Delta::Text(piece) => self.text(piece, sink),
            Delta::Reasoning(piece) => self.reasoning(piece, sink),
            Delta::Event(Event::ToolCall(call)) => self.call(call, sink),
            Delta::Event(Event::Search(search)) => self.search(search, sink),
            Delta::Event(Event::Found(found)) => self.found(found),
            Delta::Event(Event::Citation(citation)) => self.citation(citation, sink),
            Delta::Event(Event::Image { url, alt }) => {
                let is_line_start = match &self.open {
                    Some((_, Open::Message { text, .. })) => content::is_line_start(text),
                    _ => true,
                };
                self.text(&content::image(url, alt, is_line_start), sink);
            }
            Delta::Event(Event::Progress { .. }) => {}
        }
    }

    /// Takes the end of the answer. `is_cut`: a limit ended it.
    pub(super) fn finish(&mut self, is_cut: bool, sink: &mut impl Sink) {
        let says = |item: &Item| {
            matches!(
                item.kind,
                ItemKind::Message { .. } | ItemKind::FunctionCall { .. }
            )
        };
        let is_message = matches!(self.open, Some((_, Open::Message { .. })));
        if !is_message && !self.done.iter().any(says) {
            self.close(ItemStatus::Completed, sink);
            self.open_message(sink);
        }
        let status = if is_cut {
            ItemStatus::Incomplete
        } else {
            ItemStatus::Completed
        };
        self.close(status, sink);
    }

    /// Takes the end of an answer that broke off.
    pub(super) fn break_off(&mut self, sink: &mut impl Sink) {
        self.close(ItemStatus::Incomplete, sink);
    }

    fn text(&mut self, piece: &str, sink: &mut impl Sink) {
        if !matches!(self.open, Some((_, Open::Message { .. }))) {
            self.close(ItemStatus::Completed, sink);
            self.open_message(sink);
        }
        if let Some((_, Open::Message { text, opening, .. })) = &mut self.open {
            text.push_str(piece);
            sink.text("response.output_text.delta", opening, piece);
        }
    }

    fn reasoning(&mut self, piece: &str, sink: &mut impl Sink) {
        if !matches!(self.open, Some((_, Open::Reasoning { .. }))) {
            self.close(ItemStatus::Completed, sink);
            self.open_reasoning(sink);
        }
        if let Some((_, Open::Reasoning { text, opening })) = &mut self.open {
            text.push_str(piece);
            sink.text("response.reasoning_summary_text.delta", opening, piece);
        }
    }

    fn next_id(&self, prefix: &str) -> String {
        item_id(prefix, &self.response_id, "", self.done.len())
    }

    fn added(&self, item: &Item, sink: &mut impl Sink) {
        let added = ItemEvent {
            output_index: self.done.len(),
            item,
        };
        sink.event("response.output_item.added", &added);
    }

    fn done(&mut self, item: Item, sink: &mut impl Sink) {
        let done = ItemEvent {
            output_index: self.done.len(),
            item: &item,
        };
        sink.event("response.output_item.done", &done);
        self.done.push(item);
    }

    fn open_message(&mut self, sink: &mut impl Sink) {
        let (id, index) = (self.next_id("msg"), self.done.len());
        let item = Item {
            id,
            kind: ItemKind::Message {
                status: ItemStatus::InProgress,
                role: "assistant",
                content: Vec::new(),
            },
        };
        self.added(&item, sink);
        let part = At {
            place: Place::content(&item.id, index),
            what: Part {
                part: OutputText::new(String::new(), Vec::new()),
            },
        };
        sink.event("response.content_part.added", &part);
        let opening = sink.opening(&Place::content(&item.id, index));
        let message = Open::Message {
            text: String::new(),
            annotations: Vec::new(),
            finder: MarkFinder::default(),
            opening,
        };
        self.open = Some((item.id, message));
    }

    fn open_reasoning(&mut self, sink: &mut impl Sink) {
        let (id, index) = (self.next_id("rs"), self.done.len());
        let item = Item {
            id,
            kind: ItemKind::Reasoning {
                status: ItemStatus::InProgress,
                summary: Vec::new(),
            },
        };
        self.added(&item, sink);
        let part = At {
            place: Place::summary(&item.id, index),
            what: Part {
                part: SummaryText::new(String::new()),
            },
        };
        sink.event("response.reasoning_summary_part.added", &part);
        let opening = sink.opening(&Place::summary(&item.id, index));
        let reasoning = Open::Reasoning {
            text: String::new(),
            opening,
        };
        self.open = Some((item.id, reasoning));
    }

    /// A look-up stays open for what it finds.
    fn search(&mut self, search: &SearchActivity, sink: &mut impl Sink) {
        if !self.shows_searches {
            return;
        }
        self.close(ItemStatus::Completed, sink);
        let (id, index) = (self.next_id("ws"), self.done.len());
        let action = Action::new(&search.query, self.shows_sources);
        let item = Item {
            id,
            kind: ItemKind::WebSearchCall {
                status: ItemStatus::InProgress,
                action: action.clone(),
            },
        };
        self.added(&item, sink);
        let place = Place::item(&item.id, index);
        sink.event("response.web_search_call.in_progress", &place);
        sink.event("response.web_search_call.searching", &place);
        self.open = Some((item.id, Open::Search(action)));
    }

    /// Lists a page with the look-up that found it, if the request asked for that.
    fn found(&mut self, found: &Found) {
        if let Some((_, Open::Search(action))) = &mut self.open
            && let Some(pages) = &mut action.sources
            && pages.len() < MAX_PAGES
        {
            pages.push(Page::new(&found.url));
        }
    }

    /// Annotates the message; without one there is no place that cites.
    fn citation(&mut self, citation: &Citation, sink: &mut impl Sink) {
        let Some((id, open)) = &mut self.open else {
            return;
        };
        let Open::Message {
            text,
            annotations,
            finder,
            ..
        } = open
        else {
            return;
        };
        let annotation = UrlCitation::new(finder.find(text, citation));
        let annotated = At {
            place: Place::content(id, self.done.len()),
            what: Annotated {
                annotation_index: annotations.len(),
                annotation: &annotation,
            },
        };
        sink.event("response.output_text.annotation.added", &annotated);
        annotations.push(annotation);
    }

    fn call(&mut self, call: &ToolCall, sink: &mut impl Sink) {
        self.close(ItemStatus::Completed, sink);
        let (id, index) = (self.next_id("fc"), self.done.len());
        let kind = |status, arguments: &str| ItemKind::FunctionCall {
            status,
            call_id: call.id.clone(),
            name: call.name.clone(),
            arguments: arguments.to_owned(),
        };
        let mut item = Item {
            id,
            kind: kind(ItemStatus::InProgress, ""),
        };
        self.added(&item, sink);
        for delta in fragments(&call.arguments) {
            let delta = At {
                place: Place::item(&item.id, index),
                what: ArgumentsDelta { delta },
            };
            sink.event("response.function_call_arguments.delta", &delta);
        }
        let whole = At {
            place: Place::item(&item.id, index),
            what: Arguments {
                name: &call.name,
                arguments: &call.arguments,
            },
        };
        sink.event("response.function_call_arguments.done", &whole);
        item.kind = kind(ItemStatus::Completed, &call.arguments);
        self.done(item, sink);
    }

    /// Ends the item that is being written, if there is one.
    fn close(&mut self, status: ItemStatus, sink: &mut impl Sink) {
        let Some((id, open)) = self.open.take() else {
            return;
        };
        let kind = match open {
            Open::Reasoning { text, .. } => self.close_reasoning(&id, text, status, sink),
            Open::Search(action) => {
                let place = Place::item(&id, self.done.len());
                sink.event("response.web_search_call.completed", &place);
                ItemKind::WebSearchCall {
                    status: ItemStatus::Completed,
                    action,
                }
            }
            Open::Message {
                text, annotations, ..
            } => {
                let whole = At {
                    place: Place::content(&id, self.done.len()),
                    what: WholeText {
                        text: &text,
                        logprobs: [],
                    },
                };
                sink.event("response.output_text.done", &whole);
                let content = OutputText::new(text, annotations);
                let part = At {
                    place: Place::content(&id, self.done.len()),
                    what: Part { part: &content },
                };
                sink.event("response.content_part.done", &part);
                ItemKind::Message {
                    status,
                    role: "assistant",
                    content: vec![content],
                }
            }
        };
        self.done(Item { id, kind }, sink);
    }

    fn close_reasoning(
        &self,
        id: &str,
        text: String,
        status: ItemStatus,
        sink: &mut impl Sink,
    ) -> ItemKind {
        let index = self.done.len();
        let whole = At {
            place: Place::summary(id, index),
            what: WholeSummary { text: &text },
        };
        sink.event("response.reasoning_summary_text.done", &whole);
        let summary = SummaryText::new(text);
        let part = At {
            place: Place::summary(id, index),
            what: Part { part: &summary },
        };
        sink.event("response.reasoning_summary_part.done", &part);
        ItemKind::Reasoning {
            status,
            summary: vec![summary],
        }
    }
}

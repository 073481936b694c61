//! An answer that is not streamed.

use chat::{Citation, Delta, Finish, SearchActivity, ToolCall};

use crate::{
    Head,
    block::{Block, Input, SIGNATURE, image_markdown},
    event::MessageObject,
    json,
    search::{SearchResult, Searches},
    usage::Usage,
};

/// One whole answer, collected from its deltas. It has the blocks that
/// [`crate::stream::EventWriter`] makes of the same deltas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    content: Vec<Content>,
    searches: Searches,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Text {
        text: String,
        citations: Vec<Citation>,
    },
    Thinking(String),
    ToolUse(ToolCall),
    Search {
        number: u64,
        query: String,
    },
    SearchResult(SearchResult),
}

impl Message {
    /// A message that says nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether searches and citations are part of it
    /// ([`crate::messages::MessagesRequest::shows_searches`]).
    #[must_use]
    pub fn showing_searches(self, is_shown: bool) -> Self {
        let searches = Searches::new(is_shown);
        Self { searches, ..self }
    }

    /// Takes what is new. Reasoning must be left out by the caller where it is not shown.
    pub fn push(&mut self, delta: Delta<'_>) {
        match delta {
            Delta::Text("") | Delta::Reasoning("") => {}
            Delta::Text(text) => self.push_text(text),
            Delta::Reasoning(text) => match self.content.last_mut() {
                Some(Content::Thinking(whole)) => whole.push_str(text),
                _ => self.content.push(Content::Thinking(text.to_owned())),
            },
            Delta::Event(chat::Event::Image { url, alt }) => {
                self.push_text(&image_markdown(url, alt));
            }
            Delta::Event(chat::Event::ToolCall(call)) => {
                self.end_search();
                self.content.push(Content::ToolUse(call.clone()));
            }
            Delta::Event(chat::Event::Search(search)) => self.search(search),
            Delta::Event(chat::Event::Found(page)) => self.searches.found(page),
            Delta::Event(chat::Event::Citation(citation)) => self.cite(citation),
            Delta::Event(chat::Event::Progress { .. }) => {}
        }
    }

    /// The body of the HTTP answer.
    pub fn to_json(&self, head: &Head, finish: &Finish) -> Vec<u8> {
        let blocks = self.content.iter().map(|content| content.block(&head.id));
        let mut content: Vec<Block<'_>> = blocks.collect();
        let result = self.searches.result();
        content.extend(result.map(|result| Block::search_result(&head.id, result)));
        let is_said =
            |block: &Block<'_>| matches!(block, Block::Text { .. } | Block::ToolUse { .. });
        if !content.iter().any(is_said) {
            content.push(Block::text(""));
        }
        let usage = Usage::at_end(finish.usage, self.searches.count());
        let message = MessageObject::whole(head, content, &finish.reason, usage);
        let mut out = Vec::with_capacity(512);
        json::write(&message, &mut out);
        out
    }

    fn push_text(&mut self, text: &str) {
        if let Some(Content::Text { text: whole, .. }) = self.content.last_mut() {
            whole.push_str(text);
            return;
        }
        self.end_search();
        self.content.push(Content::Text {
            text: text.to_owned(),
            citations: Vec::new(),
        });
    }

    fn search(&mut self, search: &SearchActivity) {
        self.end_search();
        if let Some(number) = self.searches.begin() {
            self.content.push(Content::Search {
                number,
                query: search.query.clone(),
            });
        }
    }

    fn end_search(&mut self) {
        let result = self.searches.take_result();
        self.content.extend(result.map(Content::SearchResult));
    }

    /// Adds a citation to the text that it comes after.
    fn cite(&mut self, citation: &Citation) {
        if let Some(Content::Text { citations, .. }) = self.content.last_mut()
            && self.searches.cite()
        {
            citations.push(citation.clone());
        }
    }
}

impl Content {
    fn block(&self, message_id: &str) -> Block<'_> {
        match self {
            Self::Text { text, citations } => Block::Text {
                text,
                citations: citations.iter().map(Into::into).collect(),
            },
            Self::Thinking(thinking) => Block::Thinking {
                thinking,
                signature: SIGNATURE,
            },
            Self::ToolUse(call) => Block::tool_use(call, Input::of(call)),
            Self::Search { number, query } => {
                Block::search(message_id, *number, Input::Query { query })
            }
            Self::SearchResult(result) => Block::search_result(message_id, result),
        }
    }
}

//! What an answer must be besides text: calls of the caller's tools, or JSON.
//!
//! [`Shape`] stands between the upstream's text and the caller. Data flow: `scan` splits the text into
//! running text and blocks (`ahead` holds back what may begin one, `block` finds its end); `read` takes
//! calls out of a block; `check` holds them against the tools, whose schemas must not cost too much (`cost`);
//! `answer` takes JSON out of an answer; `policy` decides what is handed out, held back or asked for again;
//! `ask` words the request for what did not fit.
//!
//! Bounded: a block by [`scan::MAX_BLOCK_BYTES`], calls by [`MAX_CALLS`], text that has to be held by
//! [`MAX_HELD_BYTES`], nesting by what the JSON reader takes. What exceeds one of them is text;
//! where JSON is wanted it does not fit.

mod ahead;
mod answer;
mod ask;
mod block;
mod check;
mod cost;
mod policy;
mod read;
mod scan;

pub(crate) use self::check::Schema;

use std::sync::Arc;

use self::{
    answer::JsonRule,
    check::Tools,
    policy::Policy,
    scan::{Scanner, Sink},
};
use crate::{Request, ResponseFormat, Role, Tool, ToolChoice, Turn};

/// Most calls of one answer.
const MAX_CALLS: usize = 128;
/// Most bytes of an answer that is held because it may have to be another one.
const MAX_HELD_BYTES: usize = 4 * 1024 * 1024;

/// What became of an upstream answer that is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// What was appended and the calls are the answer.
    Fine,
    /// It does not fit. This, behind the prompt, asks for what does; the next pieces are the new answer.
    AskAgain(String),
    /// It does not fit after it was asked for again. Why, in a sentence for the caller.
    Misfit(String),
}

/// A call as the model wrote it; it fits its tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenCall {
    pub name: String,
    /// A JSON object.
    pub arguments: String,
}

/// Why the schema that an answer is to fit cannot be used, in a few words. Of tools a schema with a
/// mistake takes anything: agents send what they were given, and go on without the check.
#[must_use]
pub fn schema_mistake(format: &ResponseFormat) -> Option<String> {
    match format {
        ResponseFormat::Text | ResponseFormat::JsonObject => None,
        ResponseFormat::JsonSchema { schema, .. } => schema.0.mistake(),
    }
}

/// What a request asks of its answer.
#[derive(Debug)]
struct Rules {
    tools: Option<Tools>,
    must_call: bool,
    /// The tool that must be called.
    named: Option<String>,
    one_call: bool,
    json: Option<JsonRule>,
    /// What was said to the model with the words of calls in it.
    foreign: Vec<String>,
}

impl Rules {
    /// Whether a block repeats what the model was told, by a page or a file that a tool has read: a
    /// quotation, and no wish of the model's.
    fn is_quoted(&self, block: &str) -> bool {
        let block = block.trim();
        self.foreign.iter().any(|text| text.contains(block))
    }
}

/// What every form of a call has one of.
const CALL_WORDS: [&str; 4] = ["tool_call", "function_call", "invoke", "tool_name"];

/// The texts that callers and their tools said, as far as they could be quoted as a call.
fn foreign(request: &Request) -> Vec<String> {
    let said = request
        .turns
        .iter()
        .filter(|turn| turn.role != Role::Assistant)
        .flat_map(Turn::texts);
    said.filter(|text| CALL_WORDS.iter().any(|word| text.contains(word)))
        .map(str::to_owned)
        .collect()
}

/// Turns the text of an answer into what the request asked for, piece by piece. Clones share their
/// compiled schemas.
#[derive(Clone, Debug)]
pub struct Shape {
    scanner: Scanner,
    policy: Policy,
}

/// Tools that may be called: where one is named, of all that the model knows of only this one.
fn meant_tools(request: &Request) -> impl Iterator<Item = &Tool> {
    let named = named_tool(request);
    let tools = request.callable_tools();
    tools.filter(move |tool| named.is_none_or(|name| *name == tool.name))
}

fn named_tool(request: &Request) -> Option<&String> {
    match &request.tool_choice {
        ToolChoice::Named(name) => Some(name),
        _ => None,
    }
}

impl Shape {
    /// Whether not any text will do: tools may be called, or JSON is wanted.
    #[must_use]
    pub fn is_wanted(request: &Request) -> bool {
        request.response_format != ResponseFormat::Text || meant_tools(request).next().is_some()
    }

    /// `None` when any text will do: then no piece has to pass through here.
    #[must_use]
    pub fn new(request: &Request) -> Option<Self> {
        if !Self::is_wanted(request) {
            return None;
        }
        let mut callable = meant_tools(request).peekable();
        let tools = callable.peek().is_some().then(|| Tools::new(callable));
        let json = match &request.response_format {
            ResponseFormat::Text => None,
            ResponseFormat::JsonObject => Some(JsonRule::Object),
            ResponseFormat::JsonSchema { schema, .. } => Some(JsonRule::Schema(schema.clone())),
        };
        let must_call = match &request.tool_choice {
            ToolChoice::Auto | ToolChoice::None => false,
            ToolChoice::Required | ToolChoice::Named(_) => true,
            ToolChoice::Allowed { is_required, .. } => *is_required,
        };
        let rules = Rules {
            must_call: must_call && tools.is_some(),
            tools,
            named: named_tool(request).cloned(),
            one_call: request.one_tool_call,
            json,
            foreign: foreign(request),
        };
        Some(Self {
            scanner: Scanner::new(),
            policy: Policy::new(Arc::new(rules)),
        })
    }

    /// Takes the next piece and appends what the caller may see.
    pub fn push(&mut self, piece: &str, out: &mut String) {
        self.scanner.push(piece, &mut self.policy.to(out));
    }

    /// The calls that have become complete since this was asked last.
    pub fn take_calls(&mut self) -> Vec<WrittenCall> {
        self.policy.take_calls()
    }

    /// Whether a call has been handed out, or is about to be.
    #[must_use]
    pub fn has_calls(&self) -> bool {
        self.policy.has_calls()
    }

    /// Nothing that still comes is wanted.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.policy.is_over()
    }

    /// Bytes that are held back.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.scanner.held_bytes() + self.policy.held_bytes()
    }

    /// Takes the end of an upstream answer. `is_cut`: the caller's own limit ended it, so it is
    /// handed out as far as it came.
    pub fn finish(&mut self, is_cut: bool, out: &mut String) -> Verdict {
        let mut sink = self.policy.to(out);
        if !sink.is_over() {
            self.scanner.finish(is_cut, &mut sink);
        }
        self.scanner = Scanner::new();
        self.policy.finish(is_cut, out)
    }
}

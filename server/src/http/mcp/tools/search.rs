//! `search`: an answer from the web or from X, with its sources.

use chat::{Request, Role, Search, Turn};
use rmcp::model::{CallToolResult, ContentBlock, JsonObject, Tool};
use serde_json::json;
use settings::ModelKind;

use super::{
    arguments::Arguments,
    dialogue::{self, Said},
    schema,
};
use crate::http::{
    error::ApiError,
    mcp::{MAX_MESSAGE_BYTES, call::Call, progress::Progress},
};

pub(super) const NAME: &str = "search";
const ABOUT: &str = "Looks something up with Grok's live search, on the web, on X or on both, and \
                     returns an answer with the list of its sources.";
const WEB: Search = Search {
    web: Some(true),
    x: Some(false),
};
/// What `source` may be.
const SOURCES: [(&str, Search); 3] = [
    ("web", WEB),
    (
        "x",
        Search {
            web: Some(false),
            x: Some(true),
        },
    ),
    (
        "both",
        Search {
            web: Some(true),
            x: Some(true),
        },
    ),
];
/// A model that may search does not always do so.
const TASK: &str = "Search before you answer, also where you believe to know the answer. Answer from \
                    what you find, briefly, and cite every source that you use.";

pub(super) fn tool() -> Tool {
    let words = SOURCES.map(|(word, _)| word);
    let input = json!({
        "query": {"type": "string", "description": "What to look up, as a question or as keywords."},
        "source": {
            "type": "string",
            "enum": words,
            "default": "web",
            "description": "Where to look: web pages, posts on X, or both.",
        },
    });
    let source = json!({
        "type": "object",
        "properties": {"title": {"type": "string"}, "url": {"type": "string"}},
        "required": ["title", "url"],
    });
    let output = json!({
        "answer": {"type": "string", "description": "Markdown."},
        "sources": {
            "type": "array",
            "items": source,
            "description": "What the answer cites, else what was found. A title may be empty.",
        },
    });
    Tool::new(NAME, ABOUT, schema::object(&input, &["query"]))
        .with_raw_output_schema(schema::object(&output, &["answer", "sources"]))
        .with_title("Search with Grok")
        .with_annotations(schema::annotations(true))
}

/// # Errors
/// An argument cannot be used, or the gateway fails.
pub(super) async fn run(
    given: Option<JsonObject>,
    call: &Call,
    progress: Progress,
) -> Result<CallToolResult, ApiError> {
    let given = Arguments::new(given, &["query", "source"])?;
    let query = given.text("query", MAX_MESSAGE_BYTES)?;
    let request = Request {
        model: call.first_model(ModelKind::Chat)?,
        turns: vec![
            Turn::text(Role::System, TASK),
            Turn::text(Role::User, query),
        ],
        search: given.choice("source", &SOURCES, WEB)?,
        ..Request::default()
    };
    dialogue::ask(call, request, progress, render).await
}

/// The same twice: as data, and as text for clients that show nothing else.
fn render(said: &Said) -> CallToolResult {
    let sources = said.sources().iter();
    let sources = sources.map(|source| json!({"title": source.title, "url": source.url}));
    let text = ContentBlock::text(said.with_sources());
    let mut result = CallToolResult::success(vec![text]);
    result.structured_content = Some(json!({
        "answer": said.text.trim_end(),
        "sources": sources.collect::<Vec<_>>(),
    }));
    result
}

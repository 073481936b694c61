//! `ask_grok`: one question, one answer.

use chat::{MAX_MODEL_BYTES, Request, Role, Turn};
use rmcp::model::{CallToolResult, ContentBlock, JsonObject, Tool};
use serde_json::json;
use settings::ModelKind;

use super::{arguments::Arguments, dialogue, schema};
use crate::http::{
    error::ApiError,
    mcp::{MAX_MESSAGE_BYTES, call::Call, progress::Progress},
};

pub(super) const NAME: &str = "ask_grok";
const ABOUT: &str = "Asks Grok a question and returns its answer as text. Grok may look things up on \
                     the web and on X; the sources follow the answer as links. Grok sees nothing but \
                     this call: put all context into `query`.";

pub(super) fn tool(models: &[String]) -> Tool {
    let properties = json!({
        "query": {
            "type": "string",
            "description": "The question or task, with everything that Grok must know.",
        },
        "model": schema::model("chat", models),
        "system_prompt": {
            "type": "string",
            "description": "How Grok should answer: role, form, language.",
        },
    });
    Tool::new(NAME, ABOUT, schema::object(&properties, &["query"]))
        .with_title("Ask Grok")
        .with_annotations(schema::annotations(true))
}

/// # Errors
/// An argument cannot be used, or the gateway fails.
pub(super) async fn run(
    given: Option<JsonObject>,
    call: &Call,
    progress: Progress,
) -> Result<CallToolResult, ApiError> {
    let given = Arguments::new(given, &["query", "model", "system_prompt"])?;
    let query = given.text("query", MAX_MESSAGE_BYTES)?;
    let model = match given.optional_text("model", MAX_MODEL_BYTES)? {
        Some(model) => model,
        None => call.first_model(ModelKind::Chat)?,
    };
    let system_prompt = given.optional_text("system_prompt", MAX_MESSAGE_BYTES)?;
    let system = system_prompt.map(|text| Turn::text(Role::System, text));
    let request = Request {
        model,
        turns: system
            .into_iter()
            .chain([Turn::text(Role::User, query)])
            .collect(),
        ..Request::default()
    };
    let asking = dialogue::ask(call, request, progress, |said| {
        CallToolResult::success(vec![ContentBlock::text(said.with_sources())])
    });
    asking.await
}

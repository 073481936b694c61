//! The tools, as `rmcp` asks for them.

mod arguments;
mod ask_grok;
mod dialogue;
mod generate_image;
mod schema;
mod search;

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt;
use http::request::Parts;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, Implementation, JsonObject,
        ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
    },
    service::RequestContext,
};
use settings::ModelKind;

use super::{call::Call, progress::Progress};
use crate::http::error::ApiError;

const INSTRUCTIONS: &str = "Grok answers questions (`ask_grok`), looks things up on the web and on X \
                            (`search`) and draws pictures (`generate_image`). Each call is a \
                            conversation of its own: put everything that matters into it.";

/// A tool by its name.
#[derive(Clone, Copy)]
enum Kind {
    AskGrok,
    GenerateImage,
    Search,
}

impl Kind {
    const ALL: [Self; 3] = [Self::AskGrok, Self::GenerateImage, Self::Search];

    fn name(self) -> &'static str {
        match self {
            Self::AskGrok => ask_grok::NAME,
            Self::GenerateImage => generate_image::NAME,
            Self::Search => search::NAME,
        }
    }

    fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// `models`: ids that the catalogue has of a kind.
    fn describe(self, models: impl Fn(ModelKind) -> Vec<String>) -> Tool {
        match self {
            Self::AskGrok => ask_grok::tool(&models(ModelKind::Chat)),
            Self::GenerateImage => generate_image::tool(&models(ModelKind::Image)),
            Self::Search => search::tool(),
        }
    }

    async fn run(
        self,
        arguments: Option<JsonObject>,
        call: &Call,
        progress: Progress,
    ) -> Result<CallToolResult, ApiError> {
        match self {
            Self::AskGrok => ask_grok::run(arguments, call, progress).await,
            Self::GenerateImage => generate_image::run(arguments, call, progress).await,
            Self::Search => search::run(arguments, call, progress).await,
        }
    }
}

/// The server's side of a session. It keeps nothing: what a call needs comes with its request.
#[derive(Clone, Copy)]
pub(super) struct Tools;

impl ServerHandler for Tools {
    fn get_info(&self) -> ServerConfig {
        let about = Implementation::new("grok2api", env!("CARGO_PKG_VERSION"));
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(about.with_title("grok2api"))
            .with_instructions(INSTRUCTIONS)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        Kind::of(name).map(|kind| kind.describe(|_| Vec::new()))
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let call = call_of(&context)?;
        let models = |kind| {
            let models = call.settings().models.of_kind(kind);
            models.map(|model| model.id.clone()).collect()
        };
        let tools = Kind::ALL.map(|kind| kind.describe(models));
        Ok(ListToolsResult::with_all_items(tools.into()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let call = call_of(&context)?;
        call.identify();
        let Some(kind) = Kind::of(&request.name) else {
            let names = Kind::ALL.map(Kind::name).join(", ");
            let message = format!("There is no such tool. The tools are {names}.");
            call.refuse("unknown_tool");
            return Err(ErrorData::invalid_params(message, None));
        };
        let _counted = match call.begin() {
            Ok(counted) => counted,
            Err(error) => return Ok(call.result(Err(error)).into()),
        };
        let progress = Progress::of(&context);
        // Boxed: it holds a whole attempt.
        let work = Box::pin(kind.run(request.arguments, &call, progress));
        let outcome = tokio::select! {
            biased;
            () = call.left() => Err(ApiError::ClientGone),
            () = context.ct.cancelled() => Err(ApiError::ClientGone),
            outcome = AssertUnwindSafe(work).catch_unwind() => outcome.unwrap_or_else(|_| {
                Err(anyhow::anyhow!("the tool {} panicked", kind.name()).into())
            }),
        };
        Ok(call.result(outcome).into())
    }
}

/// What came with the request.
fn call_of(context: &RequestContext<RoleServer>) -> Result<Arc<Call>, ErrorData> {
    let parts = context.extensions.get::<Parts>();
    let call = parts.and_then(|parts| parts.extensions.get::<Arc<Call>>());
    call.cloned()
        .ok_or_else(|| ErrorData::internal_error("The request came by no known way.", None))
}

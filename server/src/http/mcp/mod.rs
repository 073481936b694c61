//! The MCP server: tools for programs that speak the Model Context Protocol, over streamable HTTP.
//!
//! `rmcp` speaks the protocol; what a stranger or a client may cost is decided here before a message
//! reaches it:
//!
//! - `key`: who may call at all
//! - `transport`: one HTTP request, its size, its session, and what ends with it
//! - `sessions`: how many, how long
//! - `call`: what one call of a tool holds, and how it is recorded
//! - `tools/`: the tools themselves; `progress`: how far one is
//! - `error`: how a refusal looks

mod call;
pub mod error;
mod key;
mod progress;
mod sessions;
mod tools;
mod transport;

use std::sync::Arc;

use axum::{
    Router, middleware as layers,
    routing::{MethodRouter, any, post},
};
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio_util::sync::CancellationToken;

use self::{sessions::Sessions, tools::Tools};
use super::{AppState, error::ApiError, middleware};
use crate::{limits::Use, snapshot::Current};

/// Largest message of a client.
const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// The MCP server of this process. It is not there unless `mcp.enabled` was set at the start.
pub struct Mcp {
    mount_path: String,
    sessions: Arc<Sessions>,
    service: StreamableHttpService<Tools, Sessions>,
    stop: CancellationToken,
}

impl Mcp {
    /// The path under which it is found.
    pub(super) fn mount_path(&self) -> &str {
        &self.mount_path
    }

    /// `None`: it is switched off.
    #[must_use]
    pub fn new(current: &Current) -> Option<Self> {
        let snapshot = current.load();
        let mcp = &snapshot.settings.config.mcp;
        if !mcp.enabled {
            return None;
        }
        let (stop, sessions) = (
            CancellationToken::new(),
            Arc::new(Sessions::new(current.clone())),
        );
        // Hosts and origins are checked by the layers that pages have, too. Without priming events no
        // client waits to resume an answer: one that hangs up has ended its call.
        let config = StreamableHttpServerConfig::default()
            .disable_allowed_hosts()
            .disable_allowed_origins()
            .with_sse_retry(None)
            .with_max_request_body_bytes(MAX_MESSAGE_BYTES)
            .with_cancellation_token(stop.clone());
        Some(Self {
            mount_path: mcp.mount_path.clone(),
            service: StreamableHttpService::new(|| Ok(Tools), sessions.clone(), config),
            sessions,
            stop,
        })
    }

    /// Whether requests for this path come here.
    #[must_use]
    pub fn is_at(&self, path: &str) -> bool {
        self.mount_path == path.strip_suffix('/').unwrap_or(path)
    }

    /// Sessions that are open, the most that may be, and how often one was refused.
    #[must_use]
    pub fn sessions_in_use(&self) -> Use {
        self.sessions.in_use()
    }

    /// Ends idle sessions until `stop`, and then all of them.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.sessions.end_idle_ones() => {}
        }
        self.stop.cancel();
    }
}

async fn switched_off() -> ApiError {
    let message =
        "The MCP server is switched off. Set `mcp.enabled = true` and start the server anew.";
    ApiError::NotFound(message.to_owned())
}

/// The one route, where the server is switched on, with or without a slash at its end: clients differ.
///
/// Layers, outermost first: `middleware::host` and `middleware::origin`, which keep web pages out,
/// then [`key::layer`].
pub fn routes(state: &AppState) -> Router<AppState> {
    let Some(mcp) = &state.mcp else {
        let mount_path = &state.current.load().settings.config.mcp.mount_path;
        return at(mount_path, any(switched_off));
    };
    let handlers = post(transport::receive).delete(transport::end_session);
    at(&mcp.mount_path, handlers)
        .layer(layers::from_fn(key::layer))
        .layer(layers::from_fn(middleware::origin::layer_for_costly_reads))
        .layer(layers::from_fn_with_state(
            state.clone(),
            middleware::host::layer,
        ))
}

fn at(mount_path: &str, handlers: MethodRouter<AppState>) -> Router<AppState> {
    Router::new()
        .route(mount_path, handlers.clone())
        .route(&format!("{mount_path}/"), handlers)
}

//! Key check of the MCP server. Reads headers only, never a cookie.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{FromRequestParts, Request},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header::WWW_AUTHENTICATE, request::Parts};

use crate::{
    gateway::{Caller, chat::conversations::Scope},
    http::{AppState, error::ApiError, links::Links, middleware},
    media::links::FileLinks,
    record::RequestRecord,
    snapshot::Snapshot,
};

/// Label of the key of `mcp.api_key` that a client presented.
#[derive(Clone, Debug)]
pub(super) struct McpKey(pub(super) Arc<str>);

/// Lets the request pass when it carries a key of `mcp.api_key`. The refusal names the scheme, as
/// clients need it to ask their user for a key.
pub(super) async fn layer(
    Extension(snapshot): Extension<Snapshot>,
    mut request: Request,
    next: Next,
) -> Response {
    let given = middleware::key::presented(request.headers());
    let Some(label) = given.and_then(|given| snapshot.settings.mcp_keys.matching(given)) else {
        return refusal();
    };
    request.extensions_mut().insert(McpKey(label));
    next.run(request).await
}

fn refusal() -> Response {
    let mut response = ApiError::InvalidMcpKey.into_response();
    let scheme = HeaderValue::from_static("Bearer");
    response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
    response
}

/// A client with a valid key.
pub(super) struct McpCaller {
    pub(super) key: McpKey,
    pub(super) caller: Caller,
}

impl FromRequestParts<AppState> for McpCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let extensions = &parts.extensions;
        let key = extensions.get::<McpKey>().cloned();
        let key = key.ok_or(ApiError::InvalidMcpKey)?;
        let (Some(record), Some(snapshot)) = (
            extensions.get::<RequestRecord>(),
            extensions.get::<Snapshot>(),
        ) else {
            return Err(anyhow::anyhow!("the request layer is missing").into());
        };
        // Apart from an API caller whose key reads the same; to the operator's lists it is a key like
        // others.
        let label = format!("mcp:{}", key.0);
        let links = Links::of(parts, &snapshot.settings);
        let paths = state.link_key.paths(&snapshot.settings.config.media);
        let caller = Caller {
            owner: format!("key:{label}"),
            scope: Scope::Own(label.into()),
            record: record.clone(),
            own_address: links.base().into(),
            file_links: FileLinks::new(links.base(), paths),
            snapshot: snapshot.clone(),
        };
        Ok(Self { key, caller })
    }
}

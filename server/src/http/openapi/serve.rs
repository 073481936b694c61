//! The document at its address.

use std::sync::Arc;

use axum::{Extension, Router, response::Response};
use http::{HeaderMap, HeaderValue, header::CACHE_CONTROL};
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{access::Access, common::AnyObject, document::finished, page::Page, written};
use crate::http::{AppState, prepared::Prepared};

/// It changes with the binary.
const SHORTLY: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// The finished document, in the forms in which it is given out.
pub(in crate::http) struct ApiDocument {
    json: Prepared,
    pub(super) page: Page,
}

impl ApiDocument {
    /// Writes the document once for all.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub(in crate::http) fn new(document: &OpenApi) -> serde_json::Result<Self> {
        let mut document = serde_json::to_value(document)?;
        written::finish(&mut document);
        let json = serde_json::to_vec(&document)?;
        Ok(Self {
            page: Page::new(document),
            json: Prepared::new("application/json", json),
        })
    }
}

/// The route of the document, and the finished document, in which it is listed itself.
///
/// # Errors
/// The document cannot be written as JSON.
pub(in crate::http) fn with_itself(
    mut document: OpenApi,
) -> serde_json::Result<(Router<AppState>, Arc<ApiDocument>)> {
    let own = OpenApiRouter::default().routes(routes!(get_document));
    let (own, entry) = Access::Open.noted_on(own).split_for_parts();
    document.merge(entry);
    let document = Arc::new(ApiDocument::new(&finished(document))?);
    Ok((own.layer(Extension(document.clone())), document))
}

#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "Document",
    summary = "Get this document",
    description = "What the API takes and answers, as OpenAPI 3.1; `/docs` shows the same to people.",
    responses(
        (status = 200, description = "The document.", content_type = "application/json", body = AnyObject),
        (status = 304, description = "It has not changed since the answer with this `ETag`."),
    )
)]
async fn get_document(
    Extension(document): Extension<Arc<ApiDocument>>,
    headers: HeaderMap,
) -> Response {
    let caching = [(CACHE_CONTROL, SHORTLY)];
    document.json.answer(&headers, caching).await
}

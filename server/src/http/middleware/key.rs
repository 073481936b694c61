//! API key check for the `/v1` routes. Reads headers only, never a cookie.

use axum::{
    Extension,
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, header::AUTHORIZATION};

use super::host;
use crate::{
    http::{caller::CallerKey, endpoint::Endpoint, error::ApiError},
    record::RequestRecord,
    snapshot::Snapshot,
};

/// Lets the request pass when it carries one of `app.api_key` or of the store's keys, or when there is
/// none at all and no web page of another site sends it. From here on it leaves a record.
pub async fn layer(
    Extension(snapshot): Extension<Snapshot>,
    Extension(record): Extension<RequestRecord>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let route = request.extensions().get::<MatchedPath>();
    let key = if snapshot.is_open() {
        host::check_open(&request, &snapshot)?;
        // What does not exist is a 404, also for a body that is no JSON.
        if let Some(route) = route {
            host::check_media_type(&request, route.as_str())?;
        }
        None
    } else {
        let given = presented(request.headers()).ok_or(ApiError::InvalidApiKey)?;
        Some(
            snapshot
                .matching_key(given)
                .ok_or(ApiError::InvalidApiKey)?,
        )
    };
    let endpoint = Endpoint::of(route.map(MatchedPath::as_str));
    record.identify(endpoint.as_str(), key.clone());
    request.extensions_mut().insert(CallerKey(key));
    Ok(next.run(request).await)
}

/// `Authorization: Bearer <key>`, or `x-api-key: <key>` as Anthropic's clients send it.
pub(in crate::http) fn presented(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| {
        let (scheme, key) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
    });
    bearer.or_else(|| headers.get("x-api-key")?.to_str().ok().map(str::trim))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bearer_scheme_is_case_insensitive_and_required() {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, "bearer  sk-one".parse().unwrap());
        assert_eq!(presented(&headers), Some("sk-one"));
        headers.insert(AUTHORIZATION, "Basic sk-one".parse().unwrap());
        assert_eq!(presented(&headers), None);
    }

    #[test]
    fn the_other_header_serves_where_there_is_no_bearer() {
        let mut headers = HeaderMap::new();
        headers.insert("x-api-key", "sk-two".parse().unwrap());
        assert_eq!(presented(&headers), Some("sk-two"));
        headers.insert(AUTHORIZATION, "Bearer sk-one".parse().unwrap());
        assert_eq!(presented(&headers), Some("sk-one"));
    }
}

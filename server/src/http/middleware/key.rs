//! API key check for the `/v1` routes. Reads headers only, never a cookie.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, header::AUTHORIZATION};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    http::{caller::CallerKey, endpoint::Endpoint, error::ApiError},
    record::RequestRecord,
    snapshot::Snapshot,
};

/// Lets the request pass when it carries one of `app.api_key`, or when none is configured. From
/// here on it leaves a record.
pub async fn layer(
    Extension(snapshot): Extension<Snapshot>,
    Extension(record): Extension<RequestRecord>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let keys = &snapshot.settings.api_keys;
    let key = if keys.is_empty() {
        None
    } else {
        let given = presented(request.headers()).ok_or(ApiError::InvalidApiKey)?;
        Some(matching_key(keys, given).ok_or(ApiError::InvalidApiKey)?)
    };
    let route = request.extensions().get::<MatchedPath>();
    let endpoint = Endpoint::of(route.map(MatchedPath::as_str));
    record.identify(endpoint.as_str(), key.clone());
    request.extensions_mut().insert(CallerKey(key));
    Ok(next.run(request).await)
}

/// `Authorization: Bearer <key>`, or `x-api-key: <key>` as Anthropic's clients send it.
fn presented(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| {
        let (scheme, key) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
    });
    bearer.or_else(|| headers.get("x-api-key")?.to_str().ok().map(str::trim))
}

/// A label for the matching key: the start of its hash, so that rows can be told apart without
/// storing the key. Every configured key is compared, in constant time over the hashes.
fn matching_key(keys: &[SecretString], given: &str) -> Option<Arc<str>> {
    let given = Sha256::digest(given.as_bytes());
    let mut found = None;
    for key in keys {
        let expected = Sha256::digest(key.expose_secret().as_bytes());
        if bool::from(expected.ct_eq(&given)) {
            found = Some(hex_prefix(&expected));
        }
    }
    found
}

fn hex_prefix(hash: &[u8]) -> Arc<str> {
    let mut label = String::from("key-");
    for byte in hash.iter().take(4) {
        label.push_str(&format!("{byte:02x}"));
    }
    label.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(list: &[&str]) -> Vec<SecretString> {
        list.iter()
            .map(|key| SecretString::from((*key).to_owned()))
            .collect()
    }

    #[test]
    fn any_configured_key_opens_the_door_and_others_do_not() {
        let keys = keys(&["sk-one", "sk-two"]);
        assert!(matching_key(&keys, "sk-one").is_some());
        assert_ne!(matching_key(&keys, "sk-one"), matching_key(&keys, "sk-two"));
        assert_eq!(matching_key(&keys, "sk-thr"), None);
        assert_eq!(matching_key(&keys, ""), None);
    }

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

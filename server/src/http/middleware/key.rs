//! API key check for the `/v1` routes. Reads the `Authorization` header only, never a cookie.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, header::AUTHORIZATION};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{http::error::ApiError, state::AppState};

/// Who calls, as far as usage and conversations are concerned.
#[derive(Clone, Debug)]
pub struct CallerKey(pub Option<Arc<str>>);

/// Lets the request pass when it carries one of `app.api_key`, or when none is configured.
pub async fn layer(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let live = state.live.load_full();
    let keys = &live.api_keys;
    let caller = if keys.is_empty() {
        CallerKey(None)
    } else {
        let given = bearer(request.headers()).ok_or(ApiError::InvalidApiKey)?;
        CallerKey(Some(
            matching_key(keys, given).ok_or(ApiError::InvalidApiKey)?,
        ))
    };
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
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
        headers.insert(
            AUTHORIZATION,
            http::HeaderValue::from_static("bearer  sk-one"),
        );
        assert_eq!(bearer(&headers), Some("sk-one"));
        headers.insert(
            AUTHORIZATION,
            http::HeaderValue::from_static("Basic sk-one"),
        );
        assert_eq!(bearer(&headers), None);
    }
}

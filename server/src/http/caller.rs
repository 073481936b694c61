//! Who calls: extractors that handlers name in their signature.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use grok2api_app::error::UiError;
use http::{HeaderMap, request::Parts};
use sha2::{Digest, Sha256};
use tower_sessions::Session;

use super::{AppState, error::ApiError, links::Links};
use crate::{
    gateway::{Caller, chat::conversations::Scope},
    media::links::FileLinks,
    record::RequestRecord,
    snapshot::Snapshot,
};

/// Names a conversation, in requests and in answers.
pub(super) const CONVERSATION_HEADER: &str = "x-conversation-id";

/// Label of the API key, as [`super::middleware::key`] found it. `None`: the API is open.
#[derive(Clone, Debug)]
pub struct CallerKey(pub Option<Arc<str>>);

/// A caller with a valid API key, or any where none is configured.
pub struct ApiCaller(pub Caller);

impl FromRequestParts<AppState> for ApiCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let key = parts.extensions.get::<CallerKey>();
        let key = key.ok_or(ApiError::InvalidApiKey)?.0.clone();
        let owner = match &key {
            Some(label) => format!("key:{label}"),
            None => "open".to_owned(),
        };
        let scope = key.map_or(Scope::Shared, Scope::Own);
        caller(parts, state, (scope, owner)).map(Self)
    }
}

/// A visitor of the public pages, in the browser that asks.
pub struct PublicCaller(pub Caller);

impl PublicCaller {
    /// Checks once more, later in the same request: the session, or the demo, which is open to all, may
    /// have ended.
    ///
    /// # Errors
    /// As when the request came, and where the store does not answer.
    pub(super) async fn check_again(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        // What was read of the session when the request came is read again.
        if let Some(session) = parts.extensions.get::<Session>()
            && session.id().is_some()
        {
            session.load().await.map_err(anyhow::Error::from)?;
        }
        Self::from_request_parts(parts, state).await
    }
}

impl FromRequestParts<AppState> for PublicCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let visitor = state.auth.require_visitor(parts).await.map_err(refusal)?;
        let session = parts.extensions.get::<Session>().and_then(Session::id);
        let scope = session.map_or(Scope::Shared, session_scope);
        let mut caller = caller(parts, state, (scope, visitor.owner().to_owned()))?;
        // A page shows pictures of its own origin only, which it need not know the name of.
        let media = &caller.snapshot.settings.config.media;
        caller.file_links = FileLinks::new("", state.link_key.paths(media));
        Ok(Self(caller))
    }
}

/// The scope of a browser. Its session id is a secret, so the scope has a hash of it.
fn session_scope(id: tower_sessions::session::Id) -> Scope {
    let hash = Sha256::digest(id.to_string());
    Scope::Own(format!("session-{hash:x}").into())
}

/// What the outermost layer put into the request.
fn caller(
    parts: &Parts,
    state: &AppState,
    (scope, owner): (Scope, String),
) -> Result<Caller, ApiError> {
    let extensions = &parts.extensions;
    let (Some(record), Some(snapshot)) = (
        extensions.get::<RequestRecord>(),
        extensions.get::<Snapshot>(),
    ) else {
        return Err(anyhow::anyhow!("the request layer is missing").into());
    };
    let links = Links::of(parts, &snapshot.settings);
    let paths = state.link_key.paths(&snapshot.settings.config.media);
    Ok(Caller {
        scope,
        owner,
        record: record.clone(),
        own_address: links.base().into(),
        file_links: FileLinks::new(links.base(), paths),
        snapshot: snapshot.clone(),
    })
}

fn refusal(error: UiError) -> ApiError {
    match error {
        UiError::SignInRequired => ApiError::SignInRequired,
        other => anyhow::anyhow!("{other}").into(),
    }
}

/// The header form of `conversation_id`, for clients that cannot add a field to the body.
///
/// # Errors
/// It is no conversation id.
pub fn conversation_header(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get(CONVERSATION_HEADER) else {
        return Ok(None);
    };
    let id = value.to_str().unwrap_or_default();
    openai::chat::check_conversation_id(id, CONVERSATION_HEADER)?;
    Ok(Some(id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browsers_scope_does_not_tell_its_session_id() {
        let (id, other) = (
            tower_sessions::session::Id(4711),
            tower_sessions::session::Id(4712),
        );
        let scope = format!("{:?}", session_scope(id));
        assert!(
            !scope.contains(&id.to_string()) && !scope.contains("4711"),
            "{scope}"
        );
        assert_ne!(session_scope(id), session_scope(other));
        assert_eq!(session_scope(id), session_scope(id));
    }
}

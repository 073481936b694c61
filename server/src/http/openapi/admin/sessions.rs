//! Conversations that callers can go on with (`server/src/http/admin/sessions.rs`).

use utoipa::{IntoParams, ToSchema};

use crate::http::openapi::common::{ListWord, SuccessWord};

/// Which conversations.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct SessionQuery {
    /// Conversations of the page.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<u32>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// Which conversation.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::http) struct NamedSession {
    /// As Grok named it.
    conversation_id: String,
}

/// A conversation. Times are unix milliseconds.
#[derive(ToSchema)]
pub(super) struct Session {
    conversation_id: String,
    /// The id of the account that has it.
    account: String,
    /// The caller's label in records; `null` for strangers whom nothing tells apart.
    #[schema(required)]
    caller: Option<String>,
    answers: u32,
    created_at: i64,
    updated_at: i64,
    /// From when on it is forgotten, unless it goes on.
    expires_at: i64,
}

/// A page of conversations.
#[derive(ToSchema)]
pub(in crate::http) struct SessionList {
    #[schema(inline)]
    object: ListWord,
    data: Vec<Session>,
    has_more: bool,
    /// What `after` takes for the next page.
    #[schema(required)]
    next: Option<String>,
}

/// It is deleted.
#[derive(ToSchema)]
pub(in crate::http) struct DeletedSession {
    #[schema(inline)]
    status: SuccessWord,
    conversation_id: String,
}

/// How far deleting all came.
#[derive(ToSchema)]
pub(in crate::http) struct ClearedSessions {
    status: ClearStatus,
    deleted: u64,
}

/// Whether all are deleted.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum ClearStatus {
    Success,
    /// It took too long: call it again.
    Partial,
}

//! What the operator's programs call (`docs/admin-api.md`).

#![expect(
    dead_code,
    reason = "shapes are read by the derive and never constructed"
)]

pub(in crate::http) mod accounts;
pub(in crate::http) mod jobs;
pub(in crate::http) mod sessions;

use utoipa::ToSchema;

use super::common::SuccessWord;

/// It is done.
#[derive(ToSchema)]
pub(in crate::http) struct Success {
    #[schema(inline)]
    status: SuccessWord,
}

/// The store of this server.
#[derive(ToSchema)]
pub(in crate::http) struct Storage {
    /// `local`, `redis`, `mysql` or `pgsql`.
    #[schema(rename = "type")]
    kind: String,
    is_ok: bool,
    latency_ms: u64,
    /// Of the server.
    version: String,
}

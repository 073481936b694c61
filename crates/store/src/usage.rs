//! What is kept of each answered request.

use async_trait::async_trait;

use crate::StoreError;

/// One answered request. It holds no prompt, no answer and no credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageRow {
    /// Unique; made by the caller. Ascending ids (UUID v7) are several times cheaper to store.
    pub id: String,
    /// When the answer ended, unix milliseconds.
    pub at_ms: i64,
    /// The account that answered.
    pub account_id: String,
    /// Id (never the secret) of the client key, if the caller used one.
    pub client_key: Option<String>,
    /// Model name as in the request.
    pub model: String,
    /// Route, for example `/v1/chat/completions`.
    pub endpoint: String,
    /// Whether the answer was streamed.
    pub stream: bool,
    /// HTTP status of the answer.
    pub status: u16,
    /// `error.code` of the answer, if it failed.
    pub error_code: Option<String>,
    /// Model tokens of the prompt.
    pub prompt_tokens: u64,
    /// Model tokens of the answer, thinking included.
    pub completion_tokens: u64,
    /// Of these, model tokens of thinking.
    pub reasoning_tokens: u64,
    /// Whether the three counts are our estimate.
    pub estimated: bool,
    /// Quota taken from the account.
    pub cost: u32,
    /// Milliseconds to the first token, if there was one.
    pub ttft_ms: Option<u64>,
    /// Milliseconds from request to end of answer.
    pub duration_ms: u64,
}

/// Reads usage. Rows are written by [`RecordStore::commit`](crate::RecordStore::commit).
#[async_trait]
pub trait UsageStore: Send + Sync {
    /// Number of rows.
    async fn count_usage(&self) -> Result<u64, StoreError>;

    /// The newest `limit` rows, newest first.
    async fn recent_usage(&self, limit: u32) -> Result<Vec<UsageRow>, StoreError>;
}

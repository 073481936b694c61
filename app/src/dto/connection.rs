//! How callers of the API reach this server.

use super::ModelOption;
use serde::{Deserialize, Serialize};

/// What a client has to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// What addresses begin with, without a slash at the end: `app.app_url`, else as this request came.
    pub base: String,
    /// The operator has set it.
    pub is_configured: bool,
    /// No key is set at all: whoever reaches the API may use it.
    pub is_open: bool,
    /// Path of the MCP server; `None`: switched off.
    pub mcp_path: Option<String>,
    /// The chat models, in the order in which pages offer them.
    pub models: Vec<ModelOption>,
}

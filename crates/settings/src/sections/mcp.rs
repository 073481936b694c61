//! `[mcp]`: tools for programs that speak the Model Context Protocol.

use secrecy::SecretString;

use crate::declare::{Reason, section};
use crate::values::Text;

section! {
    /// `[mcp]`: the MCP server.
    McpConfig {
        /// Whether programs that speak the Model Context Protocol find tools here (`docs/mcp.md`).
        /// Needs mcp.api_key.
        enabled: bool = false, (), restart, check(require_key);
        /// Its path on this server, for example "/mcp".
        mount_path: String = "/mcp".to_owned(), Text::MountPath, restart;
        /// Keys that MCP clients present as `Authorization: Bearer …`: one text, several separated
        /// by commas, or a list. Keys of app.api_key do not open it, and these open nothing else.
        api_key: Vec<SecretString> = Vec::new(), ();
        /// Sessions at the same time. Where all are taken, the longest idle one of the same key gives way to
        /// a new one; more are refused.
        max_sessions: u32 = 100, 1..=10_000;
        /// A session without a message for this long ends, in seconds; its client begins a new one.
        session_idle_secs: u64 = 3600, 1..=604_800;
        /// Calls of tools under way at the same time in one session; more are refused.
        session_calls: u32 = 8, 1..=1000;
    }
}

fn require_key(mcp: &McpConfig) -> Result<(), Reason> {
    if mcp.enabled && mcp.api_key.is_empty() {
        return Err(
            "needs a key: set mcp.api_key to one that MCP clients present, or switch mcp.enabled off",
        );
    }
    Ok(())
}

//! The sections: one struct each, declared with the default and the range of every field.
//!
//! Keys, defaults and meanings follow `docs/upstream-protocol.md` 7.5 and `docs/requirements.md`
//! 2.18; where this project's default differs, the field says so.

mod app;
mod batch;
mod mcp;
mod media;
mod media_store;
mod pool;
mod records;
mod server;
mod upstream;

pub use app::AppConfig;
pub use batch::{AssetConfig, NsfwConfig, UsageConfig};
pub use mcp::McpConfig;
pub use media::{
    CacheConfig, ChatConfig, ImageConfig, ImagineFastConfig, VideoConfig, VoiceConfig,
};
pub use media_store::{FilesConfig, MediaConfig};
pub use pool::{AccountConfig, RetryConfig, TokenConfig};
pub use records::{ApiKeysConfig, ConversationConfig, LogsConfig, ResponsesConfig, StatsConfig};
pub use server::ServerConfig;
pub use upstream::{ProxyConfig, UpstreamConfig};

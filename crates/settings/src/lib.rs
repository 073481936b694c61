//! Configuration: built-in defaults → `<DATA_DIR>/config.toml` → environment.
//!
//! - One struct per section (`sections/`); every field states its meaning, unit, default and range
//!   in one place, from which reading, checking, hiding of secrets and the commented file follow.
//! - [`load`] reads at a start, [`reload`] in a running process, [`diff`] says what has changed.
//! - All mistakes are reported at once: key, value, what is allowed, and the file line or variable.
//! - A key that nothing reads yet, or that an older release knew, gives a warning.
//! - Secrets never appear in `Debug`, errors or warnings.
//!
//! `README.md` of this crate shows how to add a key.

mod choices;
mod declare;
mod demo;
mod diff;
mod env;
mod file;
mod layers;
mod load;
mod models;
mod old;
mod problem;
mod sections;
mod suggest;
#[cfg(test)]
mod template;
#[cfg(test)]
mod tests;
mod values;

pub use choices::{
    Effort, FastFormat, ImageFormat, ModelKind, ModelTier, StorageType, ThinkingFormat,
    UpstreamProtocol, VideoFormat,
};
pub use diff::{ChangedKey, diff};
pub use file::{CONFIG_FILE, FileError, blank_app_key, open_to_visitors};
pub use load::{Loaded, environment, load, reload};
pub use models::ModelConfig;
pub use problem::ConfigErrors;
pub use sections::*;
pub use values::Limit;

use declare::{Section, sections};

sections! {
    /// The whole configuration. Every value is within its range.
    Config {
        /// The public service: keys, formats, defaults of requests.
        app: AppConfig,
        /// Where this server listens and where it keeps its data.
        server: ServerConfig,
        /// Addresses of the upstream.
        upstream: UpstreamConfig,
        /// How the upstream is reached and what browser it sees.
        proxy: ProxyConfig,
        /// Tries and delays when the upstream fails.
        retry: RetryConfig,
        /// The account pool: refresh, cooldowns, expiry.
        token: TokenConfig,
        /// Where generated files are kept.
        media: MediaConfig,
        /// How much of them is kept.
        cache: CacheConfig,
        /// Files that callers upload. They lie where generated files do (`media.url`).
        files: FilesConfig,
        /// Chat.
        chat: ChatConfig,
        /// Image generation.
        image: ImageConfig,
        /// Defaults of the fast image model of the chat endpoint.
        imagine_fast: ImagineFastConfig,
        /// Video generation.
        video: VideoConfig,
        /// Voice mode.
        voice: VoiceConfig,
        /// Uploads, downloads and listings of the upstream's assets.
        asset: AssetConfig,
        /// The batch that switches an account setting.
        nsfw: NsfwConfig,
        /// Quota queries.
        usage: UsageConfig,
        /// Running conversations and the account each belongs to.
        conversation: ConversationConfig,
        /// Answers that callers may read again and go on from.
        responses: ResponsesConfig,
        /// Sums of the request records, kept by age.
        stats: StatsConfig,
        /// Request records, kept by age and size.
        logs: LogsConfig,
        /// Keys of API callers.
        api_keys: ApiKeysConfig,
        /// Tools for MCP clients.
        mcp: McpConfig,
        /// What operators state about their accounts.
        account: AccountConfig,
    }
}

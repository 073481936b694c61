//! The configuration for the demo, where the built-in simulator stands in for the upstream.

use secrecy::SecretString;
use url::Url;

use crate::{
    AccountConfig, AppConfig, Config, McpConfig, MediaConfig, ProxyConfig, ServerConfig,
    UpstreamConfig, UpstreamProtocol,
};

impl Config {
    /// This configuration with the simulator at `web_url` as its only upstream.
    ///
    /// Built from the defaults plus what is listed here, so that nothing made for the real upstream
    /// (proxies, cookies, addresses, personal data) reaches the demo. The sections that may hold
    /// such things are written out key by key: a new key does not compile until it is decided here.
    /// The others are taken whole; a test says that they hold neither secrets nor addresses.
    #[must_use]
    pub fn for_demo(&self, web_url: Url) -> Self {
        let own = self.clone();
        Self {
            app: app(own.app),
            server: server(own.server),
            upstream: upstream(web_url, own.upstream.allow_private_fetch),
            proxy: ProxyConfig::default(),
            account: AccountConfig::default(),
            retry: own.retry,
            token: own.token,
            media: media(&own.media),
            cache: own.cache,
            files: own.files,
            chat: own.chat,
            image: own.image,
            imagine_fast: own.imagine_fast,
            video: own.video,
            voice: own.voice,
            asset: own.asset,
            nsfw: own.nsfw,
            usage: own.usage,
            conversation: own.conversation,
            responses: own.responses,
            stats: own.stats,
            logs: own.logs,
            api_keys: own.api_keys,
            mcp: mcp(own.mcp),
            models: own.models,
        }
    }
}

/// Who may call this server stays as it is, and so does the form of answers.
fn app(own: AppConfig) -> AppConfig {
    AppConfig {
        app_url: own.app_url,
        app_key: SecretString::default(),
        api_key: own.api_key,
        public_enabled: own.public_enabled,
        public_key: own.public_key,
        session_secret: SecretString::default(),
        admin_session_ttl_hours: own.admin_session_ttl_hours,
        public_session_ttl_hours: own.public_session_ttl_hours,
        image_format: own.image_format,
        video_format: own.video_format,
        temporary: own.temporary,
        disable_memory: own.disable_memory,
        stream: own.stream,
        thinking: own.thinking,
        thinking_format: own.thinking_format,
        dynamic_statsig: own.dynamic_statsig,
        custom_instruction: own.custom_instruction,
        filter_tags: own.filter_tags,
    }
}

/// As with `[app]`: who may call this server stays as it is.
fn mcp(own: McpConfig) -> McpConfig {
    McpConfig {
        enabled: own.enabled,
        mount_path: own.mount_path,
        api_key: own.api_key,
        max_sessions: own.max_sessions,
        session_idle_secs: own.session_idle_secs,
        session_calls: own.session_calls,
    }
}

/// What the demo makes stays on this machine.
fn media(own: &MediaConfig) -> MediaConfig {
    MediaConfig {
        signed_links: own.signed_links,
        link_lifetime: own.link_lifetime,
        ..MediaConfig::default()
    }
}

fn server(own: ServerConfig) -> ServerConfig {
    ServerConfig {
        host: own.host,
        port: own.port,
        drain_secs: own.drain_secs,
        workers: own.workers,
        trusted_proxies: own.trusted_proxies,
        allowed_hosts: own.allowed_hosts,
        max_connections: own.max_connections,
        max_connections_per_address: own.max_connections_per_address,
        max_http2_answers: own.max_http2_answers,
        header_timeout_secs: own.header_timeout_secs,
        body_timeout_secs: own.body_timeout_secs,
        send_timeout_secs: own.send_timeout_secs,
        max_body_mb: own.max_body_mb,
        bodies_in_memory_mb: own.bodies_in_memory_mb,
        log_level: own.log_level,
        storage_type: own.storage_type,
        storage_url: String::new(),
    }
}

/// Every address is the simulator's.
fn upstream(web_url: Url, allow_private_fetch: bool) -> UpstreamConfig {
    let mut web_socket = web_url.clone();
    let scheme = if web_url.scheme() == "https" {
        "wss"
    } else {
        "ws"
    };
    // An http address always takes these schemes; another one stays as it is, and is the
    // simulator's all the same.
    let _ = web_socket.set_scheme(scheme);
    UpstreamConfig {
        assets_url: web_url.clone(),
        accounts_url: web_url.clone(),
        livekit_url: web_socket.clone(),
        ws_url: Some(web_socket),
        web_url,
        protocol: UpstreamProtocol::Auto,
        allow_private_fetch,
    }
}

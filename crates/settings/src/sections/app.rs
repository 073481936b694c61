//! `[app]`: keys, formats and defaults of requests.

use secrecy::{ExposeSecret, SecretString};

use crate::choices::{ImageFormat, ThinkingFormat, VideoFormat};
use crate::declare::{Reason, section};
use crate::values::{Text, Texts};

section! {
    /// `[app]`: the public service.
    AppConfig {
        /// The address at which people reach this server, for links to files and for the
        /// same-origin check of the pages. Empty = taken from each request.
        /// With https:// the session's cookie is kept off unencrypted connections.
        app_url: String = String::new(), Text::HttpUrl, restart;
        /// Admin password. It is stored as a hash at the next start and blanked here. The same
        /// value is not adopted twice: it does not undo a password that was changed since.
        /// The old default "grok2api" is refused. Better: `grok2api admin set-password`.
        app_key: SecretString = SecretString::default(), (), restart, check(refuse_old_password);
        /// Keys that API callers present as `Authorization: Bearer …`: one text, several separated
        /// by commas, or a list. Empty = open, which is only accepted on a loopback address.
        api_key: Vec<SecretString> = Vec::new(), ();
        /// Whether visitors may use the public pages.
        public_enabled: bool = false, ();
        /// Key that visitors type in; empty = none needed.
        public_key: SecretString = SecretString::default(), ();
        /// Accepted from older files. Sessions are random ids kept in the store; nothing is signed.
        session_secret: SecretString = SecretString::default(), (), reserved;
        /// Absolute lifetime of an admin session, in hours.
        admin_session_ttl_hours: u32 = 24, 1..=8760;
        /// Absolute lifetime of a visitor's session, in hours.
        public_session_ttl_hours: u32 = 24, 1..=8760;
        /// How generated images are returned where a request does not say.
        image_format: ImageFormat = ImageFormat::Url, ();
        /// How the chat endpoint returns generated videos.
        video_format: VideoFormat = VideoFormat::Html, ();
        /// Temporary chats: the upstream keeps no history.
        temporary: bool = true, ();
        /// The upstream's memory across chats is not used.
        disable_memory: bool = true, ();
        /// Whether a request without `stream` is streamed. OpenAI's API answers at once, so does
        /// this server; older releases streamed (true).
        stream: bool = false, ();
        /// Whether thinking is shown to callers that do not choose a reasoning effort.
        thinking: bool = true, ();
        /// Where thinking goes: "reasoning_content" (a field of its own) or "think_tags" (inside
        /// the answer between <think> and </think>, as in older releases).
        thinking_format: ThinkingFormat = ThinkingFormat::ReasoningContent, ();
        /// A fresh `x-statsig-id` for every upstream call instead of the fixed one.
        dynamic_statsig: bool = true, ();
        /// Standing instruction for every chat; empty = none.
        custom_instruction: String = String::new(), Text::Any;
        /// Elements removed from answers.
        filter_tags: Vec<String> = default_filter_tags(), Texts::Any;
    }
}

fn default_filter_tags() -> Vec<String> {
    ["xaiartifact", "xai:tool_usage_card", "grok:render"]
        .map(str::to_owned)
        .to_vec()
}

/// The default password of older releases; refused (`requirements.md` 1.4).
const OLD_PASSWORD: &str = "grok2api";

fn refuse_old_password(app: &AppConfig) -> Result<(), Reason> {
    if app.app_key.expose_secret() == OLD_PASSWORD {
        return Err("is the published default of older releases; choose another password");
    }
    Ok(())
}

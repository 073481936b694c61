//! `[upstream]` and `[proxy]`: where the upstream is and how it is reached.

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::choices::UpstreamProtocol;
use crate::declare::section;
use crate::values::Text;

const HTTP: &[&str] = &["https", "http"];
const WEB_SOCKET: &[&str] = &["wss", "ws"];
/// Of the browser profile `chrome136`. Source: `docs/upstream-protocol.md` 1.6.
const USER_AGENT: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 \
                          (KHTML, like Gecko) Chrome/136.0.0.0 Safari/537.36";

section! {
    /// `[upstream]`: base addresses. `Origin` and `Referer` are built from them.
    UpstreamConfig {
        /// The web app.
        web_url: Url = address("https://grok.com"), HTTP;
        /// Uploaded and generated files.
        assets_url: Url = address("https://assets.grok.com"), HTTP;
        /// Where accounts agree to the terms of use.
        accounts_url: Url = address("https://accounts.x.ai"), HTTP;
        /// The server of voice rooms; browsers connect to it themselves.
        livekit_url: Url = address("wss://livekit.grok.com"), WEB_SOCKET;
        /// WebSockets; empty = derived from web_url.
        ws_url: Option<Url> = None, WEB_SOCKET, reserved;
        /// Which year's forms of the upstream's calls are used. auto: today's, and the older ones
        /// where only those are answered.
        protocol: UpstreamProtocol = UpstreamProtocol::Auto, ();
        /// Whether files named by a caller's URL may be fetched from private addresses. Keep it off
        /// unless every caller is trusted.
        allow_private_fetch: bool = false, ();
    }
}

section! {
    /// `[proxy]`: the way out and the browser that the upstream sees. The clearance cookies, the
    /// user agent, the browser profile and the exit address must belong together.
    ProxyConfig {
        /// Proxy for everything; http, https, socks4, socks4a, socks5 or socks5h. Empty = none.
        base_proxy_url: String = String::new(), Text::Proxy;
        /// Proxy for uploads, downloads and asset lists; empty = base_proxy_url.
        asset_proxy_url: String = String::new(), Text::Proxy;
        /// Address of a list of proxies, one a line; empty = none. Each account stays on one of them
        /// while that works. They come before base_proxy_url, which serves while the list has none.
        pool_url: String = String::new(), Text::Address;
        /// Seconds between two readings of that list.
        pool_refresh_sec: u64 = 300, 10..=86_400;
        /// Refusals in a row by the upstream's bot protection after which a proxy is set aside for a
        /// while.
        pool_403_max: u32 = 5, 1..=1000;
        /// Cookies of a browser that has passed the upstream's check, as `name=value; name=value`.
        cf_cookies: SecretString = SecretString::default(), ();
        /// Value of the cookie cf_clearance; wins over the one in cf_cookies.
        cf_clearance: SecretString = SecretString::default(), ();
        /// Refusals in a row by the upstream's bot protection, on whatever accounts, after which
        /// requests fail at once for a while.
        clearance_failures: u32 = 3, 1..=1000;
        /// Seconds of that pause; it doubles with each try that is refused.
        clearance_pause: Duration = Duration::from_secs(10), 1..=600;
        /// Seconds of the longest such pause.
        clearance_longest_pause: Duration = Duration::from_secs(60), 1..=3600;
        /// Accept any certificate from an https proxy; the upstream's own is always checked.
        skip_proxy_ssl_verify: bool = false, ();
        /// Browser profile.
        browser: String = "chrome136".to_owned(), Text::Header;
        /// User agent of that browser.
        user_agent: String = USER_AGENT.to_owned(), Text::Header;
    }
}

#[expect(
    clippy::expect_used,
    reason = "the addresses are constants; a test builds the value"
)]
fn address(text: &str) -> Url {
    Url::parse(text).expect("a valid constant")
}

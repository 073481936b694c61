//! What the operator decides about the upstream.

use std::fmt;
use std::time::Duration;

use url::Url;

use crate::protocol::Protocol;

/// Addresses, browser identity and proxies of the upstream client.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// Web app: REST calls; `Origin` and `Referer` are built from it.
    pub web_url: Url,
    /// Uploaded and generated files. It gets an account's cookies.
    pub assets_url: Url,
    /// Where an account's holder agrees to the terms. It gets the account's cookies.
    pub accounts_url: Url,
    /// Must belong to the same browser as the clearance cookies.
    pub user_agent: String,
    /// Profile name such as `chrome136`; decides the client hints.
    pub browser: String,
    /// Cloudflare cookies as a browser sends them; may be empty.
    pub cf_cookies: String,
    /// Value of `cf_clearance`; wins over the one in `cf_cookies`; may be empty.
    pub cf_clearance: String,
    /// http, https, socks4, socks4a, socks5 or socks5h; empty = direct.
    pub base_proxy_url: String,
    /// For uploads; empty = `base_proxy_url`.
    pub asset_proxy_url: String,
    /// Where the list of proxies comes from; empty = there is none. The list itself is set with
    /// [`crate::Client::set_proxies`]; the address tells one list from another.
    pub proxy_list: String,
    /// Refusals in a row by the upstream's bot protection that set a proxy of the list aside.
    pub proxy_refusals: u32,
    /// Statuses after which the next call opens fresh connections, besides a refusal by the bot
    /// protection.
    pub renew_statuses: Vec<u16>,
    /// Skips the certificate check of an https proxy; the target is always checked.
    pub skip_proxy_ssl_verify: bool,
    /// A random `x-statsig-id` for every call instead of the fixed one.
    pub dynamic_statsig: bool,
    pub connect_timeout: Duration,
    /// Which year's forms of the calls are used.
    pub protocol: Protocol,
}

/// A setting that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    #[error("`{key}` must be an http or https address with a host")]
    Address { key: &'static str },
    #[error("`{key}` is not a proxy address; use http, https, socks4, socks4a, socks5 or socks5h")]
    Proxy { key: &'static str },
    #[error("`{key}` holds characters that no header may carry")]
    Header { key: &'static str },
    #[error("TLS could not be set up: {reason}")]
    Tls { reason: String },
    #[error("the HTTP client could not be set up: {reason}")]
    Client { reason: String },
}

const DEFAULT_USER_AGENT: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/136.0.0.0 Safari/537.36";

/// Long enough for a slow proxy, short enough to try another account.
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

impl Default for Settings {
    #[expect(
        clippy::expect_used,
        reason = "the addresses are constants; a test builds the value"
    )]
    fn default() -> Self {
        Self {
            web_url: Url::parse("https://grok.com").expect("a valid constant"),
            assets_url: Url::parse("https://assets.grok.com").expect("a valid constant"),
            accounts_url: Url::parse("https://accounts.x.ai").expect("a valid constant"),
            user_agent: DEFAULT_USER_AGENT.to_owned(),
            browser: "chrome136".to_owned(),
            cf_cookies: String::new(),
            cf_clearance: String::new(),
            base_proxy_url: String::new(),
            asset_proxy_url: String::new(),
            proxy_list: String::new(),
            proxy_refusals: 5,
            renew_statuses: vec![403],
            skip_proxy_ssl_verify: false,
            dynamic_statsig: true,
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            protocol: Protocol::Auto,
        }
    }
}

impl Settings {
    /// The proxy of asset traffic.
    pub(crate) fn asset_proxy(&self) -> &str {
        let own = self.asset_proxy_url.trim();
        if own.is_empty() {
            self.base_proxy()
        } else {
            own
        }
    }

    /// The proxy of everything else.
    pub(crate) fn base_proxy(&self) -> &str {
        self.base_proxy_url.trim()
    }

    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        let addresses = [
            (&self.web_url, "upstream.web_url"),
            (&self.assets_url, "upstream.assets_url"),
            (&self.accounts_url, "upstream.accounts_url"),
        ];
        for (url, key) in addresses {
            if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
                return Err(SettingsError::Address { key });
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Cookies and proxy passwords stay out of logs.
        formatter
            .debug_struct("Settings")
            .field("web_url", &self.web_url.as_str())
            .field("assets_url", &self.assets_url.as_str())
            .field("accounts_url", &self.accounts_url.as_str())
            .field("browser", &self.browser)
            .field("has_cf_cookies", &!self.cf_cookies.is_empty())
            .field("has_cf_clearance", &!self.cf_clearance.is_empty())
            .field("has_base_proxy", &!self.base_proxy().is_empty())
            .field("has_asset_proxy", &!self.asset_proxy().is_empty())
            .field("has_proxy_list", &!self.proxy_list.is_empty())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_asset_proxy_falls_back_to_the_base_proxy() {
        let mut settings = Settings {
            base_proxy_url: " http://a:1 ".to_owned(),
            ..Settings::default()
        };
        assert_eq!(settings.asset_proxy(), "http://a:1");
        settings.asset_proxy_url = "http://b:2".to_owned();
        assert_eq!(
            (settings.base_proxy(), settings.asset_proxy()),
            ("http://a:1", "http://b:2")
        );
    }

    #[test]
    fn the_address_must_be_http() {
        let check = |web_url: &str| {
            let settings = Settings {
                web_url: Url::parse(web_url).unwrap(),
                ..Settings::default()
            };
            settings.check()
        };
        let refused = SettingsError::Address {
            key: "upstream.web_url",
        };
        assert_eq!(check("https://grok.com"), Ok(()));
        assert_eq!(check("http://localhost:1/x"), Ok(()));
        for bad in ["ftp://x", "file:///x"] {
            assert_eq!(check(bad), Err(refused.clone()), "{bad}");
        }
    }

    #[test]
    fn debug_output_holds_no_secret() {
        let settings = Settings {
            cf_clearance: "planted1".to_owned(),
            cf_cookies: "a=planted2".to_owned(),
            base_proxy_url: "http://user:planted3@proxy".to_owned(),
            proxy_list: "http://list.test/?key=planted4".to_owned(),
            ..Settings::default()
        };
        let shown = format!("{settings:?}");
        assert!(!shown.contains("planted"));
        assert_eq!(
            shown,
            "Settings { web_url: \"https://grok.com/\", assets_url: \"https://assets.grok.com/\", \
             accounts_url: \"https://accounts.x.ai/\", \
             browser: \"chrome136\", has_cf_cookies: true, has_cf_clearance: true, has_base_proxy: true, has_asset_proxy: true, \
             has_proxy_list: true, .. }"
        );
        let none = format!("{:?}", Settings::default());
        assert!(none.matches(": false").count() == 5, "{none}");
    }
}

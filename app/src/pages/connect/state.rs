//! What the parts of the page share.

use super::snippet::Values;
use crate::{dom, dto::Connection};
use leptos::prelude::*;

/// Stands for a key that is not shown.
const KEY_TO_FILL_IN: &str = "YOUR_API_KEY";
/// Clients want a key also where the server does not.
const ANY_KEY: &str = "sk-anything";
/// Where no model is configured.
const NO_MODEL: &str = "grok-4";
const MCP_PATH: &str = "/mcp";

/// Address, key and model.
#[derive(Clone, Copy)]
pub(super) struct Setup {
    pub(super) connection: StoredValue<Connection>,
    /// Under which clients reach the server, without a slash at the end.
    pub(super) base: RwSignal<String>,
    /// Under which the browser has opened the page; empty before it has said so.
    pub(super) opened: RwSignal<String>,
    /// As typed. In memory alone.
    pub(super) key: RwSignal<String>,
    /// The key may be seen.
    pub(super) is_shown: RwSignal<bool>,
    pub(super) model: RwSignal<String>,
}

impl Setup {
    /// Server-side rendering: with the address that the server knows; the browser's own follows.
    pub(super) fn new(connection: Connection) -> Self {
        let models = &connection.models;
        let served = models.iter().find(|model| model.is_served);
        let model = served.or_else(|| models.first());
        let model = model.map_or_else(|| NO_MODEL.to_owned(), |model| model.id.clone());
        let base = RwSignal::new(connection.base.clone());
        let opened = RwSignal::new(String::new());
        let is_configured = connection.is_configured;
        // A proxy with TLS that the server does not trust: the browser knows better.
        Effect::new(move || {
            opened.set(dom::origin());
            if !is_configured {
                base.set(dom::origin());
            }
        });
        Self {
            connection: StoredValue::new(connection),
            base,
            opened,
            key: RwSignal::new(String::new()),
            is_shown: RwSignal::new(false),
            model: RwSignal::new(model),
        }
    }

    pub(super) fn is_open(self) -> bool {
        self.connection.with_value(|connection| connection.is_open)
    }

    /// The key that was typed, without what a copy brings along. Empty: none.
    pub(super) fn typed_key(self) -> String {
        self.key.with(|key| {
            let key = key.trim().chars().filter(|c| !c.is_control());
            key.collect()
        })
    }

    /// The key of the snippets.
    fn shown_key(self) -> String {
        let typed = self.typed_key();
        match (self.is_shown.get() && !typed.is_empty(), self.is_open()) {
            (true, _) => typed,
            (false, true) => ANY_KEY.to_owned(),
            (false, false) => KEY_TO_FILL_IN.to_owned(),
        }
    }

    /// What the snippets are filled with. Reactive.
    pub(super) fn values(self) -> Values {
        let mcp_path = self
            .connection
            .with_value(|connection| connection.mcp_path.clone());
        Values {
            base: self.base.get(),
            key: self.shown_key(),
            model: self.model.get(),
            mcp_path: mcp_path.unwrap_or_else(|| MCP_PATH.to_owned()),
        }
    }

    /// The page was opened under another address than clients use. Reactive.
    pub(super) fn is_elsewhere(self) -> bool {
        let opened = self.opened.get();
        !opened.is_empty() && self.base.with(|base| origin(base) != opened)
    }
}

/// Scheme, host and port of an address.
fn origin(address: &str) -> &str {
    let scheme = address.find("://").map_or(0, |at| at + 3);
    let path = address.get(scheme..).and_then(|rest| rest.find('/'));
    path.and_then(|at| address.get(..scheme + at))
        .unwrap_or(address)
}

/// The host of an address, without port and brackets.
pub(super) fn host(address: &str) -> &str {
    let origin = origin(address);
    let authority = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    if let Some((host, _)) = authority
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        return host;
    }
    authority.split(':').next().unwrap_or_default()
}

/// Only programs on the same machine reach it.
pub(super) fn is_loopback(address: &str) -> bool {
    let host = host(address);
    host == "localhost"
        || host.ends_with(".localhost")
        || host
            .parse()
            .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

/// Servers elsewhere may reach it, with TLS.
pub(super) fn is_public_https(address: &str) -> bool {
    let host = host(address);
    let is_private = match host.parse() {
        Ok(std::net::IpAddr::V4(ip)) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
        Ok(std::net::IpAddr::V6(ip)) => {
            ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local()
        }
        Err(_) => {
            let is_inside = |end: &str| host.ends_with(end);
            !host.contains('.')
                || [".local", ".localhost", ".internal", ".lan", ".home.arpa"]
                    .into_iter()
                    .any(is_inside)
        }
    };
    address.starts_with("https://") && !is_private
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_addresses_are_known_in_every_form() {
        for origin in [
            "http://127.0.0.1:8000",
            "http://localhost:8000",
            "http://[::1]:8000",
            "https://grok.localhost",
        ] {
            assert!(is_loopback(origin), "{origin}");
            assert!(!is_public_https(origin), "{origin}");
        }
        for origin in ["http://192.168.1.4:8000", "https://localhost.example"] {
            assert!(!is_loopback(origin), "{origin}");
        }
    }

    #[test]
    fn an_origin_is_an_address_without_its_path() {
        for address in ["https://grok.example", "https://grok.example/a/b"] {
            assert_eq!(origin(address), "https://grok.example");
        }
        assert_eq!(origin("odd"), "odd");
    }

    #[test]
    fn a_public_address_has_tls_and_is_not_of_a_network_at_home() {
        for (origin, is_public) in [
            ("https://grok.example", true),
            ("https://grok.example:8443/under", true),
            ("https://203.0.113.7", true),
            ("http://grok.example", false),
            ("https://192.168.1.4", false),
            ("https://10.0.0.4:8443", false),
            ("https://[fd00::1]:8443", false),
            ("https://nas.local", false),
            ("https://nas", false),
        ] {
            assert_eq!(is_public_https(origin), is_public, "{origin}");
        }
    }
}

//! The names under which browsers may reach this server.
//!
//! A web page can give its own name this machine's address (DNS rebinding), and is then of the same
//! origin as our pages for every check that a browser makes. The name is what gives it away.

use std::net::IpAddr;

use http::uri::Authority;
use settings::Config;
use url::Url;

/// Ends of names that no stranger can register.
const LOCAL_ENDS: [&str; 5] = [".localhost", ".local", ".lan", ".internal", ".home.arpa"];

/// The names from the configuration, lower case, without ports.
pub struct Hosts(Vec<String>);

impl Hosts {
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let own = Url::parse(&config.app.app_url).ok();
        let own = own.as_ref().and_then(Url::host_str);
        let allowed = config.server.allowed_hosts.iter().map(String::as_str);
        let names = allowed.chain(own).map(|name| name.to_ascii_lowercase());
        Self(names.collect())
    }

    /// Whether `authority` (`name`, `name:port`, `[v6]:port`) is one of ours, an IP address, or a
    /// name that only this machine or its network can give out.
    #[must_use]
    pub fn allows(&self, authority: &str) -> bool {
        let Ok(authority) = authority.parse::<Authority>() else {
            return false;
        };
        // Neither userinfo before the name nor anything but a port behind it.
        let rest = authority.as_str().strip_prefix(authority.host());
        if rest.is_none_or(|rest| !rest.is_empty() && authority.port_u16().is_none()) {
            return false;
        }
        let name = authority.host().to_ascii_lowercase();
        let name = name.trim_start_matches('[').trim_end_matches(']');
        let name = name.strip_suffix('.').unwrap_or(name);
        if name.is_empty() {
            return false;
        }
        let is_address = name.parse::<IpAddr>().is_ok();
        let is_local = !name.contains('.') || LOCAL_ENDS.iter().any(|end| name.ends_with(end));
        is_address || is_local || self.0.iter().any(|known| known == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_strangers_can_own_need_to_be_configured() {
        let mut config = Config::default();
        config.app.app_url = "https://Grok.example:8443".to_owned();
        config.server.allowed_hosts = vec!["other.example".to_owned()];
        let hosts = Hosts::new(&config);
        for fine in [
            "localhost:8000",
            "127.0.0.1:8000",
            "192.168.1.5",
            "[::1]:8000",
            "nas",
            "NAS.local:1",
            "gateway.lan.",
            "grok.example",
            "GROK.EXAMPLE:443",
            "other.example:8000",
        ] {
            assert!(hosts.allows(fine), "{fine}");
        }
        for foreign in [
            "evil.example",
            "evil.example:8000",
            "grok.example.evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "",
            "[",
            ":8000",
            "localhost@evil.example",
            "evil.example@localhost",
            "[::1].evil.example",
            "[::1]evil",
            "localhost:8000:1",
            "localhost evil.example",
        ] {
            assert!(!hosts.allows(foreign), "{foreign}");
        }
    }
}

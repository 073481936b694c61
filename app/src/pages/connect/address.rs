//! What an address says about who reaches it (pure).

/// Scheme, host and port of an address.
pub(super) fn origin(address: &str) -> &str {
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

/// The address with another host.
pub(super) fn with_host(address: &str, host: &str) -> String {
    let begin = address.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = address.split_at(begin);
    let old = match rest.starts_with('[') {
        true => rest.find(']').map_or(rest.len(), |at| at + 1),
        false => rest.find([':', '/']).unwrap_or(rest.len()),
    };
    let after = rest.get(old..).unwrap_or_default();
    format!("{scheme}{host}{after}")
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
    fn another_host_leaves_scheme_port_and_path() {
        for (address, other) in [
            ("http://127.0.0.1:8000", "http://box:8000"),
            ("http://[::1]:8000/a", "http://box:8000/a"),
            ("https://localhost/a:b", "https://box/a:b"),
            ("localhost", "box"),
        ] {
            assert_eq!(with_host(address, "box"), other);
        }
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

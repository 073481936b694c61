//! The `Cookie` header (`upstream-protocol` 1.2).

const CLEARANCE: &str = "cf_clearance";

/// Cookies that prove an account; a pasted browser header must not smuggle in another one.
const ACCOUNT_COOKIES: [&str; 2] = ["sso", "sso-rw"];

/// The part of the cookie header that belongs to the operator's browser; may be empty.
///
/// `cf_cookies` is passed on as it is, but for account cookies and pairs that no header may carry.
/// A separate `clearance` replaces the first `cf_clearance` in it, or is appended.
pub(crate) fn cloudflare_part(cf_cookies: &str, clearance: &str) -> String {
    let cookies = sendable(cf_cookies);
    let clearance = clearance.trim();
    let clearance = clearance.strip_prefix("cf_clearance=").unwrap_or(clearance);
    let clearance = clearance.split(';').next().unwrap_or_default().trim();
    if clearance.is_empty() || !is_sendable(clearance) {
        return cookies;
    }
    if cookies.is_empty() {
        return format!("{CLEARANCE}={clearance}");
    }
    let mut is_replaced = false;
    let pairs = cookies.split(';').map(|pair| {
        if !is_replaced && name_of(pair) == CLEARANCE {
            is_replaced = true;
            let indent = pair.len() - pair.trim_start().len();
            let blank = pair.get(..indent).unwrap_or_default();
            return format!("{blank}{CLEARANCE}={clearance}");
        }
        pair.to_owned()
    });
    let joined = pairs.collect::<Vec<_>>().join(";");
    if is_replaced {
        joined
    } else {
        format!("{joined}; {CLEARANCE}={clearance}")
    }
}

/// The whole header for one account.
pub(crate) fn header(credential: &str, cloudflare: &str) -> String {
    let mut text = String::with_capacity(credential.len() * 2 + cloudflare.len() + 16);
    for part in ["sso=", credential, "; sso-rw=", credential] {
        text.push_str(part);
    }
    if !cloudflare.is_empty() {
        text.push_str("; ");
        text.push_str(cloudflare);
    }
    text
}

/// The values of the cookies, for keeping them out of messages.
pub(crate) fn values(cloudflare: &str) -> Vec<String> {
    let values = cloudflare
        .split(';')
        .filter_map(|pair| pair.split_once('='));
    values
        .map(|(_, value)| value.trim().to_owned())
        .filter(|value| value.len() >= 8)
        .collect()
}

fn sendable(cookies: &str) -> String {
    let cookies = cookies.trim().trim_end_matches(';').trim_end();
    let is_kept = |pair: &&str| is_sendable(pair) && !ACCOUNT_COOKIES.contains(&name_of(pair));
    cookies
        .split(';')
        .filter(is_kept)
        .collect::<Vec<_>>()
        .join(";")
        .trim_start()
        .to_owned()
}

fn name_of(pair: &str) -> &str {
    pair.split('=').next().unwrap_or_default().trim()
}

fn is_sendable(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table() {
        assert_eq!(cloudflare_part("", "v"), "cf_clearance=v");
        assert_eq!(
            cloudflare_part("__cf_bm=a; cf_clearance=b", ""),
            "__cf_bm=a; cf_clearance=b"
        );
        assert_eq!(
            cloudflare_part("__cf_bm=a; cf_clearance=old; cf_clearance=old2; x=1", "v"),
            "__cf_bm=a; cf_clearance=v; cf_clearance=old2; x=1",
            "only the first match is replaced"
        );
        assert_eq!(cloudflare_part("cf_clearance=old", "v"), "cf_clearance=v");
        assert_eq!(
            cloudflare_part("__cf_bm=a", "v"),
            "__cf_bm=a; cf_clearance=v"
        );
        assert_eq!(
            cloudflare_part("my_cf_clearance=a", "v"),
            "my_cf_clearance=a; cf_clearance=v"
        );
        assert_eq!(cloudflare_part("", ""), "");
    }

    #[test]
    fn replacement_values_are_taken_literally() {
        assert_eq!(
            cloudflare_part("cf_clearance=a", r"$1\2.v"),
            r"cf_clearance=$1\2.v"
        );
    }

    #[test]
    fn account_cookies_and_control_characters_are_left_out() {
        assert_eq!(
            cloudflare_part("sso=mine; __cf_bm=a; sso-rw=mine;", ""),
            "__cf_bm=a"
        );
        assert_eq!(cloudflare_part("a=1; b=2\r\nX: y; c=3", ""), "a=1; c=3");
        assert_eq!(cloudflare_part("a=1", "v\r\nX: y"), "a=1");
        assert_eq!(
            cloudflare_part("", " cf_clearance=v; path=/ "),
            "cf_clearance=v"
        );
    }

    #[test]
    fn the_account_comes_first() {
        assert_eq!(header("T", ""), "sso=T; sso-rw=T");
        assert_eq!(header("T", "a=1; b=2"), "sso=T; sso-rw=T; a=1; b=2");
    }
}

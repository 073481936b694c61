//! The cookie that tells one visitor's browser from another's: what is generated in it is its own,
//! after sign-out, restart and reload as well. It proves nothing else, and the store has a hash of it.

use http::request::Parts;
use rand::Rng;
use sha2::{Digest, Sha256};
use tower_cookies::{
    Cookie, Cookies,
    cookie::{SameSite, time::Duration},
};

const NAME: &str = "grok2api_visitor";
/// From the last call of a page.
const MAX_AGE: Duration = Duration::days(365);
/// Hexadecimal digits: 128 bits.
const DIGITS: usize = 32;

/// The browser as an owner of media. One without a name, or with one that we did not give, gets a new
/// one.
///
/// Reading a page gives none: who follows a link from another site has a cookie that is not sent
/// (`SameSite=Strict`), and would lose it.
pub(super) fn owner(parts: &Parts, is_https: bool) -> String {
    let prefix = if is_https { "__Host-" } else { "" };
    let name = format!("{prefix}{NAME}");
    // The session layer brings them.
    let cookies = parts.extensions.get::<Cookies>();
    let known = cookies
        .and_then(|cookies| cookies.get(&name))
        .map(|cookie| cookie.value().to_owned())
        .filter(|value| is_ours(value));
    let value = known.unwrap_or_else(|| format!("{:032x}", rand::rng().random::<u128>()));
    let owner = format!("visitor:{:x}", Sha256::digest(&value));
    if let Some(cookies) = cookies
        && !parts.method.is_safe()
    {
        let cookie = Cookie::build((name, value))
            .path("/")
            .http_only(true)
            .secure(is_https)
            .same_site(SameSite::Strict)
            .max_age(MAX_AGE);
        cookies.add(cookie.build());
    }
    owner
}

fn is_ours(value: &str) -> bool {
    let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    value.len() == DIGITS && value.bytes().all(is_digit)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn asked(method: &str, cookie: Option<&str>) -> (Parts, Cookies) {
        let cookies = Cookies::default();
        if let Some(value) = cookie {
            cookies.add(Cookie::new(NAME, value.to_owned()));
        }
        let request = Request::builder().method(method).extension(cookies.clone());
        (request.body(()).unwrap().into_parts().0, cookies)
    }

    #[test]
    fn a_browser_keeps_its_name_and_the_owner_does_not_tell_it() {
        let (parts, cookies) = asked("POST", None);
        let first = owner(&parts, false);
        assert_eq!(owner(&parts, false), first, "within one request");
        let cookie = cookies.get(NAME).unwrap();
        assert!(is_ours(cookie.value()) && !first.contains(cookie.value()));
        assert_eq!(cookie.max_age(), Some(Duration::days(365)));
        let (parts, _) = asked("POST", Some(cookie.value()));
        assert_eq!(owner(&parts, false), first);
        assert_ne!(owner(&asked("POST", None).0, false), first);
    }

    #[test]
    fn nonsense_is_replaced() {
        let long = "a".repeat(4000);
        for odd in ["", "x", &"A".repeat(32), &"g".repeat(32), &long] {
            let (parts, cookies) = asked("POST", Some(odd));
            owner(&parts, false);
            assert!(is_ours(cookies.get(NAME).unwrap().value()), "{odd}");
        }
    }

    #[test]
    fn reading_a_page_gives_no_name() {
        let (parts, cookies) = asked("GET", None);
        owner(&parts, false);
        assert_eq!(cookies.get(NAME), None);
    }

    #[test]
    fn behind_https_the_cookie_is_for_https_and_this_host_only() {
        let (parts, cookies) = asked("POST", None);
        owner(&parts, true);
        let cookie = cookies.get("__Host-grok2api_visitor").unwrap();
        assert_eq!(
            (cookie.secure(), cookie.path(), cookie.http_only()),
            (Some(true), Some("/"), Some(true))
        );
        assert_eq!(cookie.same_site(), Some(SameSite::Strict));
    }
}

//! The cookie of a browser in which the operator has signed in before.
//!
//! It proves nothing but that: with it, strangers' failures do not lock the browser out. It is signed
//! with the password's hash, so that a new password makes all old ones worthless, and nothing about
//! it has to be stored.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::request::Parts;
use rand::Rng;
use tower_cookies::{
    Cookie, Cookies,
    cookie::{SameSite, time::Duration},
};

use super::seal::Seal;

const NAME: &str = "grok2api_device";
/// Browsers keep no cookie longer.
const MAX_AGE: Duration = Duration::days(400);

/// The device that the request comes from, if the operator has signed in there.
pub(super) fn known(parts: &Parts, seal: &Seal, is_https: bool) -> Option<[u8; 16]> {
    let cookie = cookies(parts)?.get(&name(is_https))?;
    let (id, tag) = cookie.value().split_once('.')?;
    let mut bytes = [0; 16];
    let length = URL_SAFE_NO_PAD.decode_slice(id, &mut bytes).ok()?;
    (length == bytes.len() && seal.is_device(&bytes, tag)).then_some(bytes)
}

/// Makes the browser a known one.
pub(super) fn remember(parts: &Parts, seal: &Seal, is_https: bool) {
    let Some(cookies) = cookies(parts) else {
        return;
    };
    let id: [u8; 16] = known(parts, seal, is_https).unwrap_or_else(|| rand::rng().random());
    let value = format!("{}.{}", URL_SAFE_NO_PAD.encode(id), seal.device(&id));
    let cookie = Cookie::build((name(is_https), value))
        .path("/")
        .http_only(true)
        .secure(is_https)
        .same_site(SameSite::Strict)
        .max_age(MAX_AGE);
    cookies.add(cookie.build());
}

fn name(is_https: bool) -> String {
    let prefix = if is_https { "__Host-" } else { "" };
    format!("{prefix}{NAME}")
}

/// The session layer brings them.
fn cookies(parts: &Parts) -> Option<&Cookies> {
    parts.extensions.get::<Cookies>()
}

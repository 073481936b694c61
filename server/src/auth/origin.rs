//! At which address the pages are opened, and whether a browser keeps their cookies there.

use std::{
    net::IpAddr,
    sync::atomic::{AtomicBool, Ordering},
};

use grok2api_app::error::UiError;
use http::{header, request::Parts};
use url::{Host, Url};

/// `app.app_url` as it was at the start, which decides whether cookies are for https only.
pub(super) struct PageOrigin {
    app_url: String,
    has_warned: AtomicBool,
}

impl PageOrigin {
    pub(super) fn new(app_url: &str) -> Self {
        Self {
            app_url: app_url.to_owned(),
            has_warned: AtomicBool::new(false),
        }
    }

    pub(super) fn is_https(&self) -> bool {
        self.app_url.starts_with("https://")
    }

    /// `app.app_url`, if it is an https address; empty otherwise.
    pub(super) fn https_url(&self) -> String {
        match self.is_https() {
            true => self.app_url.clone(),
            false => String::new(),
        }
    }

    /// Compares the page that signs in with `app.app_url`.
    ///
    /// # Errors
    /// The browser would throw the cookie away: the visitor would sign in again and again and never
    /// learn why. On this machine some browsers keep it, so there it is a warning only.
    pub(super) fn check(&self, parts: &Parts) -> Result<(), UiError> {
        let origin = parts.headers.get(header::ORIGIN);
        let Some(origin) = origin.and_then(|origin| Url::parse(origin.to_str().ok()?).ok()) else {
            return Ok(());
        };
        match (self.is_https(), origin.scheme()) {
            (true, "http") => {
                tracing::warn!(
                    "a browser signs in over http, but app.app_url is {}: it will not keep the \
                     session. Open that address, or set app.app_url to the one that is used",
                    self.app_url
                );
                if is_this_machine(&origin) {
                    return Ok(());
                }
                Err(UiError::NotEncrypted {
                    app_url: self.app_url.clone(),
                })
            }
            (false, "https") => {
                if !self.has_warned.swap(true, Ordering::Relaxed) {
                    tracing::warn!(
                        "the pages are opened over https, but app.app_url does not say so: set it to \
                         {} to keep the session's cookie off unencrypted connections",
                        origin.origin().ascii_serialization()
                    );
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn is_this_machine(origin: &Url) -> bool {
    match origin.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).to_canonical().is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(app_url: &str, origin: &str) -> Result<(), UiError> {
        let request = http::Request::post("/api/sign_in").header(header::ORIGIN, origin);
        let parts = request.body(()).unwrap().into_parts().0;
        PageOrigin::new(app_url).check(&parts)
    }

    #[test]
    fn a_page_whose_cookie_would_be_lost_is_told_where_to_go() {
        let app_url = "https://grok.example";
        let refused = UiError::NotEncrypted {
            app_url: app_url.to_owned(),
        };
        assert_eq!(check(app_url, "http://grok.example"), Err(refused.clone()));
        assert_eq!(check(app_url, "http://192.0.2.1:8000"), Err(refused));
        assert_eq!(check(app_url, "https://grok.example"), Ok(()));
        assert_eq!(check(app_url, "null"), Ok(()));
        for local in [
            "http://localhost:8000",
            "http://127.0.0.1:8000",
            "http://[::1]",
        ] {
            assert_eq!(check(app_url, local), Ok(()), "{local}");
        }
        assert_eq!(check("", "http://192.0.2.1:8000"), Ok(()));
        assert_eq!(check("", "https://grok.example"), Ok(()));
    }
}

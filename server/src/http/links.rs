//! Addresses under which callers reach this server's files.

use axum::extract::FromRequestParts;
use http::{HeaderMap, request::Parts};
use store::MediaKind;

use super::{AppState, PeerAddr, error::ApiError, middleware::origin};
use crate::{
    clock::now_secs,
    media::links::Paths,
    snapshot::{Settings, Snapshot},
};

/// What addresses of ours begin with: `app.app_url`, else the address of this request, as trusted
/// proxies tell it.
#[derive(Clone, Debug)]
pub struct Links {
    base: String,
    paths: Paths,
}

impl Links {
    /// Where a picture's file is.
    #[must_use]
    pub fn image(&self, name: &str) -> String {
        self.file(MediaKind::Image, name)
    }

    /// Where a video's file is.
    #[must_use]
    pub fn video(&self, name: &str) -> String {
        self.file(MediaKind::Video, name)
    }

    fn file(&self, kind: MediaKind, name: &str) -> String {
        let path = self.paths.of(kind.as_str(), (kind, name), now_secs());
        format!("{}{path}", self.base)
    }

    /// What they begin with.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Unsigned ones.
    pub(super) fn of(parts: &Parts, settings: &Settings) -> Self {
        let app_url = settings.config.app.app_url.trim_end_matches('/');
        match app_url.is_empty() {
            true => Self::as_asked(parts, settings),
            false => Self::unsigned(app_url.to_owned()),
        }
    }

    /// Those under which this request came.
    pub(super) fn as_asked(parts: &Parts, settings: &Settings) -> Self {
        let peer = parts.extensions.get::<PeerAddr>();
        let is_trusted = peer.is_some_and(|peer| settings.trusts(peer.0.ip()));
        let told = |name| is_trusted.then(|| last(&parts.headers, name)).flatten();
        let scheme = match told("x-forwarded-proto") {
            Some("https") => "https",
            _ => "http",
        };
        let host = told("x-forwarded-host").filter(|host| is_host(host));
        let host = host.or_else(|| origin::authority(&parts.uri, &parts.headers));
        let host = host.filter(|host| is_host(host));
        Self::unsigned(format!("{scheme}://{}", host.unwrap_or("127.0.0.1")))
    }

    fn unsigned(base: String) -> Self {
        Self {
            base,
            paths: Paths::default(),
        }
    }
}

impl FromRequestParts<AppState> for Links {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let snapshot = parts.extensions.get::<Snapshot>();
        let snapshot = snapshot.ok_or_else(|| anyhow::anyhow!("the request layer is missing"))?;
        Ok(Self {
            paths: state.link_key.paths(&snapshot.settings.config.media),
            ..Self::of(parts, &snapshot.settings)
        })
    }
}

/// The last value: the one that the nearest proxy has added.
fn last<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let values = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    values.rsplit(',').next().map(str::trim)
}

fn is_host(text: &str) -> bool {
    let is_fitting = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    !text.is_empty() && text.chars().all(is_fitting)
}

#[cfg(test)]
mod tests {
    use http::Request;
    use settings::Config;

    use super::*;

    fn links(app_url: &str, headers: &[(&'static str, &str)]) -> String {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut config = Config::default();
        config.app.app_url = app_url.to_owned();
        config.server.trusted_proxies = vec!["10.0.0.0/8".to_owned()];
        let settings = Settings::build(config, None).unwrap();
        let mut request = Request::get("/v1/models");
        let mut peer = "192.0.2.1:1";
        for (name, value) in headers {
            match *name {
                "peer" => peer = value,
                name => request = request.header(name, *value),
            }
        }
        let mut parts = request.body(()).unwrap().into_parts().0;
        parts.extensions.insert(PeerAddr(peer.parse().unwrap()));
        Links::of(&parts, &settings).image("a.jpg")
    }

    #[test]
    fn the_configured_address_wins_then_the_request_says_it() {
        let host = ("host", "192.0.2.9:8000");
        let end = "/v1/files/image/a.jpg";
        assert_eq!(
            links("https://g.test/", &[host]),
            format!("https://g.test{end}")
        );
        assert_eq!(links("", &[host]), format!("http://192.0.2.9:8000{end}"));
    }

    #[test]
    fn only_trusted_proxies_say_what_the_browser_sees() {
        let told = [
            ("host", "inside:8000"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "evil.test, g.test"),
        ];
        let end = "/v1/files/image/a.jpg";
        assert_eq!(links("", &told), format!("http://inside:8000{end}"));
        let trusted: Vec<_> = told.into_iter().chain([("peer", "10.1.2.3:1")]).collect();
        assert_eq!(links("", &trusted), format!("https://g.test{end}"));
        let odd = [
            ("host", "h"),
            ("x-forwarded-host", "a b"),
            ("peer", "10.1.2.3:1"),
        ];
        assert_eq!(links("", &odd), format!("http://h{end}"));
    }
}

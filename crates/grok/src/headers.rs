//! Request headers (`upstream-protocol` 1.3 and 1.4).

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_TYPE, COOKIE, HeaderMap,
    HeaderName, HeaderValue, ORIGIN, PRAGMA, REFERER, UPGRADE_INSECURE_REQUESTS, USER_AGENT,
};
use url::Url;

use crate::cookies;
use crate::error::UpstreamError;
use crate::hints::client_hints;
use crate::settings::{Settings, SettingsError};
use crate::statsig;

const BAGGAGE: HeaderName = HeaderName::from_static("baggage");
const PRIORITY: HeaderName = HeaderName::from_static("priority");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_USER: HeaderName = HeaderName::from_static("sec-fetch-user");
const STATSIG_ID: HeaderName = HeaderName::from_static("x-statsig-id");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-xai-request-id");

const BAGGAGE_VALUE: &str = "sentry-environment=production,sentry-release=d6add6fb0460641fd482d767a335ef72b9b6abb8,sentry-public_key=b311e0f2690c81f25e2c4cf6d4f7ce1c";
const DOCUMENT_ACCEPT: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7";

/// Headers that are the same for every request, built once.
#[derive(Debug)]
pub(crate) struct HeaderBook {
    json: HeaderMap,
    asset: HeaderMap,
    cloudflare: String,
    dynamic_statsig: bool,
}

impl HeaderBook {
    pub(crate) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let json = json_template(settings)?;
        let asset = asset_template(settings, &json)?;
        Ok(Self {
            json,
            asset,
            cloudflare: cookies::cloudflare_part(&settings.cf_cookies, &settings.cf_clearance),
            dynamic_statsig: settings.dynamic_statsig,
        })
    }

    /// Headers of a JSON call.
    pub(crate) fn json(&self, credential: &str) -> Result<HeaderMap, UpstreamError> {
        self.signed(&self.json, credential)
    }

    /// Headers of an asset download; they depend on the file's extension.
    pub(crate) fn asset(&self, credential: &str, path: &str) -> Result<HeaderMap, UpstreamError> {
        let mut headers = self.signed(&self.asset, credential)?;
        if let Some(mime) = document_mime(path) {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(mime));
            headers.insert(ACCEPT, HeaderValue::from_static(DOCUMENT_ACCEPT));
            headers.insert(SEC_FETCH_DEST, HeaderValue::from_static("document"));
        }
        Ok(headers)
    }

    /// Values of the operator's cookies, to keep them out of messages.
    pub(crate) fn secrets(&self) -> Vec<String> {
        cookies::values(&self.cloudflare)
    }

    fn signed(&self, template: &HeaderMap, credential: &str) -> Result<HeaderMap, UpstreamError> {
        let mut headers = template.clone();
        let cookie = cookies::header(credential, &self.cloudflare);
        let mut cookie =
            HeaderValue::try_from(cookie).map_err(|_| UpstreamError::UnsendableCredential)?;
        cookie.set_sensitive(true);
        headers.insert(COOKIE, cookie);
        let statsig = if self.dynamic_statsig {
            statsig::dynamic_id()
        } else {
            HeaderValue::from_static(statsig::STATIC_ID)
        };
        headers.insert(STATSIG_ID, statsig);
        headers.insert(REQUEST_ID, request_id());
        Ok(headers)
    }
}

fn json_template(settings: &Settings) -> Result<HeaderMap, SettingsError> {
    let mut headers = client_hints(&settings.browser, &settings.user_agent);
    let fixed = [
        (ACCEPT, "*/*"),
        (ACCEPT_ENCODING, "gzip, deflate, br, zstd"),
        (ACCEPT_LANGUAGE, "zh-CN,zh;q=0.9,en;q=0.8"),
        (BAGGAGE, BAGGAGE_VALUE),
        (CONTENT_TYPE, "application/json"),
        (PRIORITY, "u=1, i"),
        (SEC_FETCH_DEST, "empty"),
        (SEC_FETCH_MODE, "cors"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(
        USER_AGENT,
        value("proxy.user_agent", settings.user_agent.trim())?,
    );
    set_origin(&mut headers, &settings.web_url, &settings.web_url)?;
    Ok(headers)
}

fn asset_template(settings: &Settings, json: &HeaderMap) -> Result<HeaderMap, SettingsError> {
    let mut headers = json.clone();
    let fixed = [
        (CACHE_CONTROL, "no-cache"),
        (PRAGMA, "no-cache"),
        (PRIORITY, "u=0, i"),
        (SEC_FETCH_MODE, "navigate"),
        (SEC_FETCH_USER, "?1"),
        (UPGRADE_INSECURE_REQUESTS, "1"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    set_origin(&mut headers, &settings.assets_url, &settings.web_url)?;
    Ok(headers)
}

/// Sets `Origin`, `Referer` (the page's base with a slash) and what follows from the two.
fn set_origin(headers: &mut HeaderMap, origin: &Url, page: &Url) -> Result<(), SettingsError> {
    let site = if origin.host() == page.host() {
        "same-origin"
    } else {
        "same-site"
    };
    let referer = format!("{}/", base(page));
    headers.insert(
        ORIGIN,
        value("upstream.web_url", &origin.origin().ascii_serialization())?,
    );
    headers.insert(REFERER, value("upstream.web_url", &referer)?);
    headers.insert(SEC_FETCH_SITE, HeaderValue::from_static(site));
    Ok(())
}

/// A base address without credentials, query and closing slash.
fn base(url: &Url) -> String {
    format!(
        "{}{}",
        url.origin().ascii_serialization(),
        url.path().trim_end_matches('/')
    )
}

fn value(key: &'static str, text: &str) -> Result<HeaderValue, SettingsError> {
    HeaderValue::from_str(text).map_err(|_| SettingsError::Header { key })
}

/// A fresh UUID v4.
fn request_id() -> HeaderValue {
    let id = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
    let mut buffer = uuid::Uuid::encode_buffer();
    let text = id.hyphenated().encode_lower(&mut buffer);
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

/// The type of a file that a browser opens as a document; `None` for all others.
fn document_mime(path: &str) -> Option<&'static str> {
    let file = path.rsplit('/').next().unwrap_or_default();
    let (_, extension) = file.rsplit_once('.')?;
    match extension.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" => Some("image/jpeg"),
        "png" => Some("image/png"),
        "mp4" => Some("video/mp4"),
        "webm" => Some("video/webm"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(settings: &Settings) -> HeaderBook {
        HeaderBook::new(settings).unwrap()
    }

    fn defaults() -> Settings {
        Settings {
            dynamic_statsig: false,
            ..Settings::default()
        }
    }

    fn check(headers: &HeaderMap, rows: &[(&str, &str)]) {
        for (name, value) in rows {
            assert_eq!(
                headers.get(*name).map(|v| v.to_str().unwrap()),
                Some(*value),
                "{name}"
            );
        }
    }

    const SHARED: [(&str, &str); 7] = [
        ("accept-encoding", "gzip, deflate, br, zstd"),
        ("accept-language", "zh-CN,zh;q=0.9,en;q=0.8"),
        ("baggage", BAGGAGE_VALUE),
        ("cookie", "sso=T; sso-rw=T"),
        ("referer", "https://grok.com/"),
        ("x-statsig-id", statsig::STATIC_ID),
        ("sec-ch-ua-mobile", "?0"),
    ];

    #[test]
    fn json_calls_carry_every_row_and_nothing_else() {
        let headers = book(&defaults()).json("T").unwrap();
        check(&headers, &SHARED);
        check(
            &headers,
            &[
                ("accept", "*/*"),
                ("content-type", "application/json"),
                ("origin", "https://grok.com"),
                ("priority", "u=1, i"),
                ("sec-fetch-dest", "empty"),
                ("sec-fetch-mode", "cors"),
                ("sec-fetch-site", "same-origin"),
                ("user-agent", &Settings::default().user_agent),
            ],
        );
        // 15 rows, one of which (client hints) stands for six headers.
        assert_eq!(headers.len(), 21, "{headers:?}");
    }

    #[test]
    fn the_request_id_is_a_new_uuid_every_time() {
        let book = book(&defaults());
        let id = || {
            let headers = book.json("T").unwrap();
            let id = headers
                .get("x-xai-request-id")
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            uuid::Uuid::parse_str(&id).unwrap()
        };
        let (first, second) = (id(), id());
        assert_ne!(first, second);
        assert_eq!(first.get_version_num(), 4);
    }

    #[test]
    fn downloads_carry_every_row() {
        let book = book(&defaults());
        let headers = book.asset("T", "/users/u/a.JPG").unwrap();
        check(&headers, &SHARED);
        check(
            &headers,
            &[
                ("origin", "https://assets.grok.com"),
                ("sec-fetch-site", "same-site"),
                ("cache-control", "no-cache"),
                ("pragma", "no-cache"),
                ("priority", "u=0, i"),
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-user", "?1"),
                ("upgrade-insecure-requests", "1"),
            ],
        );
        let rows = [
            ("a.jpg", "image/jpeg", true),
            ("a.jpeg", "image/jpeg", true),
            ("a.png", "image/png", true),
            ("a.mp4", "video/mp4", true),
            ("a.webm", "video/webm", true),
            ("a.webp", "application/json", false),
            ("a.pdf", "application/json", false),
            ("a.b/content", "application/json", false),
        ];
        for (path, mime, is_document) in rows {
            let headers = book.asset("T", path).unwrap();
            let accept = if is_document { DOCUMENT_ACCEPT } else { "*/*" };
            let destination = if is_document { "document" } else { "empty" };
            check(
                &headers,
                &[
                    ("content-type", mime),
                    ("accept", accept),
                    ("sec-fetch-dest", destination),
                ],
            );
        }
    }

    #[test]
    fn origin_and_referer_follow_the_configured_bases() {
        let local = Settings {
            web_url: Url::parse("http://127.0.0.1:9000/fake/").unwrap(),
            assets_url: Url::parse("http://127.0.0.1:9001").unwrap(),
            ..defaults()
        };
        let book = book(&local);
        check(
            &book.json("T").unwrap(),
            &[
                ("origin", "http://127.0.0.1:9000"),
                ("referer", "http://127.0.0.1:9000/fake/"),
            ],
        );
        check(
            &book.asset("T", "a").unwrap(),
            &[
                ("origin", "http://127.0.0.1:9001"),
                ("sec-fetch-site", "same-origin"),
            ],
        );
    }

    #[test]
    fn cookies_are_marked_sensitive_and_checked() {
        let settings = Settings {
            cf_clearance: "cleared1".to_owned(),
            ..defaults()
        };
        let book = book(&settings);
        let headers = book.json("T").unwrap();
        check(
            &headers,
            &[("cookie", "sso=T; sso-rw=T; cf_clearance=cleared1")],
        );
        assert!(headers.get("cookie").unwrap().is_sensitive());
        assert_eq!(
            book.json("a\r\nb").unwrap_err(),
            UpstreamError::UnsendableCredential
        );
        assert_eq!(book.secrets(), ["cleared1"]);
    }

    #[test]
    fn other_browsers_send_no_hints() {
        let settings = Settings {
            browser: "firefox133".to_owned(),
            ..defaults()
        };
        let headers = book(&settings).json("T").unwrap();
        assert!(
            headers
                .keys()
                .all(|name| !name.as_str().starts_with("sec-ch-"))
        );
    }
}

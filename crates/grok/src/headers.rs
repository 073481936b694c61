//! Request headers (`upstream-protocol` 1.3).

use http::header::{
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
const GRPC_WEB: HeaderName = HeaderName::from_static("x-grpc-web");
const GRPC_USER_AGENT: HeaderName = HeaderName::from_static("x-user-agent");

const BAGGAGE_VALUE: &str = "sentry-environment=production,sentry-release=d6add6fb0460641fd482d767a335ef72b9b6abb8,sentry-public_key=b311e0f2690c81f25e2c4cf6d4f7ce1c";
const DOWNLOAD_ACCEPT: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7";
/// The browser that every request pretends to come from: headers that are the same for all, built
/// once.
#[derive(Debug)]
pub(crate) struct HeaderProfile {
    json: HeaderMap,
    cloudflare: String,
    dynamic_statsig: bool,
}

impl HeaderProfile {
    pub(crate) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        Ok(Self {
            json: json_template(settings)?,
            cloudflare: cookies::cloudflare_part(&settings.cf_cookies, &settings.cf_clearance),
            dynamic_statsig: settings.dynamic_statsig,
        })
    }

    /// Headers of a JSON call.
    pub(crate) fn json(&self, credential: &str) -> Result<HeaderMap, UpstreamError> {
        let mut headers = self.json.clone();
        headers.insert(COOKIE, self.cookie(credential)?);
        let statsig = if self.dynamic_statsig {
            statsig::dynamic_id()
        } else {
            HeaderValue::from_static(statsig::STATIC_ID)
        };
        headers.insert(STATSIG_ID, statsig);
        headers.insert(REQUEST_ID, request_id());
        Ok(headers)
    }

    /// Headers of a JSON call from the web app's imagine page.
    pub(crate) fn imagine(&self, credential: &str) -> Result<HeaderMap, UpstreamError> {
        self.json_from("imagine", credential)
    }

    /// Headers of a JSON call from the web app's list of files.
    pub(crate) fn files_page(&self, credential: &str) -> Result<HeaderMap, UpstreamError> {
        self.json_from("files", credential)
    }

    /// Headers of a JSON call from a page of the web app, named as it is behind the base's slash.
    pub(crate) fn json_from(
        &self,
        page: &str,
        credential: &str,
    ) -> Result<HeaderMap, UpstreamError> {
        let mut headers = self.json(credential)?;
        let home = headers.get(REFERER).map(HeaderValue::as_bytes);
        let page = [home.unwrap_or_default(), page.as_bytes()].concat();
        if let Ok(page) = HeaderValue::from_bytes(&page) {
            headers.insert(REFERER, page);
        }
        Ok(headers)
    }

    /// Headers of a gRPC-web call from a page of the web app (`upstream-protocol` 1.5, 8.6).
    pub(crate) fn grpc_web(
        &self,
        page: &str,
        credential: &str,
    ) -> Result<HeaderMap, UpstreamError> {
        let mut headers = self.json_from(page, credential)?;
        let own = [
            (CONTENT_TYPE, "application/grpc-web+proto"),
            (GRPC_WEB, "1"),
            (CACHE_CONTROL, "no-cache"),
            (PRAGMA, "no-cache"),
        ];
        for (name, value) in own {
            headers.insert(name, HeaderValue::from_static(value));
        }
        Ok(headers)
    }

    /// As [`Self::grpc_web`], from a page of another site. The operator's Cloudflare cookies are the
    /// web app's and stay away.
    pub(crate) fn grpc_web_at(
        &self,
        (site, page): (&Url, &str),
        credential: &str,
    ) -> Result<HeaderMap, UpstreamError> {
        let mut headers = self.grpc_web("", credential)?;
        headers.insert(COOKIE, cookie(credential, "")?);
        let origin = site.origin().ascii_serialization();
        let referer = format!("{}/{page}", base(site));
        for (name, address) in [(ORIGIN, origin), (REFERER, referer)] {
            if let Ok(address) = HeaderValue::try_from(address) {
                headers.insert(name, address);
            }
        }
        Ok(name_grpc_client(headers))
    }

    /// Headers of a form (`upstream-protocol` 8.3): no signature and no request id.
    pub(crate) fn form(&self, credential: &str, mime: &str) -> Result<HeaderMap, UpstreamError> {
        let mut headers = self.json.clone();
        headers.insert(COOKIE, self.cookie(credential)?);
        if let Ok(mime) = HeaderValue::from_str(mime) {
            headers.insert(CONTENT_TYPE, mime);
        }
        Ok(headers)
    }

    /// Headers of a WebSocket's handshake (`upstream-protocol` 1.5), besides the protocol's own.
    pub(crate) fn socket(&self, credential: &str) -> Result<HeaderMap, UpstreamError> {
        let is_kept = |name: &HeaderName| {
            *name == ORIGIN
                || *name == USER_AGENT
                || *name == ACCEPT_LANGUAGE
                || name.as_str().starts_with("sec-ch-")
        };
        let kept = self.json.iter().filter(|(name, _)| is_kept(name));
        let mut headers: HeaderMap = kept
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        for name in [CACHE_CONTROL, PRAGMA] {
            headers.insert(name, HeaderValue::from_static("no-cache"));
        }
        headers.insert(COOKIE, self.cookie(credential)?);
        Ok(headers)
    }

    /// Headers of a file's download (`upstream-protocol` 1.4). `with_cookies` only for the asset host.
    pub(crate) fn download(
        &self,
        credential: &str,
        url: &Url,
        with_cookies: bool,
    ) -> Result<HeaderMap, UpstreamError> {
        let mut headers = self.json.clone();
        let own = [
            (ACCEPT, DOWNLOAD_ACCEPT),
            (CACHE_CONTROL, "no-cache"),
            (PRAGMA, "no-cache"),
            (PRIORITY, "u=0, i"),
            (SEC_FETCH_DEST, "document"),
            (SEC_FETCH_MODE, "navigate"),
            (SEC_FETCH_SITE, "same-site"),
            (SEC_FETCH_USER, "?1"),
            (UPGRADE_INSECURE_REQUESTS, "1"),
        ];
        for (name, value) in own {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.remove(CONTENT_TYPE);
        // Files are compressed as they are, and a browser asks for no more.
        headers.remove(ACCEPT_ENCODING);
        let origin = HeaderValue::from_str(&url.origin().ascii_serialization());
        if let Ok(origin) = origin {
            headers.insert(ORIGIN, origin);
        }
        if with_cookies {
            headers.insert(COOKIE, self.cookie(credential)?);
        }
        Ok(headers)
    }

    fn cookie(&self, credential: &str) -> Result<HeaderValue, UpstreamError> {
        cookie(credential, &self.cloudflare)
    }

    /// Values of the operator's cookies, to keep them out of messages.
    pub(crate) fn secrets(&self) -> Vec<String> {
        cookies::values(&self.cloudflare)
    }
}

fn cookie(credential: &str, cloudflare: &str) -> Result<HeaderValue, UpstreamError> {
    let cookie = cookies::header(credential, cloudflare);
    let mut cookie =
        HeaderValue::try_from(cookie).map_err(|_| UpstreamError::UnsendableCredential)?;
    cookie.set_sensitive(true);
    Ok(cookie)
}

/// Adds the library that the page's code calls with; newer calls do not name it.
pub(crate) fn name_grpc_client(mut headers: HeaderMap) -> HeaderMap {
    let client = HeaderValue::from_static("connect-es/2.1.1");
    headers.insert(GRPC_USER_AGENT, client);
    headers
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
        (SEC_FETCH_SITE, "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(
        USER_AGENT,
        value("proxy.user_agent", settings.user_agent.trim())?,
    );
    let web = &settings.web_url;
    let address = |text: &str| value("upstream.web_url", text);
    headers.insert(ORIGIN, address(&web.origin().ascii_serialization())?);
    headers.insert(REFERER, address(&format!("{}/", base(web)))?);
    Ok(headers)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(settings: &Settings) -> HeaderProfile {
        HeaderProfile::new(settings).unwrap()
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
        let headers = profile(&defaults()).json("T").unwrap();
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
        let profile = profile(&defaults());
        let id = || {
            let headers = profile.json("T").unwrap();
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
    fn origin_and_referer_follow_the_configured_base() {
        let local = Settings {
            web_url: Url::parse("http://127.0.0.1:9000/fake/").unwrap(),
            ..defaults()
        };
        let profile = profile(&local);
        check(
            &profile.json("T").unwrap(),
            &[
                ("origin", "http://127.0.0.1:9000"),
                ("referer", "http://127.0.0.1:9000/fake/"),
            ],
        );
    }

    #[test]
    fn cookies_are_marked_sensitive_and_checked() {
        let settings = Settings {
            cf_clearance: "cleared1".to_owned(),
            ..defaults()
        };
        let profile = profile(&settings);
        let headers = profile.json("T").unwrap();
        check(
            &headers,
            &[("cookie", "sso=T; sso-rw=T; cf_clearance=cleared1")],
        );
        assert!(headers.get("cookie").unwrap().is_sensitive());
        assert_eq!(
            profile.json("a\r\nb").unwrap_err(),
            UpstreamError::UnsendableCredential
        );
        assert_eq!(profile.secrets(), ["cleared1"]);
    }

    #[test]
    fn other_browsers_send_no_hints() {
        let settings = Settings {
            browser: "firefox133".to_owned(),
            ..defaults()
        };
        let headers = profile(&settings).json("T").unwrap();
        assert!(
            headers
                .keys()
                .all(|name| !name.as_str().starts_with("sec-ch-"))
        );
    }
}

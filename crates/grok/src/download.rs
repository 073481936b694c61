//! Downloads of assets (`upstream-protocol` 2.4).
//!
//! Account cookies go to trusted asset hosts only. Redirects are followed by hand, and each target is
//! checked before anything is sent to it.

use std::time::Duration;

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, LOCATION};
use tokio::time::Instant;
use url::Url;

use crate::client::{Call, Client, with_path};
use crate::error::UpstreamError;

/// Hosts besides the configured one that hold results and may see account cookies.
const TRUSTED_HOSTS: [&str; 2] = ["imagine-public.x.ai", "imgen.x.ai"];
const MAX_REDIRECTS: usize = 5;

/// A file that is being received. Dropping it ends the call.
#[derive(Debug)]
pub struct Download {
    body: reqwest::Response,
}

impl Download {
    /// The `Content-Type` without parameters.
    #[must_use]
    pub fn mime(&self) -> Option<&str> {
        let value = self.body.headers().get(CONTENT_TYPE)?.to_str().ok()?;
        value
            .split(';')
            .next()
            .map(str::trim)
            .filter(|mime| !mime.is_empty())
    }

    /// Size in bytes, when the upstream told.
    #[must_use]
    pub fn size_bytes(&self) -> Option<u64> {
        self.body.content_length()
    }

    /// The next piece of the file; `None` = it is complete.
    ///
    /// # Errors
    /// A cut connection, or the time limit of the download.
    ///
    /// # Cancellation
    /// Safe.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, UpstreamError> {
        self.body
            .chunk()
            .await
            .map_err(|error| UpstreamError::from_transport(&error))
    }

    /// The whole file.
    ///
    /// # Errors
    /// As [`Download::chunk`]; [`UpstreamError::TooLarge`] beyond `limit_bytes`.
    pub async fn bytes(mut self, limit_bytes: usize) -> Result<Bytes, UpstreamError> {
        let mut content = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if content.len() + chunk.len() > limit_bytes {
                return Err(UpstreamError::TooLarge { limit_bytes });
            }
            content.extend_from_slice(&chunk);
        }
        Ok(Bytes::from(content))
    }
}

impl Client {
    /// Opens an asset of the account: a path on the asset host or an address on a trusted host.
    ///
    /// `timeout` counts to the end of the file.
    ///
    /// # Errors
    /// As every call; [`UpstreamError::UntrustedHost`] before anything is sent to such a host.
    pub async fn download(
        &self,
        credential: &str,
        path_or_url: &str,
        timeout: Duration,
    ) -> Result<Download, UpstreamError> {
        let deadline = Instant::now() + timeout;
        let assets_url = &self.settings().assets_url;
        let mut url = asset_url(assets_url, path_or_url)?;
        for _ in 0..=MAX_REDIRECTS {
            if !is_trusted(assets_url, &url) {
                let host = url.host_str().unwrap_or_default().to_owned();
                return Err(UpstreamError::UntrustedHost { host });
            }
            let headers = self.headers().asset(credential, url.path())?;
            let left = deadline.saturating_duration_since(Instant::now());
            let call = Call::get(url.clone(), headers, left);
            let response = self.exchange(self.asset(), call).await?;
            match redirect(&response, &url) {
                Some(target) => url = target,
                None if response.status() == StatusCode::OK => {
                    return Ok(Download { body: response });
                }
                None => return Err(self.refusal(response, credential).await),
            }
        }
        Err(UpstreamError::Malformed {
            what: "too many redirects",
        })
    }
}

fn asset_url(base: &Url, path_or_url: &str) -> Result<Url, UpstreamError> {
    let text = path_or_url.trim();
    let is_absolute = text.get(..8).unwrap_or(text).contains("://");
    if is_absolute {
        return Url::parse(text).map_err(|_| UpstreamError::Malformed {
            what: "the asset address is not valid",
        });
    }
    let (path, query) = match text.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (text, None),
    };
    let mut url = with_path(base, &format!("/{}", path.trim_start_matches('/')));
    url.set_query(query);
    Ok(url)
}

/// Whether account cookies may go there: scheme, host and port must fit.
fn is_trusted(base: &Url, url: &Url) -> bool {
    let has_userinfo = !url.username().is_empty() || url.password().is_some();
    let is_known = url.scheme() == "https"
        && url.port().is_none()
        && url
            .host_str()
            .is_some_and(|host| TRUSTED_HOSTS.contains(&host));
    !has_userinfo && (is_known || url.origin() == base.origin())
}

fn redirect(response: &reqwest::Response, from: &Url) -> Option<Url> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let target = response.headers().get(LOCATION)?.to_str().ok()?;
    from.join(target).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Url {
        Url::parse("https://assets.grok.com").unwrap()
    }

    #[test]
    fn relative_paths_stay_on_the_asset_host() {
        let rows = [
            ("users/u1/a.jpg", "https://assets.grok.com/users/u1/a.jpg"),
            (
                "/users/u1/a b.jpg?x=1",
                "https://assets.grok.com/users/u1/a%20b.jpg?x=1",
            ),
            ("//evil.test/a", "https://assets.grok.com/evil.test/a"),
            ("/\\evil.test/a", "https://assets.grok.com//evil.test/a"),
            ("https://imgen.x.ai/a", "https://imgen.x.ai/a"),
        ];
        for (text, expected) in rows {
            assert_eq!(
                asset_url(&base(), text).unwrap().as_str(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn only_known_origins_are_trusted() {
        let trusted = |url: &str| is_trusted(&base(), &Url::parse(url).unwrap());
        for url in [
            "https://assets.grok.com/a",
            "https://imagine-public.x.ai/a",
            "https://imgen.x.ai/a",
        ] {
            assert!(trusted(url), "{url}");
        }
        for url in [
            "http://assets.grok.com/a",
            "https://assets.grok.com:8443/a",
            "https://assets.grok.com.evil.test/a",
            "https://assets.grok.com@evil.test/a",
            "https://u:p@assets.grok.com/a",
            "http://imgen.x.ai/a",
            "https://imgen.x.ai:444/a",
            "https://grok.com/a",
            "file:///etc/passwd",
        ] {
            assert!(!trusted(url), "{url}");
        }
    }
}

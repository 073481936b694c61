//! Files of the upstream (`upstream-protocol` 2.4, hosts of 1.1).

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{Method, StatusCode};
use url::Url;

use crate::client::Client;
use crate::error::UpstreamError;
use crate::net::{Body, Request, Traffic};

/// Hosts besides those of the settings that results lead to.
const RESULT_HOSTS: [&str; 2] = ["imagine-public.x.ai", "imgen.x.ai"];
const MAX_REDIRECTS: usize = 3;

/// A file on its way. Dropping it ends the download.
pub struct Download {
    /// As declared; what it is has not been looked at.
    pub mime: Option<String>,
    body: Body,
}

impl Download {
    /// The next bytes, or `None` at the end.
    ///
    /// # Errors
    /// The connection broke, or the file ended too early.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, UpstreamError> {
        self.body.chunk().await
    }

    /// All of it.
    ///
    /// # Errors
    /// It is larger than `limit_bytes`, or broke off.
    pub async fn whole(mut self, limit_bytes: usize) -> Result<Bytes, UpstreamError> {
        let mut file = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if file.len() + chunk.len() > limit_bytes {
                return Err(UpstreamError::TooLarge { limit_bytes });
            }
            file.extend_from_slice(&chunk);
        }
        Ok(file.freeze())
    }
}

impl Client {
    /// Begins to download a file by the address that the upstream gave, relative ones below the asset
    /// host. Other hosts than the upstream's are refused, and the account's cookies go to the asset
    /// host only, also after a redirect.
    ///
    /// # Errors
    /// As every call; [`UpstreamError::Malformed`] for an address that leads elsewhere.
    pub async fn download(
        &self,
        credential: &str,
        address: &str,
    ) -> Result<Download, UpstreamError> {
        let mut url = self.result_url(self.assets_url(), address)?;
        for _ in 0..=MAX_REDIRECTS {
            let is_ours = url.origin() == self.assets_url().origin();
            let request = Request {
                method: Method::GET,
                headers: self.headers().download(credential, &url, is_ours)?,
                url: url.clone(),
                body: Bytes::new(),
            };
            let (way, response) = self.dispatch(Traffic::Files, &request, credential).await?;
            if response.status == StatusCode::OK {
                way.passed();
                let mime = response.headers.get(CONTENT_TYPE);
                return Ok(Download {
                    mime: mime.and_then(|mime| Some(mime.to_str().ok()?.to_owned())),
                    body: response.body,
                });
            }
            let next = response.headers.get(LOCATION);
            let next = next.filter(|_| response.status.is_redirection());
            let Some(next) = next.and_then(|next| next.to_str().ok()) else {
                return Err(self.refusal(&way, response, credential).await);
            };
            url = self.result_url(&url, next)?;
        }
        Err(UpstreamError::Malformed {
            what: "a file redirects in circles",
        })
    }

    /// The address of a result, if it is the upstream's.
    fn result_url(&self, base: &Url, address: &str) -> Result<Url, UpstreamError> {
        let url = base.join(address).ok();
        url.filter(|url| self.is_result_host(url))
            .ok_or(UpstreamError::Malformed {
                what: "a file lies at a foreign address",
            })
    }

    fn is_result_host(&self, url: &Url) -> bool {
        let is_known = url.scheme() == "https"
            && url
                .host_str()
                .is_some_and(|host| RESULT_HOSTS.contains(&host))
            && url.port().is_none();
        let is_set = [self.assets_url(), self.web_url_base()]
            .iter()
            .any(|base| base.origin() == url.origin());
        is_known || is_set
    }
}

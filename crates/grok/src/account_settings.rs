//! Settings that the holder of an account makes at the upstream (`upstream-protocol` 2.10, 2.11, 8.6):
//! agreement to the terms, birth date, adult content. Each is a call of its own; nothing here decides
//! that it is made, and a birth date comes from the caller or is not sent.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};
use url::Url;

use crate::classify;
use crate::client::{Client, below, refusal_body};
use crate::error::UpstreamError;
use crate::grpc_web;
use crate::headers::name_grpc_client;
use crate::net::{Request, Traffic};
use crate::protocol::Protocol;

const ACCEPT_TERMS: &str = "/auth_mgmt.AuthManagement/SetTosAcceptedVersion";
/// Field 2 (varint) = 1.
const TERMS_MESSAGE: &[u8] = &[0x10, 0x01];
const CHANGE_FEATURES: &str = "/auth_mgmt.AuthManagement/UpdateUserFeatureControls";
/// Field 1: { field 2 (varint) = 1 }, field 2: { field 1: 24 bytes of text }.
const FEATURES_MESSAGE: &[u8] = b"\x0a\x02\x10\x01\x12\x1a\x0a\x18always_show_nsfw_content";
/// Version of the product's terms.
const PRODUCT_TERMS: u32 = 5;
/// In the body of a 429 that says no more than that the date is settled.
const DATE_IS_LOCKED: &str = "birth-date-change-limit-reached";

/// What became of a birth date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BirthDate {
    Set,
    /// The account has one already, which cannot be changed any more.
    Locked,
}

/// The end of a JSON call of which only the status matters.
enum Posted {
    Done,
    /// Another status than 200 and 204, and what the body says.
    Refused(UpstreamError, Vec<u8>),
}

impl Client {
    /// Agrees to the terms of the accounts' site for the account.
    ///
    /// # Errors
    /// As every call; a gRPC status counts as the HTTP status that it stands for.
    pub async fn accept_account_terms(
        &self,
        credential: &str,
        timeout: Duration,
    ) -> Result<(), UpstreamError> {
        let site = self.accounts_url();
        let headers = self
            .headers()
            .grpc_web_at((site, "accept-tos"), credential)?;
        let request = message(below(site, ACCEPT_TERMS), headers, TERMS_MESSAGE);
        self.call_grpc(&request, credential, timeout).await
    }

    /// Agrees to the product's terms for the account, which older upstreams do not know.
    ///
    /// # Errors
    /// As every call.
    pub async fn accept_product_terms(
        &self,
        credential: &str,
        timeout: Duration,
    ) -> Result<(), UpstreamError> {
        if self.protocol() == Protocol::February {
            return Ok(());
        }
        let path = "/rest/auth/set-tos-accepted";
        let body = json!({"tosVersion": PRODUCT_TERMS});
        let posted = self.post_unread((path, ""), &body, credential, timeout);
        match posted.await? {
            Posted::Done => Ok(()),
            Posted::Refused(error, _) if matches!(error.status(), Some(404 | 405)) => Ok(()),
            Posted::Refused(error, _) => Err(error),
        }
    }

    /// Tells the account's birth date, `YYYY-MM-DD`.
    ///
    /// # Errors
    /// As every call.
    pub async fn set_birth_date(
        &self,
        credential: &str,
        date: &str,
        timeout: Duration,
    ) -> Result<BirthDate, UpstreamError> {
        let page = match self.protocol() {
            Protocol::February => "?_s=home",
            Protocol::Auto | Protocol::August => "",
        };
        let body = json!({"birthDate": format!("{date}T16:00:00.000Z")});
        let path = "/rest/auth/set-birth-date";
        let posted = self.post_unread((path, page), &body, credential, timeout);
        match posted.await? {
            Posted::Done => Ok(BirthDate::Set),
            Posted::Refused(error, body) => {
                let is_locked = String::from_utf8_lossy(&body).contains(DATE_IS_LOCKED);
                match error.status() {
                    Some(429) if is_locked => Ok(BirthDate::Locked),
                    _ => Err(error),
                }
            }
        }
    }

    /// Switches the account's setting on that adult content is always shown.
    ///
    /// # Errors
    /// As [`Client::accept_account_terms`].
    pub async fn show_adult_content(
        &self,
        credential: &str,
        timeout: Duration,
    ) -> Result<(), UpstreamError> {
        let headers = match self.protocol() {
            Protocol::February => {
                name_grpc_client(self.headers().grpc_web("?_s=data", credential)?)
            }
            Protocol::Auto | Protocol::August => self.headers().grpc_web("", credential)?,
        };
        let request = message(self.web_url(CHANGE_FEATURES), headers, FEATURES_MESSAGE);
        self.call_grpc(&request, credential, timeout).await
    }

    async fn call_grpc(
        &self,
        request: &Request,
        credential: &str,
        timeout: Duration,
    ) -> Result<(), UpstreamError> {
        let asked = self.ask_bytes(Traffic::Web, request, credential, timeout);
        let (headers, body) = asked.await?;
        let status = grpc_web::read(&headers, &body)?;
        match status.code {
            0 => Ok(()),
            code => {
                let secrets = self.secrets(credential);
                Err(classify::grpc(code, &status.message, &secrets))
            }
        }
    }

    async fn post_unread(
        &self,
        (path, page): (&str, &str),
        body: &Value,
        credential: &str,
        timeout: Duration,
    ) -> Result<Posted, UpstreamError> {
        let request = Request {
            method: Method::POST,
            url: self.web_url(path),
            headers: self.headers().json_from(page, credential)?,
            body: Bytes::from(body.to_string()),
        };
        let posting = async {
            let sent = self.dispatch(Traffic::Web, &request, credential);
            let (way, mut response) = sent.await?;
            if matches!(response.status, StatusCode::OK | StatusCode::NO_CONTENT) {
                way.passed();
                return Ok(Posted::Done);
            }
            let body = refusal_body(&mut response).await;
            let answer = (response.status, &response.headers, body.as_slice());
            let error = self.refused(&way, answer, credential);
            Ok(Posted::Refused(error, body))
        };
        let posted = tokio::time::timeout(timeout, posting).await;
        posted.map_err(|_| UpstreamError::Timeout)?
    }
}

fn message(url: Url, headers: HeaderMap, message: &[u8]) -> Request {
    Request {
        method: Method::POST,
        url,
        headers,
        body: grpc_web::encode(message),
    }
}

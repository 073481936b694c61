//! What an account may still make of pictures and videos (`upstream-protocol` 8.6).

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::classify::whole_number;
use crate::client::Client;
use crate::error::UpstreamError;
use crate::net::{Request, Traffic};

const PATH: &str = "/rest/media/imagine/quota_info";
const PRODUCTS: [&str; 5] = ["image", "imagePro", "imageEdit", "video", "video720p"];

/// What is left of one product. Those that the account is not offered are not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProductQuota {
    /// `image`, `imagePro`, `imageEdit`, `video` or `video720p`.
    pub product: &'static str,
    pub remaining: u32,
    pub window: Option<Duration>,
    /// When something is left again, in unix milliseconds.
    pub next_available_ms: Option<i64>,
}

impl Client {
    /// Asks what is left of each product.
    ///
    /// # Errors
    /// As every call.
    pub async fn imagine_quota(
        &self,
        credential: &str,
        timeout: Duration,
    ) -> Result<Vec<ProductQuota>, UpstreamError> {
        let request = Request {
            method: Method::POST,
            url: self.web_url(PATH),
            headers: self.headers().imagine(credential)?,
            body: Bytes::from_static(b"{}"),
        };
        let answer = self
            .ask(Traffic::Web, &request, credential, timeout)
            .await?;
        let read = |name| read(name, answer.get(name)?);
        Ok(PRODUCTS.into_iter().filter_map(read).collect())
    }
}

fn read(product: &'static str, told: &Value) -> Option<ProductQuota> {
    let number = |key| told.get(key).and_then(whole_number);
    let is_available = told.get("available").and_then(Value::as_bool);
    let remaining = match (number("remainingQueries"), is_available) {
        (_, Some(false)) => 0,
        (Some(number), _) => u32::try_from(number.max(0)).unwrap_or(u32::MAX),
        (None, _) => return None,
    };
    let window = number("windowSizeSeconds").and_then(|secs| u64::try_from(secs).ok());
    let next = told.get("nextAvailableAt").and_then(Value::as_str);
    Some(ProductQuota {
        product,
        remaining,
        window: window.filter(|secs| *secs > 0).map(Duration::from_secs),
        next_available_ms: next.and_then(instant_ms),
    })
}

fn instant_ms(text: &str) -> Option<i64> {
    let at = OffsetDateTime::parse(text.trim(), &Rfc3339).ok()?;
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_documented_answer_is_read() {
        let told = json!({"available": true, "remainingQueries": 2, "windowSizeSeconds": 86400,
            "nextAvailableAt": "2026-08-18T04:47:49Z"});
        let expected = ProductQuota {
            product: "video",
            remaining: 2,
            window: Some(Duration::from_secs(86_400)),
            next_available_ms: Some(1_787_028_469_000),
        };
        assert_eq!(read("video", &told), Some(expected));
    }

    #[test]
    fn what_is_not_offered_or_not_understood_is_not_told() {
        assert_eq!(read("video", &Value::Null), None);
        assert_eq!(read("video", &json!({"available": true})), None);
        let gone = read(
            "video",
            &json!({"available": false, "nextAvailableAt": "soon"}),
        );
        let gone = gone.unwrap();
        assert_eq!((gone.remaining, gone.next_available_ms), (0, None));
    }
}

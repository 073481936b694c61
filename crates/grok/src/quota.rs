//! Quota of an account (`upstream-protocol` 2.2).

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::classify::whole_number;
use crate::client::Client;
use crate::error::UpstreamError;
use crate::net::Traffic;

/// What an account may still ask in its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    pub remaining: u32,
    pub total: Option<u32>,
    pub window: Option<Duration>,
}

/// Objects in which the upstream also puts the fields.
const NESTED_IN: [&str; 2] = ["limits", "rateLimits"];

impl Client {
    /// Asks for the remaining quota for `model_name` (the upstream's name).
    ///
    /// # Errors
    /// As every call; [`UpstreamError::Malformed`] when the answer names no remaining count.
    pub async fn rate_limits(
        &self,
        credential: &str,
        model_name: &str,
        timeout: Duration,
    ) -> Result<RateLimits, UpstreamError> {
        let body = json!({"requestKind": "DEFAULT", "modelName": model_name});
        self.quota_of(credential, &body, timeout).await
    }

    /// Asks in the words of `body`.
    pub(crate) async fn quota_of(
        &self,
        credential: &str,
        body: &Value,
        timeout: Duration,
    ) -> Result<RateLimits, UpstreamError> {
        let answer = self
            .post_json(
                Traffic::Web,
                "/rest/rate-limits",
                credential,
                Bytes::from(body.to_string()),
                timeout,
            )
            .await?;
        read(&answer).ok_or(UpstreamError::Malformed {
            what: "no remaining quota in the answer",
        })
    }
}

fn read(answer: &Value) -> Option<RateLimits> {
    let window = find(answer, &["windowSizeSeconds", "window_size_seconds"]);
    Some(RateLimits {
        remaining: count(find(answer, &["remainingTokens", "remainingQueries"])?),
        total: find(answer, &["totalTokens", "totalQueries"]).map(count),
        window: window
            .and_then(|seconds| u64::try_from(seconds).ok())
            .filter(|seconds| *seconds > 0)
            .map(Duration::from_secs),
    })
}

/// The first of `keys` that holds a number, at the top or in a nested object.
fn find(answer: &Value, keys: &[&str]) -> Option<i64> {
    let places =
        || std::iter::once(answer).chain(NESTED_IN.iter().filter_map(|name| answer.get(*name)));
    keys.iter()
        .find_map(|key| places().find_map(|place| place.get(*key).and_then(whole_number)))
}

fn count(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(answer: Value) -> Option<(u32, Option<u32>, Option<u64>)> {
        read(&answer).map(|l| (l.remaining, l.total, l.window.map(|w| w.as_secs())))
    }

    #[test]
    fn the_documented_answer_is_read() {
        let answer = json!({"windowSizeSeconds":72000,"remainingQueries":61,"totalQueries":80});
        assert_eq!(limits(answer), Some((61, Some(80), Some(72000))));
    }

    #[test]
    fn remaining_tokens_win_and_spellings_and_places_vary() {
        let answer = json!({"remainingTokens":3,"remainingQueries":61,"window_size_seconds":7200});
        assert_eq!(limits(answer), Some((3, None, Some(7200))));
        let answer = json!({"remainingQueries":1,"limits":{"windowSizeSeconds":"7200"}});
        assert_eq!(limits(answer), Some((1, None, Some(7200))));
        let answer = json!({"rateLimits":{"window_size_seconds":7200.0,"remainingQueries":2.0}});
        assert_eq!(limits(answer), Some((2, None, Some(7200))));
    }

    #[test]
    fn odd_numbers_do_no_harm_and_none_is_none() {
        assert_eq!(
            limits(json!({"remainingQueries":-4,"windowSizeSeconds":0})),
            Some((0, None, None))
        );
        assert_eq!(
            limits(json!({"remainingQueries":9e12})),
            Some((u32::MAX, None, None))
        );
        assert_eq!(
            limits(json!({"remainingTokens":null,"remainingQueries":5})),
            Some((5, None, None))
        );
        assert_eq!(limits(json!({"windowSizeSeconds":7200})), None);
        assert_eq!(limits(json!([])), None);
    }
}

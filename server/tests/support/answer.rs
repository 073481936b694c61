//! What a client saw.

use reqwest::Response;
use serde_json::Value;

/// A JSON answer.
#[derive(Debug)]
pub(crate) struct Plain {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<u64>,
    pub(crate) request_id: String,
    pub(crate) json: Value,
}

impl Plain {
    pub(crate) async fn read(response: Response) -> Self {
        let header = |name: &str| {
            let value = response.headers().get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        let retry_after = header("retry-after").map(|value| value.parse().unwrap());
        let (status, request_id) = head(&response);
        let json = response.json().await.expect("every answer is JSON");
        Self {
            status,
            retry_after,
            request_id,
            json,
        }
    }

    /// Text of the only choice of a good answer.
    pub(crate) fn text(&self) -> &str {
        assert_eq!(self.status, 200, "{}", self.json);
        assert_eq!(
            self.json["choices"][0]["finish_reason"], "stop",
            "{}",
            self.json
        );
        self.json["choices"][0]["message"]["content"]
            .as_str()
            .unwrap()
    }

    pub(crate) fn message(&self) -> &str {
        self.json["error"]["message"].as_str().unwrap_or_default()
    }

    /// Checks status, code and form of an error.
    pub(crate) fn assert_error(&self, status: u16, code: &str) {
        assert_eq!(
            (self.status, &self.json["error"]["code"]),
            (status, &code.into()),
            "{self:?}"
        );
        assert_eq!(self.json["error"]["request_id"], self.request_id.as_str());
        assert!(
            self.json["error"]["type"].is_string() && self.json["error"].get("param").is_some()
        );
        assert!(!self.message().is_empty());
    }
}

/// A streamed answer, or the JSON error that came instead of one.
#[derive(Debug)]
pub(crate) struct Streamed {
    pub(crate) status: u16,
    pub(crate) request_id: String,
    /// Data of all events but `[DONE]`.
    pub(crate) events: Vec<Value>,
    /// The stream ended with `[DONE]`.
    pub(crate) is_done: bool,
}

impl Streamed {
    pub(crate) async fn read(response: Response) -> Self {
        let (status, request_id) = head(&response);
        let bytes = response
            .bytes()
            .await
            .expect("our own stream always ends cleanly");
        Self::parse(status, request_id, &bytes)
    }

    /// Reads the complete events among these bytes.
    pub(crate) fn parse(status: u16, request_id: String, bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        if status != 200 {
            let events = vec![serde_json::from_str(&text).unwrap()];
            return Self {
                status,
                request_id,
                events,
                is_done: false,
            };
        }
        let complete = text.rfind("\n\n").map_or("", |end| &text[..end]);
        let data = complete
            .lines()
            .filter_map(|line| line.strip_prefix("data: "));
        let mut events: Vec<&str> = data.collect();
        let is_done = events.pop_if(|last| *last == "[DONE]").is_some();
        let events = events
            .into_iter()
            .map(|data| serde_json::from_str(data).unwrap())
            .collect();
        Self {
            status,
            request_id,
            events,
            is_done,
        }
    }

    /// Code of the error that came instead of an end.
    pub(crate) fn code(&self) -> Option<&str> {
        self.events.last()?["error"]["code"].as_str()
    }

    pub(crate) fn has_text(&self) -> bool {
        !self.text().is_empty()
    }

    /// Reasoning of all deltas.
    pub(crate) fn reasoning(&self) -> String {
        self.events
            .iter()
            .filter_map(|event| event["choices"][0]["delta"]["reasoning_content"].as_str())
            .collect()
    }

    /// Text of all deltas.
    pub(crate) fn text(&self) -> String {
        self.events
            .iter()
            .filter_map(|event| event["choices"][0]["delta"]["content"].as_str())
            .collect()
    }

    /// The `finish_reason` of the last chunk.
    pub(crate) fn finish_reason(&self) -> Option<&str> {
        self.events
            .iter()
            .find_map(|event| event["choices"][0]["finish_reason"].as_str())
    }

    /// Checks that the stream broke with this code after some text.
    pub(crate) fn assert_broken(&self, code: &str) {
        assert_eq!(self.status, 200, "{self:?}");
        let last = self.events.last().unwrap();
        assert_eq!(last["error"]["code"], code, "{self:?}");
        assert!(last["error"]["request_id"].is_string());
        assert!(self.has_text(), "{self:?}");
        assert_eq!(self.finish_reason(), None, "a broken answer did not finish");
    }

    /// Checks that an error came instead of a stream.
    pub(crate) fn assert_error(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.events[0]["error"]["code"], code, "{self:?}");
    }
}

/// Status and request id of any answer.
pub(crate) fn head(response: &Response) -> (u16, String) {
    let id = response.headers().get("x-request-id");
    let id = id.expect("every answer has a request id").to_str().unwrap();
    (response.status().as_u16(), id.to_owned())
}

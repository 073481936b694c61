//! Uploads of caller files (`upstream-protocol` 2.3).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

use crate::client::Client;
use crate::error::UpstreamError;

/// Encoding more than this would hold up the other tasks of the thread.
const ENCODE_INLINE_BYTES: usize = 256 * 1024;

/// A file to upload.
#[derive(Debug, Clone)]
pub struct Upload {
    pub name: String,
    pub mime: String,
    pub content: Bytes,
}

/// Where the upstream put a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uploaded {
    /// What chat calls refer to.
    pub file_metadata_id: String,
    /// Relative to the asset host unless absolute; empty when not told.
    pub file_uri: String,
}

impl Client {
    /// Uploads a file for the account.
    ///
    /// # Errors
    /// As every call; [`UpstreamError::Malformed`] when the answer names no id.
    pub async fn upload(
        &self,
        credential: &str,
        upload: &Upload,
        timeout: Duration,
    ) -> Result<Uploaded, UpstreamError> {
        let body = if upload.content.len() <= ENCODE_INLINE_BYTES {
            body(upload)
        } else {
            let upload = upload.clone();
            tokio::task::spawn_blocking(move || body(&upload))
                .await
                .map_err(|_| UpstreamError::Malformed {
                    what: "the file could not be encoded",
                })?
        };
        let path = "/rest/app-chat/upload-file";
        let answer = self
            .post_json(self.asset(), path, credential, Bytes::from(body), timeout)
            .await?;
        read(&answer).ok_or(UpstreamError::Malformed {
            what: "no file id in the answer",
        })
    }
}

/// The JSON text, written straight into one buffer: files are large.
fn body(upload: &Upload) -> String {
    let encoded_bytes = upload.content.len().div_ceil(3) * 4;
    let mut text = String::with_capacity(encoded_bytes + 256 + upload.name.len() * 2);
    text.push_str("{\"fileName\":");
    text.push_str(&Value::from(upload.name.as_str()).to_string());
    text.push_str(",\"fileMimeType\":");
    text.push_str(&Value::from(upload.mime.as_str()).to_string());
    text.push_str(",\"content\":\"");
    STANDARD.encode_string(&upload.content, &mut text);
    text.push_str("\"}");
    text
}

fn read(answer: &Value) -> Option<Uploaded> {
    let place = answer
        .get("fileMetadata")
        .filter(|inner| inner.is_object())
        .unwrap_or(answer);
    let text = |key: &str| {
        place
            .get(key)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    Some(Uploaded {
        file_metadata_id: text("fileMetadataId").or_else(|| text("fileId"))?,
        file_uri: text("fileUri").unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_body_is_the_documented_json() {
        let upload = Upload {
            name: "c\"at.png".to_owned(),
            mime: "image/png".to_owned(),
            content: Bytes::from_static(b"\x89PNG\r\n"),
        };
        let parsed: Value = serde_json::from_str(&body(&upload)).unwrap();
        let expected =
            json!({"fileName":"c\"at.png","fileMimeType":"image/png","content":"iVBORw0K"});
        assert_eq!(parsed, expected);
    }

    #[test]
    fn ids_are_found_in_old_and_new_answers() {
        let id = |answer: Value| read(&answer).map(|u| (u.file_metadata_id, u.file_uri));
        let both = |id: &str, uri: &str| Some((id.to_owned(), uri.to_owned()));
        let answer = json!({"fileMetadataId":"5d1c","fileUri":"users/u1/5d1c/content"});
        assert_eq!(id(answer), both("5d1c", "users/u1/5d1c/content"));
        assert_eq!(id(json!({"fileMetadata":{"fileId":"f"}})), both("f", ""));
        assert_eq!(id(json!({"fileMetadataId":""})), None);
        assert_eq!(id(json!("x")), None);
    }
}

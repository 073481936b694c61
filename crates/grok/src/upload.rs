//! Uploads of caller files (`upstream-protocol` 2.3).

use std::time::Duration;

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Serialize, Serializer};
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

impl Client {
    /// Uploads a file for the account and returns the id by which chat calls refer to it.
    ///
    /// # Errors
    /// As every call; [`UpstreamError::Malformed`] when the answer names no id.
    pub async fn upload(
        &self,
        credential: &str,
        upload: &Upload,
        timeout: Duration,
    ) -> Result<String, UpstreamError> {
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
            .post_json(self.asset(), path, credential, body.into(), timeout)
            .await?;
        read(&answer).ok_or(UpstreamError::Malformed {
            what: "no file id in the answer",
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    file_name: &'a str,
    file_mime_type: &'a str,
    #[serde(serialize_with = "base64")]
    content: &'a [u8],
}

/// Encodes while it is written: files are large.
fn base64<S: Serializer>(content: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Base64Display::new(content, &STANDARD))
}

fn body(upload: &Upload) -> Vec<u8> {
    let encoded_bytes = upload.content.len().div_ceil(3) * 4;
    let mut text = Vec::with_capacity(encoded_bytes + 256 + upload.name.len() * 2);
    let body = Body {
        file_name: &upload.name,
        file_mime_type: &upload.mime,
        content: &upload.content,
    };
    // Cannot fail: texts and bytes always have a JSON form, and memory takes any length.
    let _ = serde_json::to_writer(&mut text, &body);
    text
}

/// The id, in old and new answers.
fn read(answer: &Value) -> Option<String> {
    let place = answer
        .get("fileMetadata")
        .filter(|inner| inner.is_object())
        .unwrap_or(answer);
    ["fileMetadataId", "fileId"]
        .into_iter()
        .filter_map(|key| place.get(key)?.as_str())
        .find(|id| !id.is_empty())
        .map(str::to_owned)
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
        assert_eq!(
            String::from_utf8(body(&upload)).unwrap(),
            r#"{"fileName":"c\"at.png","fileMimeType":"image/png","content":"iVBORw0K"}"#
        );
    }

    #[test]
    fn the_id_is_found_in_old_and_new_answers() {
        for (answer, id) in [
            (
                json!({"fileMetadataId":"5d1c","fileUri":"users/u1/5d1c/content"}),
                Some("5d1c"),
            ),
            (json!({"fileMetadata":{"fileId":"f"}}), Some("f")),
            (
                json!({"fileMetadata":{"fileMetadataId":"m","fileId":"f"}}),
                Some("m"),
            ),
            (json!({"fileMetadataId":"","fileId":"f"}), Some("f")),
            (json!({"fileMetadata":null,"fileId":"f"}), Some("f")),
            (json!({"fileMetadataId":""}), None),
            (json!({"fileMetadataId":1}), None),
            (json!("x"), None),
        ] {
            assert_eq!(read(&answer).as_deref(), id, "{answer}");
        }
    }
}

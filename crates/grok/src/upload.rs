//! Uploads of caller files (`upstream-protocol` 2.3, and 8.3 for today's form).

mod form;

use std::time::Duration;

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Method;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::client::Client;
use crate::error::UpstreamError;
use crate::net::{Request, Traffic};

const FORM_PATH: &str = "/http/upload-file-v2/direct";
const JSON_PATH: &str = "/rest/app-chat/upload-file";

/// Encoding more than this would hold up the other tasks of the thread.
const ENCODE_INLINE_BYTES: usize = 256 * 1024;

/// A file to upload.
#[derive(Debug, Clone)]
pub struct Upload {
    pub name: String,
    pub mime: String,
    pub content: Bytes,
    /// For an edit or a video rather than a chat.
    pub is_for_imagine: bool,
}

/// An uploaded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uploaded {
    /// By which chats and today's edits refer to it.
    pub id: String,
    /// Where it lies, below the asset host unless it is absolute: older edits and videos refer to it
    /// by that. Empty when the upstream did not say.
    pub uri: String,
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
        let newer = self.upload_form(credential, upload, timeout);
        let older = self.upload_json(credential, upload, timeout);
        let answer = self
            .learned()
            .upload
            .call(self.protocol(), newer, older)
            .await?;
        read(&answer)
    }

    async fn upload_form(
        &self,
        credential: &str,
        upload: &Upload,
        timeout: Duration,
    ) -> Result<Value, UpstreamError> {
        let (body, mime) = form::of(upload);
        let request = Request {
            method: Method::POST,
            url: self.web_url(FORM_PATH),
            headers: self.headers().form(credential, &mime)?,
            body,
        };
        self.ask(Traffic::Files, &request, credential, timeout)
            .await
    }

    async fn upload_json(
        &self,
        credential: &str,
        upload: &Upload,
        timeout: Duration,
    ) -> Result<Value, UpstreamError> {
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
        self.post_json(Traffic::Files, JSON_PATH, credential, body.into(), timeout)
            .await
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

/// Id and address, in old and new answers.
fn read(answer: &Value) -> Result<Uploaded, UpstreamError> {
    let text = |place: &Value, key: &str| {
        let text = place.get(key)?.as_str()?;
        (!text.is_empty()).then(|| text.to_owned())
    };
    if text(answer, "terminalError").is_some() {
        return Err(UpstreamError::Malformed {
            what: "the upload was not taken",
        });
    }
    let place = answer
        .get("fileMetadata")
        .filter(|inner| inner.is_object())
        .unwrap_or(answer);
    let id = text(place, "fileMetadataId")
        .or_else(|| text(place, "fileId"))
        .or_else(|| text(answer, "uploadId"));
    let id = id.ok_or(UpstreamError::Malformed {
        what: "no file id in the answer",
    })?;
    Ok(Uploaded {
        id,
        uri: text(place, "fileUri").unwrap_or_default(),
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
            is_for_imagine: false,
        };
        assert_eq!(
            String::from_utf8(body(&upload)).unwrap(),
            r#"{"fileName":"c\"at.png","fileMimeType":"image/png","content":"iVBORw0K"}"#
        );
    }

    #[test]
    fn the_id_is_found_in_old_and_new_answers() {
        for (answer, found) in [
            (
                json!({"fileMetadataId":"5d1c","fileUri":"users/u1/5d1c/content"}),
                Some(("5d1c", "users/u1/5d1c/content")),
            ),
            (json!({"fileMetadata":{"fileId":"f"}}), Some(("f", ""))),
            (
                json!({"fileMetadata":{"fileMetadataId":"m","fileId":"f","fileUri":"u"},"uploadId":"x"}),
                Some(("m", "u")),
            ),
            (json!({"fileMetadataId":"","fileId":"f"}), Some(("f", ""))),
            (json!({"fileMetadata":null,"fileId":"f"}), Some(("f", ""))),
            (json!({"fileMetadata":{},"uploadId":"x"}), Some(("x", ""))),
            (json!({"uploadId":"x","terminalError":"too large"}), None),
            (json!({"fileMetadataId":""}), None),
            (json!({"fileMetadataId":1}), None),
            (json!("x"), None),
        ] {
            let uploaded = read(&answer).ok();
            let seen = uploaded.as_ref().map(|one| (&*one.id, &*one.uri));
            assert_eq!(seen, found, "{answer}");
        }
    }
}

//! Uploads by `multipart/form-data`, read into the same fields as those by JSON.

use std::convert::Infallible;

use axum::{
    body::Bytes,
    http::{HeaderMap, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// The boundary, if the body is a form.
pub(super) fn boundary(headers: &HeaderMap) -> Option<String> {
    let mime = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    multer::parse_boundary(mime).ok()
}

/// Its fields; `None` for what is no form.
pub(super) async fn read(body: Bytes, boundary: String) -> Option<Value> {
    let body = futures::stream::iter([Ok::<_, Infallible>(body)]);
    let mut form = multer::Multipart::new(body, boundary);
    let mut fields = json!({});
    while let Some(field) = form.next_field().await.ok()? {
        if field.name() == Some("file") {
            fields["fileName"] = field.file_name()?.into();
            fields["fileMimeType"] = field.content_type()?.to_string().into();
            fields["content"] = STANDARD.encode(field.bytes().await.ok()?).into();
        } else {
            let name = field.name()?.to_owned();
            fields[name] = field.text().await.ok()?.into();
        }
    }
    Some(fields)
}

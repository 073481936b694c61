//! `multipart/form-data` (RFC 7578) of API requests.

use std::convert::Infallible;

use axum::body::Bytes;
use futures::stream;
use http::{HeaderMap, header::CONTENT_TYPE};
use multer::Multipart;
use openai::Invalid;

use super::{body::WholeBody, error::ApiError, middleware::body::BodyMemory};

/// Parts of a form at most.
const MAX_PARTS: usize = 64;
/// Longest text of a field, in bytes.
const MAX_TEXT_BYTES: usize = 64 * 1024;

/// Longest name of a part: errors say which part is meant.
const MAX_NAME_BYTES: usize = 256;
/// Longest name of a file, as file systems have it.
const MAX_FILE_NAME_BYTES: usize = 255;

/// A form, in the order of its parts.
#[derive(Debug, Default)]
pub struct Form {
    pub texts: Vec<(String, String)>,
    pub files: Vec<FormFile>,
}

/// A file of a form.
#[derive(Debug)]
pub struct FormFile {
    pub field: String,
    /// Its file name, if there is one.
    pub name: Option<String>,
    /// As declared.
    pub mime: String,
    pub content: Bytes,
}

impl Form {
    /// The boundary between the parts, if the body is a form.
    #[must_use]
    pub fn boundary(headers: &HeaderMap) -> Option<String> {
        let mime = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        multer::parse_boundary(mime).ok()
    }

    /// Reads a form; the memory counts until the form is no longer needed.
    ///
    /// # Errors
    /// `invalid_form`: it is none, or has too many parts or a text or a name that is too long.
    pub async fn read(
        body: WholeBody,
        boundary: String,
    ) -> Result<(Self, Option<BodyMemory>), ApiError> {
        let (bytes, memory) = body.into_parts();
        let body = stream::iter([Ok::<_, Infallible>(bytes)]);
        let mut parts = Multipart::new(body, boundary);
        let mut form = Self::default();
        while let Some(part) = parts.next_field().await.map_err(|error| broken(&error))? {
            if form.texts.len() + form.files.len() == MAX_PARTS {
                return Err(invalid(format!("A form may have at most {MAX_PARTS} parts.")).into());
            }
            form.add(part).await?;
        }
        Ok((form, memory))
    }

    async fn add(&mut self, part: multer::Field<'_>) -> Result<(), ApiError> {
        check_length("The name of a part", part.name(), MAX_NAME_BYTES)?;
        check_length("The name of a file", part.file_name(), MAX_FILE_NAME_BYTES)?;
        let field = part.name().unwrap_or_default().to_owned();
        let name = part.file_name().map(str::to_owned);
        let mime = part.content_type().map(ToString::to_string);
        let content = part.bytes().await.map_err(|error| broken(&error))?;
        if name.is_none()
            && mime
                .as_deref()
                .is_none_or(|mime| mime.starts_with("text/plain"))
        {
            if content.len() > MAX_TEXT_BYTES {
                let message = format!("A text field may have at most {MAX_TEXT_BYTES} bytes.");
                return Err(Invalid::new("invalid_form", field, message).into());
            }
            let text = String::from_utf8_lossy(&content).into_owned();
            self.texts.push((field, text));
            return Ok(());
        }
        self.files.push(FormFile {
            field,
            name: name.filter(|name| !name.is_empty()),
            mime: mime.unwrap_or_else(|| "application/octet-stream".to_owned()),
            content,
        });
        Ok(())
    }
}

fn check_length(what: &str, name: Option<&str>, max: usize) -> Result<(), Invalid> {
    match name.is_some_and(|name| name.len() > max) {
        true => Err(invalid(format!("{what} may have at most {max} bytes."))),
        false => Ok(()),
    }
}

fn invalid(message: String) -> Invalid {
    Invalid::new("invalid_form", "body", message)
}

fn broken(error: &multer::Error) -> ApiError {
    tracing::debug!(%error, "a form cannot be read");
    invalid("The body is no complete `multipart/form-data`.".to_owned()).into()
}

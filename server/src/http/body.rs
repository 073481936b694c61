//! The body of an API request, read as a whole.

use std::io::{self, ErrorKind};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
};
use bytes::BytesMut;
use http::Extensions;
use http_body::Body as _;
use http_body_util::BodyExt;
use tokio::sync::Semaphore;

use super::{AppState, caller::CallerKey, error::ApiError, middleware::body::BodyMemory};

/// A larger body is not parsed on a runtime thread, where every other request would wait for it.
const INLINE_BYTES: usize = 256 * 1024;
/// What is set aside for a body before any of it has come, at most.
const FIRST_BYTES: usize = 64 * 1024;
/// Large bodies that are parsed at the same time.
static PARSING: Semaphore = Semaphore::const_new(2);

/// A whole request body, and its part of the memory for bodies.
pub struct WholeBody {
    bytes: Bytes,
    memory: Option<BodyMemory>,
}

impl WholeBody {
    /// The bytes, and the memory that counts until they are no longer needed.
    #[must_use]
    pub fn into_parts(self) -> (Bytes, Option<BodyMemory>) {
        (self.bytes, self.memory)
    }

    /// What `parse` makes of it, and the memory that counts until that is no longer needed.
    ///
    /// # Errors
    /// What `parse` says.
    pub async fn parse<T, E>(
        self,
        parse: impl FnOnce(&[u8]) -> Result<T, E> + Send + 'static,
    ) -> Result<(T, Option<BodyMemory>), ApiError>
    where
        T: Send + 'static,
        E: Send + 'static,
        ApiError: From<E>,
    {
        let Self { bytes, memory } = self;
        if bytes.len() <= INLINE_BYTES {
            return Ok((parse(&bytes)?, memory));
        }
        let permit = PARSING.acquire().await.map_err(anyhow::Error::from)?;
        let parsing = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            parse(&bytes)
        });
        let parsed = parsing.await.map_err(anyhow::Error::from)?;
        Ok((parsed?, memory))
    }
}

impl FromRequest<AppState> for WholeBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let memory = parts.extensions.remove::<BodyMemory>();
        let collected = collect(body).await;
        let bytes = collected.map_err(|error| why(&error, memory.as_ref()))?;
        check_key_again(&parts.extensions, state)?;
        Ok(Self { bytes, memory })
    }
}

/// A body takes its time, and a key may have been taken out meanwhile.
///
/// # Errors
/// [`ApiError::InvalidApiKey`].
pub(super) fn check_key_again(extensions: &Extensions, state: &AppState) -> Result<(), ApiError> {
    match extensions.get::<CallerKey>() {
        Some(CallerKey(Some(label))) if !state.current.load().has_key(label) => {
            Err(ApiError::InvalidApiKey)
        }
        _ => Ok(()),
    }
}

/// Into one buffer: a body that comes byte by byte would cost fifty bytes for each if its pieces were
/// kept.
async fn collect(mut body: Body) -> Result<Bytes, axum::Error> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(0);
    let mut bytes = BytesMut::with_capacity(announced.min(FIRST_BYTES));
    while let Some(frame) = body.frame().await {
        if let Ok(piece) = frame?.into_data() {
            bytes.extend_from_slice(&piece);
        }
    }
    Ok(bytes.freeze())
}

/// What reading a body failed for.
pub(super) fn why(
    error: &(dyn std::error::Error + 'static),
    memory: Option<&BodyMemory>,
) -> ApiError {
    if let Some(refusal) = memory.and_then(BodyMemory::refusal) {
        return refusal;
    }
    match is_client_gone(error) {
        true => ApiError::ClientGone,
        false => ApiError::UnreadableBody,
    }
}

/// Whether the connection ended, or its HTTP/2 stream, before the body did. What is left is a body
/// that is not HTTP.
fn is_client_gone(error: &(dyn std::error::Error + 'static)) -> bool {
    let causes = || std::iter::successors(Some(error), |error| error.source());
    if let Some(error) = causes().find_map(|cause| cause.downcast_ref::<io::Error>()) {
        return !matches!(
            error.kind(),
            ErrorKind::InvalidInput | ErrorKind::InvalidData
        );
    }
    causes()
        .find_map(|cause| cause.downcast_ref::<hyper::Error>())
        .is_some_and(|error| !error.is_parse())
}

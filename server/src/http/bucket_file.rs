//! A file of the bucket as an answer: the same statuses and headers as for one of the folder.

use std::ops::Range;

use axum::{body::Body, response::Response};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE},
};

use super::error::ApiError;
use crate::media::{bucket::Bucket, folder::Folder, names::type_of_name};

/// What of a file is wanted.
pub(super) struct Wanted<'r> {
    pub(super) folder: Folder,
    pub(super) name: &'r str,
    pub(super) method: &'r Method,
    pub(super) headers: &'r HeaderMap,
}

/// The file, the part of it that `Range` asks for, or its head; `None` if it is not there.
///
/// # Errors
/// 503 when the service does not answer.
pub(super) async fn answer(
    bucket: &Bucket,
    wanted: &Wanted<'_>,
) -> Result<Option<Response>, ApiError> {
    let range = wanted.headers.get(RANGE);
    let mut part = None;
    if range.is_some() || wanted.method == Method::HEAD {
        let size = bucket.size(wanted.folder, wanted.name).await;
        let Some(size) = size.map_err(|error| unavailable(&error))? else {
            return Ok(None);
        };
        part = match range.map(|range| part_of(range, size)) {
            Some(None) => return beyond(size).map(Some),
            Some(Some(part)) => Some((part, size)),
            None => None,
        };
        if wanted.method == Method::HEAD {
            let length = part
                .as_ref()
                .map_or(size, |(part, _)| part.end - part.start);
            return Ok(Some(head(wanted.name, length, part)?));
        }
    }
    let range = part.as_ref().map(|(part, _)| part.clone());
    let got = bucket.get(wanted.folder, wanted.name, range).await;
    let Some(got) = got.map_err(|error| unavailable(&error))? else {
        return Ok(None);
    };
    let length = got.range.end - got.range.start;
    let head = head(wanted.name, length, part)?;
    Ok(Some(head.map(|_| Body::from_stream(got.content))))
}

fn unavailable(error: &std::io::Error) -> ApiError {
    tracing::warn!(%error, "a generated file cannot be read: {error}");
    ApiError::MediaUnavailable
}

fn head(name: &str, length: u64, part: Option<(Range<u64>, u64)>) -> Result<Response, ApiError> {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(type_of_name(name)));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    if let Some((part, size)) = part {
        let told = format!("bytes {}-{}/{size}", part.start, part.end - 1);
        headers.insert(CONTENT_RANGE, value(&told)?);
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

fn beyond(size: u64) -> Result<Response, ApiError> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
    let told = value(&format!("bytes */{size}"))?;
    response.headers_mut().insert(CONTENT_RANGE, told);
    Ok(response)
}

fn value(text: &str) -> Result<HeaderValue, ApiError> {
    Ok(HeaderValue::try_from(text).map_err(anyhow::Error::from)?)
}

/// The part of a file of `size` bytes that a `Range` header names (RFC 9110, 14.1.2); `None` if there
/// is no such part, or it names several.
fn part_of(range: &HeaderValue, size: u64) -> Option<Range<u64>> {
    let (from, to) = range
        .to_str()
        .ok()?
        .trim()
        .strip_prefix("bytes=")?
        .split_once('-')?;
    let part = match (from.trim(), to.trim()) {
        ("", last) => size.saturating_sub(last.parse().ok()?)..size,
        (from, "") => from.parse().ok()?..size,
        (from, to) => {
            let (from, to): (u64, u64) = (from.parse().ok()?, to.parse().ok()?);
            from..to.saturating_add(1).min(size)
        }
    };
    (part.start < part.end).then_some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_a_part_that_there_is() {
        for (text, expected) in [
            ("bytes=0-0", Some(0..1)),
            ("bytes=10-19", Some(10..20)),
            ("bytes=90-200", Some(90..100)),
            ("bytes=90-", Some(90..100)),
            ("bytes=-5", Some(95..100)),
            ("bytes=-500", Some(0..100)),
            ("bytes=-0", None),
            ("bytes=100-", None),
            ("bytes=100-200", None),
            ("bytes=9-8", None),
            ("bytes=0-1,5-6", None),
            ("bytes=a-", None),
            ("lines=0-1", None),
        ] {
            let value = HeaderValue::from_static(text);
            assert_eq!(part_of(&value, 100), expected, "{text}");
        }
        assert_eq!(part_of(&HeaderValue::from_static("bytes=0-"), 0), None);
    }
}

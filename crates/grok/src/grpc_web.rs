//! gRPC-web: the frames of a message and of its answer (`upstream-protocol` 2.11).
//!
//! ```text
//! frame = flag byte · length (4 bytes, big-endian) · payload
//! ```
//!
//! The calls that are made this way answer with a status and nothing else that matters, so of an
//! answer only the status is read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use percent_encoding::percent_decode_str;

use crate::error::UpstreamError;

const TRAILERS: u8 = 0x80;
const COMPRESSED: u8 = 0x01;
const HEAD_BYTES: usize = 5;
/// Stands for a status that is no number.
const CODE_UNKNOWN: i64 = 2;

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Status {
    /// 0 where none is said.
    pub(crate) code: i64,
    pub(crate) message: String,
}

/// A message as the body of a request.
pub(crate) fn encode(message: &[u8]) -> Bytes {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let head = length.to_be_bytes();
    [&[0][..], &head, message].concat().into()
}

/// Reads the status out of an answer; trailers win over headers.
///
/// # Errors
/// [`UpstreamError::Malformed`] for a body that is no sequence of frames or is compressed,
/// [`UpstreamError::Cut`] for one that ends inside a frame.
pub(crate) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Status, UpstreamError> {
    let decoded = match is_text(headers, body) {
        true => Some(decode_text(body)?),
        false => None,
    };
    let header = |name: &str| headers.get(name)?.to_str().ok().map(str::to_owned);
    let (mut code, mut message) = (header("grpc-status"), header("grpc-message"));
    let mut rest = decoded.as_deref().unwrap_or(body);
    while !rest.is_empty() {
        let (flag, payload, behind) = split(rest)?;
        if flag & COMPRESSED != 0 {
            return Err(malformed("a compressed gRPC-web frame"));
        }
        if flag & TRAILERS != 0 {
            let text = String::from_utf8_lossy(payload);
            for (name, value) in text.lines().filter_map(|line| line.split_once(':')) {
                let value = || Some(value.trim().to_owned());
                match name.trim().to_ascii_lowercase().as_str() {
                    "grpc-status" => code = value(),
                    "grpc-message" => message = value(),
                    _ => {}
                }
            }
        }
        rest = behind;
    }
    let message = message.unwrap_or_default();
    Ok(Status {
        code: code.map_or(0, |code| code.trim().parse().unwrap_or(CODE_UNKNOWN)),
        message: percent_decode_str(&message)
            .decode_utf8_lossy()
            .into_owned(),
    })
}

/// Flag and payload of the first frame, and what is behind it.
fn split(bytes: &[u8]) -> Result<(u8, &[u8], &[u8]), UpstreamError> {
    let cut = || UpstreamError::Cut {
        reason: "it ended inside a gRPC-web frame".to_owned(),
    };
    let (head, rest) = bytes.split_first_chunk::<HEAD_BYTES>().ok_or_else(cut)?;
    let [flag, a, b, c, d] = *head;
    let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
    let (payload, behind) = rest.split_at_checked(length).ok_or_else(cut)?;
    Ok((flag, payload, behind))
}

/// Whether the body is base64: it says so, or is nothing else. Frames begin with a byte that is no
/// letter.
fn is_text(headers: &HeaderMap, body: &[u8]) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    if kind.is_some_and(|kind| kind.to_ascii_lowercase().contains("grpc-web-text")) {
        return true;
    }
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=\r\n ".contains(byte);
    body.iter().all(is_letter)
}

/// Each flush of the sender may have been padded by itself.
fn decode_text(body: &[u8]) -> Result<Vec<u8>, UpstreamError> {
    let letters = body.iter().filter(|byte| !byte.is_ascii_whitespace());
    let letters: Vec<u8> = letters.copied().collect();
    let mut bytes = Vec::with_capacity(letters.len() / 4 * 3);
    for group in letters.chunks(4) {
        let padding = group.iter().rev().take_while(|byte| **byte == b'=').count();
        let decoded = STANDARD_NO_PAD.decode(&group[..group.len() - padding]);
        bytes.extend(decoded.map_err(|_| malformed("a gRPC-web text that is no base64"))?);
    }
    Ok(bytes)
}

fn malformed(what: &'static str) -> UpstreamError {
    UpstreamError::Malformed { what }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn trailers(text: &str) -> Vec<u8> {
        let mut frame = encode(text.as_bytes()).to_vec();
        frame[0] = TRAILERS;
        frame
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect()
    }

    fn said(headers: &HeaderMap, body: &[u8]) -> (i64, String) {
        let status = read(headers, body).unwrap();
        (status.code, status.message)
    }

    fn status(code: i64, message: &str) -> (i64, String) {
        (code, message.to_owned())
    }

    #[test]
    fn a_message_is_framed_as_documented() {
        assert_eq!(encode(&[0x10, 1])[..], [0, 0, 0, 0, 2, 0x10, 1]);
        assert_eq!(encode(&[])[..], [0, 0, 0, 0, 0]);
    }

    #[test]
    fn an_answer_without_a_status_is_a_success() {
        let none = HeaderMap::new();
        for body in [&[][..], &[0, 0, 0, 0, 0], &trailers("x: 1\r\n")] {
            assert_eq!(said(&none, body), status(0, ""), "{body:?}");
        }
    }

    #[test]
    fn trailers_win_over_headers_and_are_read_in_any_case() {
        let both = headers(&[("grpc-status", "0"), ("grpc-message", "fine")]);
        assert_eq!(said(&both, &[]), status(0, "fine"));
        let message = encode(b"anything").to_vec();
        let refused = "GRPC-Status: 16\nGrpc-Message:not%20signed%20in%E2%9C%97\n";
        let body = [message, trailers(refused)].concat();
        assert_eq!(said(&both, &body), status(16, "not signed in✗"));
        let odd = headers(&[("grpc-status", "soon")]);
        assert_eq!(said(&odd, &[]), status(CODE_UNKNOWN, ""));
    }

    #[test]
    fn a_text_is_decoded_whether_or_not_it_says_so() {
        let frames = [encode(b"x").to_vec(), trailers("grpc-status: 7\r\n")];
        let whole = STANDARD.encode(frames.concat());
        let flushed = frames.map(|frame| STANDARD.encode(frame)).join("\r\n");
        let named = headers(&[("content-type", "application/grpc-web-text+proto")]);
        for text in [whole, flushed] {
            for headers in [&named, &HeaderMap::new()] {
                assert_eq!(said(headers, text.as_bytes()), status(7, ""), "{text}");
            }
        }
        assert!(read(&named, b"<html>").is_err());
    }

    #[test]
    fn what_is_compressed_cut_or_a_page_is_an_error() {
        let none = HeaderMap::new();
        let mut compressed = trailers("grpc-status: 0\r\n");
        compressed[0] |= COMPRESSED;
        let error = malformed("a compressed gRPC-web frame");
        assert_eq!(read(&none, &compressed), Err(error));
        let whole = trailers("grpc-status: 0\r\n");
        for end in 1..whole.len() {
            assert!(read(&none, &whole[..end]).is_err(), "{end}");
        }
        for page in ["<!DOCTYPE html><title>Sign in</title>", "{\"error\":1}"] {
            assert!(read(&none, page.as_bytes()).is_err(), "{page}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_answer_or_an_error(
            body in prop::collection::vec(any::<u8>(), 0..200),
            is_named in any::<bool>(),
        ) {
            let named = headers(&[("content-type", "application/grpc-web-text")]);
            let _ = read(&if is_named { named } else { HeaderMap::new() }, &body);
        }

        #[test]
        fn a_status_is_found_behind_any_messages(
            messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..4),
            code in 0..17_i64,
            is_text in any::<bool>(),
        ) {
            let mut body: Vec<u8> = messages.iter().flat_map(|one| encode(one)).collect();
            body.extend(trailers(&format!("grpc-status:{code}\r\n")));
            if is_text {
                body = STANDARD.encode(body).into_bytes();
            }
            prop_assert_eq!(said(&HeaderMap::new(), &body), status(code, ""));
        }
    }
}

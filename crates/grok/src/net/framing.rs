//! Where the body of an HTTP/1 answer ends (RFC 9112, 6.3).

use std::io;

use http::StatusCode;
use http::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};

use super::chunked::{Chunked, malformed};

/// State of one body.
#[derive(Debug)]
pub(super) enum Framing {
    /// This many bytes are left.
    Length(u64),
    Chunked(Chunked),
    /// To the end of the connection.
    UntilClose,
}

impl Framing {
    /// # Errors
    /// The head contradicts itself.
    pub(super) fn of(status: StatusCode, headers: &HeaderMap) -> io::Result<Self> {
        if matches!(status.as_u16(), 204 | 304) {
            return Ok(Self::Length(0));
        }
        if let Some(last) = headers.get_all(TRANSFER_ENCODING).iter().next_back() {
            // Whatever else it is coded with, only its last coding says where it ends.
            let coding = last.as_bytes().rsplit(|&byte| byte == b',').next();
            let coding = coding.unwrap_or_default().trim_ascii();
            return Ok(if coding.eq_ignore_ascii_case(b"chunked") {
                Self::Chunked(Chunked::new())
            } else {
                Self::UntilClose
            });
        }
        let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
        let Some(first) = lengths.next() else {
            return Ok(Self::UntilClose);
        };
        if lengths.any(|other| other != first) {
            return Err(malformed("the answer has two lengths"));
        }
        let digits = first.as_bytes().iter().all(u8::is_ascii_digit);
        let length = first.to_str().ok().filter(|_| digits);
        let length = length.and_then(|text| text.parse().ok());
        length
            .map(Self::Length)
            .ok_or_else(|| malformed("the length of the answer is no number"))
    }

    pub(super) fn is_over(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunked(chunked) => chunked.is_over(),
            Self::UntilClose => false,
        }
    }

    /// As [`Chunked::decode`].
    ///
    /// # Errors
    /// As [`Chunked::decode`].
    pub(super) fn decode(&mut self, input: &[u8], out: &mut Vec<u8>) -> io::Result<usize> {
        match self {
            Self::Length(left) => {
                let here = usize::try_from(*left)
                    .unwrap_or(usize::MAX)
                    .min(input.len());
                out.extend_from_slice(&input[..here]);
                *left -= here as u64;
                Ok(here)
            }
            Self::Chunked(chunked) => chunked.decode(input, out),
            Self::UntilClose => {
                out.extend_from_slice(input);
                Ok(input.len())
            }
        }
    }

    /// Judges the end of the connection.
    ///
    /// # Errors
    /// The body is not whole.
    pub(super) fn close(&self) -> io::Result<()> {
        match self {
            Self::UntilClose => Ok(()),
            _ if self.is_over() => Ok(()),
            _ => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the connection was closed",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn framing(status: u16, headers: &[(&'static str, &'static str)]) -> io::Result<String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        Framing::of(StatusCode::from_u16(status).unwrap(), &map).map(|framing| match framing {
            Framing::Length(length) => length.to_string(),
            Framing::Chunked(_) => "chunked".to_owned(),
            Framing::UntilClose => "close".to_owned(),
        })
    }

    #[test]
    fn the_head_says_where_the_body_ends() {
        let chunked = ("transfer-encoding", "chunked");
        let length = ("content-length", "12");
        for (status, headers, expected) in [
            (200, &[chunked][..], "chunked"),
            (200, &[length], "12"),
            (200, &[length, length], "12"),
            (200, &[length, chunked], "chunked"),
            (200, &[("transfer-encoding", "gzip, Chunked ")], "chunked"),
            (200, &[("transfer-encoding", "gzip,chunked")], "chunked"),
            (200, &[("transfer-encoding", "gzip")], "close"),
            (200, &[("transfer-encoding", "xchunked")], "close"),
            (200, &[("transfer-encoding", "chunked, x")], "close"),
            (200, &[], "close"),
            (204, &[length], "0"),
            (304, &[chunked], "0"),
        ] {
            assert_eq!(framing(status, headers).unwrap(), expected, "{headers:?}");
        }
        for lengths in [["12", "13"], ["+12", "+12"], ["", ""], ["1, 2", "1, 2"]] {
            let headers = lengths.map(|length| ("content-length", length));
            assert!(framing(200, &headers).is_err(), "{headers:?}");
        }
    }

    #[test]
    fn a_length_is_counted_down_and_the_rest_stays() {
        let mut framing = Framing::Length(5);
        let mut out = Vec::new();
        assert_eq!(framing.decode(b"abc", &mut out).unwrap(), 3);
        assert!(!framing.is_over() && framing.close().is_err());
        assert_eq!(framing.decode(b"defg", &mut out).unwrap(), 2);
        assert!(framing.is_over() && framing.close().is_ok());
        assert_eq!(out, b"abcde");
    }

    #[test]
    fn without_a_length_the_end_of_the_connection_is_the_end() {
        let mut framing = Framing::UntilClose;
        let mut out = Vec::new();
        assert_eq!(framing.decode(b"abc", &mut out).unwrap(), 3);
        assert!(!framing.is_over() && framing.close().is_ok());
    }
}

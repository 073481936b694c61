//! The chunked transfer coding (RFC 9112, 7.1), taken apart as it comes.

use std::io;

/// Longest line with a size and its extensions, and most bytes of trailers: neither says anything here.
const MAX_LINE_BYTES: usize = 8 * 1024;
/// More hexadecimal digits than any chunk needs.
const MAX_SIZE_DIGITS: usize = 15;

/// Where the decoder stands between two bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Size {
        size: u64,
        digits: usize,
    },
    Extension {
        size: u64,
    },
    Data {
        left: u64,
    },
    /// The line break behind a chunk.
    DataEnd,
    Trailer {
        is_line_empty: bool,
    },
    Over,
}

/// State of one body.
#[derive(Debug)]
pub(super) struct Chunked {
    place: Place,
    /// Bytes of the current line, or of all trailers.
    line_bytes: usize,
}

const START: Place = Place::Size { size: 0, digits: 0 };

impl Chunked {
    pub(super) fn new() -> Self {
        Self {
            place: START,
            line_bytes: 0,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.place == Place::Over
    }

    /// Appends the data in `input` to `out`; how many bytes of `input` were the body's.
    ///
    /// # Errors
    /// This is not the coding.
    pub(super) fn decode(&mut self, input: &[u8], out: &mut Vec<u8>) -> io::Result<usize> {
        let mut at = 0;
        while at < input.len() && self.place != Place::Over {
            if let Place::Data { left } = self.place {
                let here = usize::try_from(left)
                    .unwrap_or(usize::MAX)
                    .min(input.len() - at);
                out.extend_from_slice(&input[at..at + here]);
                at += here;
                let left = left - here as u64;
                self.place = if left == 0 {
                    Place::DataEnd
                } else {
                    Place::Data { left }
                };
                continue;
            }
            self.line_bytes += 1;
            if self.line_bytes > MAX_LINE_BYTES {
                return Err(malformed("a line of a chunked body is too long"));
            }
            self.place = self.after(input[at])?;
            if matches!(self.place, START | Place::Data { .. }) {
                self.line_bytes = 0;
            }
            at += 1;
        }
        Ok(at)
    }

    /// The place behind a byte that is not data.
    fn after(&self, byte: u8) -> io::Result<Place> {
        match (self.place, byte) {
            (Place::Size { size, digits }, _) if byte.is_ascii_hexdigit() => {
                let digit = char::from(byte).to_digit(16).unwrap_or_default();
                if digits == MAX_SIZE_DIGITS {
                    return Err(malformed("a chunk is too large"));
                }
                Ok(Place::Size {
                    size: size * 16 + u64::from(digit),
                    digits: digits + 1,
                })
            }
            (Place::Size { digits: 0, .. }, _) => Err(malformed("a chunk has no size")),
            (Place::Size { size, .. } | Place::Extension { size }, b'\n') => Ok(match size {
                0 => Place::Trailer {
                    is_line_empty: true,
                },
                left => Place::Data { left },
            }),
            (Place::Size { size, .. }, b'\r' | b';' | b' ' | b'\t') => {
                Ok(Place::Extension { size })
            }
            (Place::Size { .. }, _) => Err(malformed("the size of a chunk is no number")),
            (Place::Extension { size }, _) => Ok(Place::Extension { size }),
            (Place::DataEnd, b'\r') => Ok(Place::DataEnd),
            (Place::DataEnd, b'\n') => Ok(START),
            (Place::DataEnd, _) => Err(malformed("a chunk is longer than it said")),
            (Place::Trailer { is_line_empty }, b'\n') if is_line_empty => Ok(Place::Over),
            (Place::Trailer { is_line_empty }, b'\r') => Ok(Place::Trailer { is_line_empty }),
            (Place::Trailer { .. }, b'\n') => Ok(Place::Trailer {
                is_line_empty: true,
            }),
            (Place::Trailer { .. }, _) => Ok(Place::Trailer {
                is_line_empty: false,
            }),
            (place @ (Place::Data { .. } | Place::Over), _) => Ok(place),
        }
    }
}

pub(super) fn malformed(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(pieces: &[&[u8]]) -> io::Result<(Vec<u8>, usize, bool)> {
        let mut chunked = Chunked::new();
        let (mut out, mut taken) = (Vec::new(), 0);
        for piece in pieces {
            taken += chunked.decode(piece, &mut out)?;
        }
        Ok((out, taken, chunked.is_over()))
    }

    const WHOLE: &[u8] =
        b"4\r\nwiki\r\n0A;x=\"y\"\r\n0123456789\r\n1 \r\n!\r\n0\r\nexpires: now\r\nx: y\r\n\r\n";

    #[test]
    fn data_comes_out_and_what_follows_stays() {
        let more = [WHOLE, b"HTTP/1.1"].concat();
        assert_eq!(
            decode(&[&more]).unwrap(),
            (b"wiki0123456789!".to_vec(), WHOLE.len(), true)
        );
        assert_eq!(decode(&[b"0\r\n\r\n"]).unwrap(), (Vec::new(), 5, true));
        assert_eq!(
            decode(&[b"2\nok\n0\n\n"]).unwrap(),
            (b"ok".to_vec(), 8, true)
        );
        assert_eq!(decode(&[b"5\r\nhal"]).unwrap(), (b"hal".to_vec(), 6, false));
    }

    #[test]
    fn what_is_no_chunk_is_an_error() {
        for bad in [
            &b"\r\n"[..],
            b"x\r\n",
            b"-1\r\n",
            b"2\r\nabc",
            b"2x\r\nab",
            b"1234567890abcdef\r\n",
        ] {
            let error = decode(&[bad]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{bad:?}");
        }
        let endless = [b"1;".to_vec(), vec![b'x'; MAX_LINE_BYTES]].concat();
        assert!(decode(&[&endless]).is_err());
        let trailers = [b"0\r\n".to_vec(), b"a: b\r\n".repeat(MAX_LINE_BYTES / 6)].concat();
        assert!(decode(&[&trailers]).is_err());
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_data(points in prop::collection::vec(0..=WHOLE.len(), 0..12)) {
            let mut at = points;
            at.extend([0, WHOLE.len()]);
            at.sort_unstable();
            let pieces: Vec<&[u8]> = at.windows(2).map(|pair| &WHOLE[pair[0]..pair[1]]).collect();
            prop_assert_eq!(decode(&pieces).unwrap(), decode(&[WHOLE]).unwrap());
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&[&bytes]);
        }
    }
}

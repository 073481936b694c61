//! Makes documents shorter before they are encrypted: what is kept of an answer is mostly the names of
//! fields that every answer has.

use lz4_flex::block::{compress_prepend_size_with_dict, decompress_with_dict, uncompressed_size};

use crate::DOCUMENT_BYTES;

/// What documents have in common: a response as it is kept, with its own content taken out (`Head` and `Content` of
/// the server, the object of `openai::responses`, `Envelope` here). New fields make documents longer, and nothing
/// wrong. It is part of what is stored: another one is another scheme, `x3.`, beside which this one still reads.
const DICTIONARY: &[u8] = include_bytes!("compression.txt");

/// `None`: it would not be shorter.
pub(crate) fn compress(data: &str) -> Option<Vec<u8>> {
    let compressed = compress_prepend_size_with_dict(data.as_bytes(), DICTIONARY);
    (compressed.len() < data.len()).then_some(compressed)
}

/// What [`compress`] was given; `None` for what it has not made.
pub(crate) fn decompress(compressed: &[u8]) -> Option<String> {
    let (size, block) = uncompressed_size(compressed).ok()?;
    // Nothing longer is ever stored.
    let size = (size <= DOCUMENT_BYTES).then_some(size)?;
    let data = decompress_with_dict(block, size, DICTIONARY).ok()?;
    String::from_utf8(data).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dictionary_is_the_one_of_what_is_stored() {
        let text = std::str::from_utf8(DICTIONARY).unwrap();
        assert_eq!(
            crate::sha256_hex(text),
            "5f10357dbd00b39a27873a9ade6cbe0c6072bb7b399a395e66dd6e4402eb047e",
            "another one is another scheme"
        );
    }

    #[test]
    fn what_is_compressed_comes_back() {
        let answer = String::from_utf8(DICTIONARY.to_vec()).unwrap();
        for data in [answer, "é\"秘".repeat(20_000), "a".repeat(DOCUMENT_BYTES)] {
            let compressed = compress(&data).unwrap();
            assert!(compressed.len() < data.len() / 20, "{}", compressed.len());
            assert_eq!(decompress(&compressed).unwrap(), data);
        }
        assert_eq!(compress("{}"), None, "longer");
    }

    #[test]
    fn what_was_not_compressed_here_is_refused() {
        let long = compress(&"a".repeat(DOCUMENT_BYTES)).unwrap();
        let mut longer = long.clone();
        longer[..4].copy_from_slice(&u32::MAX.to_le_bytes());
        let cut = &long[..long.len() / 2];
        for wrong in [
            &longer[..],
            cut,
            b"",
            b"\x01\0\0",
            b"\x05\0\0\0\xff\xff\xff",
        ] {
            assert_eq!(decompress(wrong), None, "{wrong:?}");
        }
    }
}

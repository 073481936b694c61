//! The packets of an Ogg file (RFC 3533) that holds one Opus stream (RFC 7845).

use bytes::{Bytes, BytesMut};

/// Header of a page up to the table of its segments.
const PAGE_HEAD: usize = 27;
/// A packet that fills a segment to this length goes on in the next one.
const FULL_SEGMENT: u8 = 255;
/// Two packets that describe the stream come before the sound.
const HEAD_PACKETS: usize = 2;

/// The packets of sound; `None` if it is no such file.
pub(crate) fn packets(file: &[u8]) -> Option<Vec<Bytes>> {
    let mut packets = Vec::new();
    let mut packet = BytesMut::new();
    let mut rest = file;
    while !rest.is_empty() {
        let head = rest.get(..PAGE_HEAD)?;
        if !head.starts_with(b"OggS") {
            return None;
        }
        let count = usize::from(*head.last()?);
        let table = rest.get(PAGE_HEAD..PAGE_HEAD + count)?;
        rest = rest.get(PAGE_HEAD + count..)?;
        for length in table {
            let (segment, after) = rest.split_at_checked(usize::from(*length))?;
            packet.extend_from_slice(segment);
            rest = after;
            if *length < FULL_SEGMENT {
                packets.push(packet.split().freeze());
            }
        }
    }
    let is_opus = packets.first()?.starts_with(b"OpusHead");
    is_opus.then(|| packets.split_off(HEAD_PACKETS.min(packets.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greeting_is_some_seconds_of_packets() {
        let packets = packets(include_bytes!("hello.ogg")).unwrap();
        assert!((200..400).contains(&packets.len()), "{}", packets.len());
        assert!(packets.iter().all(|packet| !packet.is_empty()));
    }

    #[test]
    fn other_files_have_none() {
        assert_eq!(packets(b"RIFF and so on, longer than a page"), None);
        assert_eq!(packets(b""), None);
        let whole = include_bytes!("hello.ogg");
        assert_eq!(packets(&whole[..whole.len() - 1]), None, "cut");
    }
}

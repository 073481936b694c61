//! What the voice says: one packet of Opus every 20 ms.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use bytes::Bytes;
use rtc::rtp::{self, header::Header};

use crate::peer::{OPUS, SSRC};

const PACKET: Duration = Duration::from_millis(20);
/// Samples of a packet at Opus' 48 kHz.
const SAMPLES: u32 = 960;

#[derive(Debug, Default)]
pub(crate) struct Mouth {
    waiting: VecDeque<Bytes>,
    /// When the next packet is due; `None` while it is quiet.
    next: Option<Instant>,
    sequence: u16,
    samples: u32,
}

impl Mouth {
    pub(crate) fn say(&mut self, packets: impl IntoIterator<Item = Bytes>, now: Instant) {
        self.waiting.extend(packets);
        self.next.get_or_insert(now);
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.next.is_none()
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.next
    }

    /// The packet that is due.
    pub(crate) fn packet(&mut self, now: Instant) -> Option<rtp::Packet> {
        let due = self.next.filter(|due| *due <= now)?;
        let Some(payload) = self.waiting.pop_front() else {
            self.next = None;
            return None;
        };
        self.next = Some(due + PACKET);
        self.sequence = self.sequence.wrapping_add(1);
        self.samples = self.samples.wrapping_add(SAMPLES);
        Some(rtp::Packet {
            header: Header {
                version: 2,
                payload_type: OPUS,
                sequence_number: self.sequence,
                timestamp: self.samples,
                ssrc: SSRC,
                ..Header::default()
            },
            payload,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_leave_in_time_and_then_it_is_quiet() {
        let mut mouth = Mouth::default();
        let begin = Instant::now();
        assert!(mouth.packet(begin).is_none());
        mouth.say(
            [Bytes::from_static(b"one"), Bytes::from_static(b"two")],
            begin,
        );
        let first = mouth.packet(begin).unwrap();
        assert!(mouth.packet(begin).is_none(), "the second is not due");
        let second = mouth.packet(begin + PACKET).unwrap();
        assert_eq!(second.header.timestamp - first.header.timestamp, SAMPLES);
        assert!(!mouth.is_quiet(), "it is still to be heard");
        assert!(mouth.packet(begin + PACKET * 2).is_none());
        assert!(mouth.is_quiet());
    }
}

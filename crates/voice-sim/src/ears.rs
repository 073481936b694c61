//! What the guest says, and when it is said.

use std::{
    mem,
    time::{Duration, Instant},
};

use bytes::Bytes;

/// Sound above this loudness is the guest's voice; 0 is the loudest, 127 silence (RFC 6464).
const VOICE: u8 = 55;
/// Packets of voice in a row that begin an utterance: a click is shorter.
const BEGIN: usize = 4;
/// So long a silence ends it.
const SILENCE: Duration = Duration::from_millis(600);
/// A guest who never pauses is answered all the same.
const LONGEST: usize = 150;
/// Shorter ones are noise.
const SHORTEST: usize = 10;

/// One microphone. It listens only while the voice is quiet, else the two would talk for ever.
#[derive(Debug, Default)]
pub(crate) struct Ears {
    said: Vec<Bytes>,
    in_a_row: usize,
    last_voice: Option<Instant>,
}

impl Ears {
    /// A packet of Opus, and how loud it is.
    pub(crate) fn hear(&mut self, packet: Bytes, loudness: u8, now: Instant) {
        if loudness < VOICE {
            self.in_a_row += 1;
            if self.in_a_row >= BEGIN {
                self.last_voice = Some(now);
            }
        } else {
            self.in_a_row = 0;
            if self.last_voice.is_none() {
                self.said.clear();
                return;
            }
        }
        self.said.push(packet);
    }

    /// What was said, once it is over.
    pub(crate) fn utterance(&mut self, now: Instant) -> Option<Vec<Bytes>> {
        let last = self.last_voice?;
        if now.duration_since(last) < SILENCE && self.said.len() < LONGEST {
            return None;
        }
        let said = mem::take(self).said;
        (said.len() >= SHORTEST).then_some(said)
    }

    /// When [`Ears::utterance`] should be asked again, if nothing comes.
    pub(crate) fn next_look(&self) -> Option<Instant> {
        self.last_voice.map(|last| last + SILENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: Duration = Duration::from_millis(20);

    fn hear(ears: &mut Ears, count: usize, loudness: u8, from: Instant) -> Instant {
        let mut now = from;
        for _ in 0..count {
            ears.hear(Bytes::from_static(b"opus"), loudness, now);
            now += PACKET;
        }
        now
    }

    #[test]
    fn an_utterance_ends_with_a_pause() {
        let mut ears = Ears::default();
        let now = hear(&mut ears, 100, 127, Instant::now());
        assert_eq!(ears.next_look(), None, "silence");
        let now = hear(&mut ears, 50, 20, now);
        assert!(ears.utterance(now).is_none(), "the guest may go on");
        let said = ears.utterance(now + SILENCE).unwrap();
        assert_eq!(said.len(), 50);
        assert!(ears.utterance(now + SILENCE * 2).is_none(), "told once");
    }

    #[test]
    fn a_click_is_no_utterance_and_endless_talk_is_cut() {
        let mut ears = Ears::default();
        let now = hear(&mut ears, BEGIN - 1, 10, Instant::now());
        let now = hear(&mut ears, 50, 127, now);
        assert!(ears.utterance(now).is_none());
        let now = hear(&mut ears, LONGEST, 10, now);
        assert_eq!(ears.utterance(now).unwrap().len(), LONGEST);
    }
}

//! What the upstream tells of the pictures that the model makes in an answer.

use std::collections::HashSet;

use grok::PictureFact;

/// Pictures of one answer; further ones are passed over.
const MAX_PICTURES: usize = 10;
/// Addresses of moderated ones that are remembered.
const MAX_WITHHELD: usize = 100;
/// Longest address.
const MAX_ADDRESS_BYTES: usize = 4096;

/// The pictures of one answer, by the addresses that the upstream gave.
#[derive(Debug, Default)]
pub(super) struct MadePictures {
    /// Whether they were asked for.
    is_wanted: bool,
    /// All that may be shown: each is told by events, by a card and by the complete answer.
    seen: HashSet<String>,
    /// Those of `seen` that nobody has taken.
    fresh: Vec<String>,
    /// Those of moderated pictures.
    withheld: HashSet<String>,
    is_moderated: bool,
    /// Something was said after a picture was moderated, or as the complete answer.
    has_said: bool,
}

impl MadePictures {
    pub(super) fn new(is_wanted: bool) -> Self {
        Self {
            is_wanted,
            ..Self::default()
        }
    }

    pub(super) fn note(&mut self, fact: &PictureFact) {
        if fact.is_moderated {
            self.is_moderated = true;
            self.has_said = false;
            self.withhold(&fact.url);
        } else if let Some(address) = fact.finished() {
            self.add(address);
        }
    }

    /// Notes a finished picture, unless it is known or was moderated.
    pub(super) fn add(&mut self, address: &str) {
        let address = relative(address);
        let is_open = self.is_wanted
            && self.seen.len() < MAX_PICTURES
            && !address.is_empty()
            && address.len() <= MAX_ADDRESS_BYTES
            && !self.withheld.contains(address);
        if is_open && self.seen.insert(address.to_owned()) {
            self.fresh.push(address.to_owned());
        }
    }

    fn withhold(&mut self, address: &str) {
        let address = relative(address);
        self.seen.remove(address);
        self.fresh.retain(|other| other != address);
        let is_kept = !address.is_empty() && address.len() <= MAX_ADDRESS_BYTES;
        if is_kept && self.withheld.len() < MAX_WITHHELD {
            self.withheld.insert(address.to_owned());
        }
    }

    /// The answer says something.
    pub(super) fn said(&mut self, text: &str) {
        // Else nobody asks.
        if self.is_moderated && !self.has_said {
            self.has_said = !text.trim().is_empty();
        }
    }

    /// Whether there is one that may be shown.
    pub(super) fn has_any(&self) -> bool {
        !self.seen.is_empty()
    }

    pub(super) fn has_fresh(&self) -> bool {
        !self.fresh.is_empty()
    }

    /// Those that came since the last call.
    pub(super) fn take_fresh(&mut self) -> Vec<String> {
        std::mem::take(&mut self.fresh)
    }

    /// Whether one that was taken was moderated afterwards.
    pub(super) fn is_withheld(&self, address: &str) -> bool {
        self.withheld.contains(address)
    }

    /// Whether a picture was moderated and nothing else is left of the answer
    /// (`upstream-protocol.md` 2.12).
    pub(super) fn leave_nothing(&self) -> bool {
        self.is_moderated && !self.has_said && !self.has_any()
    }
}

/// Addresses of the asset host come with and without the first slash.
fn relative(address: &str) -> &str {
    address.trim().trim_start_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(url: &str, is_moderated: bool) -> PictureFact {
        PictureFact {
            index: 0,
            progress: 100.0,
            url: url.to_owned(),
            is_moderated,
        }
    }

    #[test]
    fn a_picture_that_comes_in_every_form_is_told_once() {
        let mut made = MadePictures::new(true);
        made.note(&fact("users/u/generated/i/image.jpg", false));
        made.note(&fact("users/u/generated/i-part-0/image.jpg", false));
        assert_eq!(made.take_fresh(), ["users/u/generated/i/image.jpg"]);
        made.note(&fact("/users/u/generated/i/image.jpg", false));
        made.add("users/u/generated/i/image.jpg");
        assert!(!made.has_fresh() && made.has_any());
    }

    #[test]
    fn a_moderated_picture_stays_away_whenever_it_is_named() {
        let mut made = MadePictures::new(true);
        made.note(&fact("a", true));
        made.add("a");
        made.add("b");
        made.note(&fact("b", true));
        assert!(made.take_fresh().is_empty() && !made.has_any());
        assert!(made.is_withheld("a") && made.is_withheld("b"));
    }

    #[test]
    fn only_a_moderated_picture_and_nothing_else_is_no_answer() {
        let moderated = |say: &dyn Fn(&mut MadePictures)| {
            let mut made = MadePictures::new(true);
            made.said("Here it is:");
            made.note(&fact("a", true));
            say(&mut made);
            made.leave_nothing()
        };
        assert!(moderated(&|_| {}), "the words before led to it");
        assert!(moderated(&|made| made.said(" \n")));
        assert!(moderated(&|made| made.add("a")));
        assert!(!moderated(&|made| made.said("I may not.")));
        assert!(!moderated(&|made| made.add("b")));
        assert!(!MadePictures::new(true).leave_nothing());
    }

    #[test]
    fn pictures_are_bounded_and_only_those_that_were_wanted() {
        let mut made = MadePictures::new(true);
        for n in 0..100 {
            made.add(&n.to_string());
            made.note(&fact(&format!("m{n}{n}"), true));
        }
        made.note(&fact("one more", true));
        made.add(&"x".repeat(MAX_ADDRESS_BYTES + 1));
        assert_eq!(made.take_fresh().len(), MAX_PICTURES);
        assert_eq!(made.withheld.len(), MAX_WITHHELD);
        let mut unwanted = MadePictures::new(false);
        unwanted.add("a");
        assert!(!unwanted.has_any());
    }
}

//! What instances tell each other: a notification, sent in the transaction that makes the change.

use pool::AccountId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{page::json_bytes, writer::Batch};

/// Where all instances of a database listen.
pub(super) const CHANNEL: &str = "grok2api";
/// PostgreSQL takes payloads of less than 8,000 bytes.
const PAYLOAD_BYTES: usize = 7_900;
/// Of a payload without its names.
const FRAME_BYTES: usize = 100;
/// Payloads of one transaction; what needs more is told as "everything".
const PAYLOADS: usize = 16;

/// A payload.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct News {
    /// The instance that made the changes.
    pub(super) from: String,
    /// Too much was changed to be named.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_incomplete: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    accounts: Vec<String>,
}

impl News {
    pub(super) fn read(payload: &str) -> Option<Self> {
        serde_json::from_str(payload).ok()
    }

    pub(super) fn changed(self) -> impl Iterator<Item = AccountId> {
        self.accounts.into_iter().map(AccountId::new)
    }
}

/// What an instance calls itself.
pub(super) fn name(instance: Uuid) -> String {
    instance.simple().to_string()
}

/// The payloads that tell what a batch changes.
pub(super) fn payloads(instance: Uuid, batch: &Batch<'_>) -> Vec<String> {
    let mut pages = Pages::new(instance);
    for id in batch.changed() {
        pages.account(id);
    }
    pages.finish()
}

/// Payloads that are filled one after the other.
struct Pages {
    instance: Uuid,
    full: Vec<News>,
    open: News,
    bytes: usize,
    /// A name is larger than a payload.
    is_too_large: bool,
}

impl Pages {
    fn new(instance: Uuid) -> Self {
        Self {
            instance,
            full: Vec::new(),
            open: News::default(),
            bytes: FRAME_BYTES,
            is_too_large: false,
        }
    }

    fn account(&mut self, id: &str) {
        if self.makes_room(id) {
            self.open.accounts.push(id.to_owned());
        }
    }

    fn makes_room(&mut self, name: &str) -> bool {
        // With quotes and comma.
        let bytes = json_bytes(name) + 3;
        self.is_too_large |= bytes > PAYLOAD_BYTES - FRAME_BYTES || self.full.len() >= PAYLOADS;
        if self.is_too_large {
            return false;
        }
        if self.bytes + bytes > PAYLOAD_BYTES {
            self.full.push(std::mem::take(&mut self.open));
            self.bytes = FRAME_BYTES;
        }
        self.bytes += bytes;
        true
    }

    fn finish(mut self) -> Vec<String> {
        if self.is_too_large {
            self.full = vec![News {
                is_incomplete: true,
                ..News::default()
            }];
        } else if self.open != News::default() {
            self.full.push(self.open);
        }
        let from = name(self.instance);
        let texts = self.full.into_iter().map(|news| {
            let from = from.clone();
            let news = News { from, ..news };
            // Texts only: this cannot fail.
            serde_json::to_string(&news).unwrap_or_default()
        });
        texts.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(names: &[String]) -> Vec<String> {
        let mut pages = Pages::new(Uuid::from_u128(7));
        names.iter().for_each(|name| pages.account(name));
        pages.finish()
    }

    fn names(total: usize) -> Vec<String> {
        (0..total)
            .map(|n| format!("account \"{n}\" 队\u{1}"))
            .collect()
    }

    #[test]
    fn what_was_changed_reads_back_from_payloads_of_bounded_size() {
        for total in [0, 1, 200, 1000] {
            let (names, mut read) = (names(total), Vec::new());
            for payload in told(&names) {
                assert!(payload.len() < 8_000, "{} bytes", payload.len());
                let news = News::read(&payload).unwrap();
                assert_eq!(news.from, name(Uuid::from_u128(7)));
                assert!(!news.is_incomplete);
                read.extend(news.changed());
            }
            let expected = names.iter().map(|name| AccountId::new(name.as_str()));
            assert_eq!(read, expected.collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_is_too_much_to_be_named_is_told_as_everything() {
        for names in [names(100_000), vec!["x".repeat(9_000)]] {
            let payloads = told(&names);
            assert_eq!(payloads.len(), 1);
            assert!(News::read(&payloads[0]).unwrap().is_incomplete);
        }
        assert_eq!(Pages::new(Uuid::nil()).finish(), [""; 0], "nothing to tell");
        assert_eq!(News::read("something else"), None);
    }
}

//! What the server says of its limits at the end of a round: a siege that never met one shows nothing.

use serde::Deserialize;

/// The part of `/readyz` that counts.
#[derive(Deserialize)]
pub(crate) struct Readiness {
    limits: Uses,
}

#[derive(Deserialize)]
struct Uses {
    connections: Use,
    body_bytes: Use,
    attachment_bytes: Use,
    unread_ended: u64,
}

#[derive(Deserialize)]
struct Use {
    refused: u64,
}

/// How often each limit was met, by what it refuses.
#[derive(Default)]
pub(crate) struct Refusals([(&'static str, u64); 4]);

impl From<Readiness> for Refusals {
    fn from(readiness: Readiness) -> Self {
        let limits = readiness.limits;
        Self([
            ("connections", limits.connections.refused),
            ("memory for bodies", limits.body_bytes.refused),
            ("memory for files", limits.attachment_bytes.refused),
            ("answers left unread, ended", limits.unread_ended),
        ])
    }
}

impl Refusals {
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.into_iter()
    }

    /// Those that refused nothing.
    pub(crate) fn unmet(&self) -> Vec<&'static str> {
        let none = self.all().filter(|(_, count)| *count == 0);
        none.map(|(name, _)| name).collect()
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (sum, (name, count)) in self.0.iter_mut().zip(other.all()) {
            *sum = (name, sum.1 + count);
        }
    }
}

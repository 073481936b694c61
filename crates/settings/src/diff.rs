//! What a reload has changed.

use crate::declare::{Section, State};
use crate::{Config, ModelConfig};

/// A key whose value differs between two configurations. The values are not told: they may be
/// secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedKey {
    /// `section.key`, or `models` for the whole catalogue.
    pub key: String,
    /// The running process goes on with the value that it started with.
    pub needs_restart: bool,
}

/// The keys that differ, in the order of the commented file.
///
/// Keys that have no effect in this version are left out: nothing has changed for anybody.
#[must_use]
pub fn diff(old: &Config, new: &Config) -> Vec<ChangedKey> {
    let mut changed = Vec::new();
    for ((name, old), (_, new)) in old.sections().into_iter().zip(new.sections()) {
        for (old, new) in old.written().into_iter().zip(new.written()) {
            if old.value != new.value && new.state != State::Reserved {
                changed.push(ChangedKey {
                    key: format!("{name}.{}", new.key),
                    needs_restart: new.state == State::Restart,
                });
            }
        }
    }
    if models(old) != models(new) {
        changed.push(ChangedKey {
            key: "models".to_owned(),
            needs_restart: false,
        });
    }
    changed
}

fn models(config: &Config) -> Vec<Vec<String>> {
    let values = |model: &ModelConfig| {
        let written = model.written().into_iter();
        written.map(|field| field.value).collect()
    };
    config.models.iter().map(values).collect()
}

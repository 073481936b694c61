//! What is in a backup, a line of JSON each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Row;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Item {
    /// The text of `config.toml`.
    Config(String),
    /// The master key as base64.
    MasterKey(String),
    Row(Box<Row>),
    /// The last line: how many rows of each table came before it.
    End(BTreeMap<String, u64>),
}

impl Item {
    pub(super) fn line(&self) -> Vec<u8> {
        // Texts and numbers only: this cannot fail.
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

//! Every key is read by the server, or says that it has no effect.
//!
//! The rule: the server reads a key as `….section.key`, for example `config.chat.concurrent`. A
//! variable may stand for the section; the test follows it within one file when it
//!
//! - has the section's name: `chat.concurrent`;
//! - is bound to it: `let limits = &config.chat;` … `limits.concurrent`;
//! - is declared with its type: `limits: &ChatConfig` … `limits.concurrent`.
//!
//! Comments, texts, assignments, method calls and code under `#[cfg(test)]` are no readers. Whether
//! the value that is read then has an effect is for other tests to say.

mod scan;

use std::path::{Path, PathBuf};

use crate::declare::{Section, State};
use crate::{Config, ModelConfig};

use scan::Source;

/// A key with what is declared of it.
struct Key {
    section: &'static str,
    /// Name of the section's struct.
    kind: &'static str,
    name: &'static str,
    state: State,
}

impl Key {
    fn full_name(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }
}

fn keys() -> Vec<Key> {
    let config = Config::default();
    let model = ModelConfig::default();
    let kinds = Config::TEMPLATE.iter().map(|section| section.kind);
    let sections = config.sections().into_iter().zip(kinds);
    sections
        .map(|((name, section), kind)| (name, kind, section))
        .chain([("models", "ModelConfig", &model as &dyn Section)])
        .flat_map(|(section, kind, values)| {
            values.written().into_iter().map(move |written| Key {
                section,
                kind,
                name: written.key,
                state: written.state,
            })
        })
        .collect()
}

/// The `.rs` files of a folder and its subfolders, without those that hold tests only.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "tests" {
            found.extend(files(&path));
        } else if name.ends_with(".rs") && name != "tests.rs" {
            found.push(path);
        }
    }
    found
}

fn server() -> Vec<Source> {
    let folder =
        Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../../server/src");
    let source = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        Source::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    files(&folder).iter().map(source).collect()
}

fn has_reader(key: &Key, sources: &[Source]) -> bool {
    let is_read = |source: &Source| source.reads(key.section, key.kind, key.name);
    sources.iter().any(is_read)
}

#[test]
fn every_key_has_a_reader_or_says_that_it_has_no_effect() {
    let sources = server();
    let mut unread = Vec::new();
    let mut read = Vec::new();
    for key in keys() {
        let name = key.full_name();
        match (has_reader(&key, &sources), key.state) {
            (false, State::Read | State::Restart) => unread.push(name),
            (true, State::Reserved) => read.push(name),
            _ => {}
        }
    }
    assert_eq!(unread, [""; 0], "no reader in server/src: mark `reserved`");
    assert_eq!(
        read, [""; 0],
        "read in server/src: take the mark `reserved` off"
    );
}

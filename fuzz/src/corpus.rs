//! The committed inputs of a target, for the test that replays them.

use std::{ffi::OsStr, fs, path::Path};

/// One input.
pub(crate) struct Input {
    /// Of its file.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// The inputs of a target, each of which is small.
pub(crate) fn inputs(target: &str) -> Vec<Input> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let entries = fs::read_dir(folder.join(target));
    let paths = entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let inputs: Vec<_> = paths.map(|path| input(&path)).collect();
    assert!(inputs.len() >= 20, "{} inputs of {target}", inputs.len());
    inputs
}

fn input(path: &Path) -> Input {
    let bytes = fs::read(path);
    assert!(bytes.is_ok(), "{bytes:?} of {}", path.display());
    let bytes = bytes.unwrap_or_default();
    assert!(bytes.len() < 4096, "{} is large", path.display());
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let name = name.to_owned();
    Input { name, bytes }
}

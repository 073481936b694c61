//! Streams that are kept for clients to read (`fuzz/check-clients`).

use std::{env, fs, path::Path};

/// Keeps the stream of an input in the folder that `GROK2API_FRAMES` names, if it names one.
pub(crate) fn keep(target: &str, input: &str, stream: &[u8]) {
    let Some(folder) = env::var_os("GROK2API_FRAMES") else {
        return;
    };
    let folder = Path::new(&folder).join(target);
    let kept = fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join(input), stream));
    assert!(kept.is_ok(), "{kept:?}");
}

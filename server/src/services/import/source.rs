//! The files that are read.

use std::{io, path::Path};

use tokio::{fs::File, io::AsyncReadExt};

/// Largest file.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// What is in a file.
pub(super) enum Source {
    Text(String),
    /// There is none.
    Missing,
    /// Why it is not read.
    Refused(String),
}

/// Reads a file; a pipe or a device would not end.
pub(super) async fn read(path: &Path) -> io::Result<Source> {
    let metadata = match tokio::fs::metadata(path).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Source::Missing),
        metadata => metadata?,
    };
    if !metadata.is_file() {
        return Ok(Source::Refused("it is not a regular file".to_owned()));
    }
    let mut bytes = Vec::new();
    let mut file = File::open(path).await?.take(MAX_BYTES + 1);
    file.read_to_end(&mut bytes).await?;
    if bytes.len() as u64 > MAX_BYTES {
        let mib = MAX_BYTES >> 20;
        return Ok(Source::Refused(format!("it is larger than {mib} MiB")));
    }
    // Without a copy where it is UTF-8.
    Ok(Source::Text(String::from_utf8(bytes).unwrap_or_else(
        |error| String::from_utf8_lossy(error.as_bytes()).into_owned(),
    )))
}

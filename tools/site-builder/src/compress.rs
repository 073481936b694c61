//! `.br` and `.gz` beside every file that gains by it, so that the server compresses nothing.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::assets;
use crate::bundle;
use crate::parallel;

/// Text and code. Pictures and woff2 fonts are compressed already.
const EXTENSIONS: [&str; 11] = [
    "wasm",
    bundle::EXTENSION,
    "js",
    "css",
    "svg",
    "html",
    "json",
    "txt",
    "map",
    "ico",
    "webmanifest",
];

/// Below this many bytes a response fits into one packet either way.
const SMALLEST_BYTES: u64 = 512;

/// Compresses under `folder`, one file per core at a time.
pub(crate) fn folder(folder: &Path) -> Result<()> {
    let mut files = Vec::new();
    for file in assets::files(folder)? {
        if gains(&file)? {
            files.push(file);
        }
    }
    parallel::each(&files, |file| {
        compress(file).with_context(|| format!("compress {}", file.display()))
    })
}

fn gains(file: &Path) -> Result<bool> {
    let extension = file
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    Ok(EXTENSIONS.contains(&extension) && fs::metadata(file)?.len() >= SMALLEST_BYTES)
}

fn compress(file: &Path) -> Result<()> {
    let content = fs::read(file)?;
    // Quality 11, window 22: the library's defaults are its best.
    let mut packed = Vec::new();
    brotli::BrotliCompress(
        &mut content.as_slice(),
        &mut packed,
        &BrotliEncoderParams::default(),
    )?;
    fs::write(appended(file, "br"), packed)?;

    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&content)?;
    fs::write(appended(file, "gz"), gzip.finish()?)?;
    Ok(())
}

/// `a.js` → `a.js.br`.
pub(crate) fn appended(file: &Path, extension: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn both_forms_unpack_to_the_file_and_pictures_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let text = "let answer = 42;\n".repeat(100);
        let script = dir.path().join("a.js");
        fs::write(&script, &text).unwrap();
        fs::write(dir.path().join("b.png"), &text).unwrap();
        fs::write(dir.path().join("tiny.css"), "a{}").unwrap();

        folder(dir.path()).unwrap();

        let mut gzip = String::new();
        let packed = fs::read(appended(&script, "gz")).unwrap();
        flate2::read::GzDecoder::new(packed.as_slice())
            .read_to_string(&mut gzip)
            .unwrap();
        let mut brotli = Vec::new();
        let packed = fs::read(appended(&script, "br")).unwrap();
        brotli::BrotliDecompress(&mut packed.as_slice(), &mut brotli).unwrap();
        assert_eq!(
            (gzip.as_str(), brotli.as_slice()),
            (text.as_str(), text.as_bytes())
        );
        assert_eq!(
            fs::read_dir(dir.path()).unwrap().count(),
            5,
            "only a.js gained two files"
        );
    }
}

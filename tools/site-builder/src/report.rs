//! What the build says: one line a step, then what a browser will load.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::assets;
use crate::compress;
use crate::config::Site;

/// Runs a step and says how long it took, unless that was no time.
pub(crate) fn timed<T>(step: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let started = Instant::now();
    let result = work()?;
    note(step, &format!("{:.1} s", started.elapsed().as_secs_f64()));
    Ok(result)
}

pub(crate) fn note(step: &str, text: &str) {
    eprintln!("  site: {step}: {text}");
}

pub(crate) fn done(site_root: &Path, took: Duration) {
    note(
        "ready",
        &format!("{} ({:.1} s)", site_root.display(), took.as_secs_f64()),
    );
}

/// Prints each module's size and that of all together; a page loads only its parts of them.
pub(crate) fn sizes(site: &Site) -> Result<()> {
    let mut total = Size::default();
    for file in assets::files(&site.site_root.join(&site.pkg_dir))? {
        let extension = file.extension().and_then(|extension| extension.to_str());
        let Some(extension @ ("wasm" | "js" | "css")) = extension else {
            continue;
        };
        let size = Size::of(&file)?;
        total.raw += size.raw;
        total.brotli += size.brotli;
        if extension == "wasm" {
            let name = file
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            note(&name, &size.to_string());
        }
    }
    note("wasm, js and css together", &total.to_string());
    Ok(())
}

/// Bytes of a file, and of its brotli form; that is the file itself where there is none.
#[derive(Default)]
pub(crate) struct Size {
    pub(crate) raw: u64,
    pub(crate) brotli: u64,
}

impl Size {
    pub(crate) fn of(file: &Path) -> Result<Self> {
        let raw = fs::metadata(file)?.len();
        let brotli =
            fs::metadata(compress::appended(file, "br")).map_or(raw, |packed| packed.len());
        Ok(Self { raw, brotli })
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kib = |bytes: u64| bytes as f64 / 1024.0;
        write!(
            f,
            "{:.1} KiB, brotli {:.1} KiB",
            kib(self.raw),
            kib(self.brotli)
        )
    }
}

//! Remembers what the site was built from, so that a second build is over at once.
//!
//! The stamp lies beside the site: the digest of every input on its first line, then `hash.txt`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use md5::{Digest, Md5};

use crate::assets;
use crate::config::Site;
use crate::tools::Tools;

/// Digest of everything that the site depends on: settings, tools, this builder, the linked module,
/// styles and assets. A tool is known by its path and size: the size changes with its version.
pub(crate) fn digest(site: &Site, tools: &Tools, wasm: &Path) -> Result<String> {
    let mut digest = Md5::new();
    digest.update(format!("{site:?} {tools:?}"));
    add(
        &mut digest,
        &env::current_exe().context("find this builder")?,
    )?;
    for tool in [&tools.wasm_opt, &tools.sass] {
        let size = fs::metadata(tool).map_or(0, |metadata| metadata.len());
        digest.update(size.to_le_bytes());
    }
    add(&mut digest, wasm)?;
    let style_folder = site.style_file.as_deref().and_then(Path::parent);
    for folder in [style_folder, site.assets_dir.as_deref()]
        .into_iter()
        .flatten()
    {
        if folder.is_dir() {
            for file in assets::files(folder)? {
                add(&mut digest, &file)?;
            }
        }
    }
    Ok(URL_SAFE_NO_PAD.encode(digest.finalize()))
}

fn add(digest: &mut Md5, file: &Path) -> Result<()> {
    let content = fs::read(file).with_context(|| format!("read {}", file.display()))?;
    digest.update(file.as_os_str().as_encoded_bytes());
    digest.update(content.len().to_le_bytes());
    digest.update(content);
    Ok(())
}

/// The text of `hash.txt` when the site is there and was built from the same inputs.
pub(crate) fn read_if_fresh(site: &Site, digest: &str) -> Option<String> {
    let text = fs::read_to_string(path(site)).ok()?;
    let (first, hashes) = text.split_once('\n')?;
    (first == digest && site.site_root.join(&site.pkg_dir).is_dir()).then(|| hashes.to_owned())
}

/// Records that the site now stands for `digest`.
pub(crate) fn write(site: &Site, digest: &str, hashes: &str) -> Result<()> {
    let file = path(site);
    fs::write(&file, format!("{digest}\n{hashes}"))
        .with_context(|| format!("write {}", file.display()))
}

fn path(site: &Site) -> PathBuf {
    site.site_root.with_extension("stamp")
}

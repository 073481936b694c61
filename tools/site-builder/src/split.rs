//! Cuts the linked module at its lazy functions (`#[lazy]`, `#[lazy_route]`), so that a page loads
//! what it needs first.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use wasm_split_cli_support::{Options, transform};

use crate::config::Site;

/// The script that loads the parts, under the name that leptos compiles into the wasm.
pub(crate) const LOADER: &str = "__wasm_split.______________________.js";

/// Where [`LOADER`] has its hash. As long as one, because cargo-leptos replaces it in the module.
pub(crate) const HASH_PLACEHOLDER: &str = "______________________";

/// Which parts each lazy function needs: `{"name": ["stem of a wasm file", …]}`. The server reads
/// it to preload them.
pub(crate) const MANIFEST: &str = "__wasm_split_manifest.json";

/// Writes the parts, [`LOADER`] and [`MANIFEST`] into `pkg` and returns the main part, which still
/// has to go through wasm-bindgen. It needs the relocations of the linked module
/// (`--emit-relocs`, in `.cargo/config.toml`).
pub(crate) fn split(site: &Site, wasm: &Path, pkg: &Path) -> Result<PathBuf> {
    let linked = fs::read(wasm).with_context(|| format!("read {}", wasm.display()))?;
    let main = wasm.with_extension("main.wasm");
    let (main_script, loader) = (format!("./{}.js", site.output_name), format!("./{LOADER}"));
    let mut options = Options::new(&linked);
    options.output_dir = pkg;
    options.main_out_path = &main;
    options.main_module = &main_script;
    options.link_name = &loader;
    let split = transform(options)
        .map_err(|report| anyhow!("{report:#}"))
        .with_context(|| format!("split {}", wasm.display()))?;
    let manifest: BTreeMap<_, _> = split.prefetch_map.into_iter().collect();
    fs::write(pkg.join(MANIFEST), serde_json::to_vec(&manifest)?)
        .with_context(|| format!("write {MANIFEST}"))?;
    Ok(main)
}

//! Builds the hydrated site: the browser's half of the product, as files.
//!
//! It reads the `[[workspace.metadata.leptos]]` table that `cargo leptos` reads and lays out the
//! same files under the same names, so either tool can build what the server serves. It exists
//! because `cargo-leptos` takes longer to compile than the product itself where no prebuilt one
//! can be had (`docs/decisions/0002-toolchain.md`).
//!
//! ```text
//! cargo build (wasm) → split → wasm-bindgen → wasm-opt ─┐
//! style/*.scss → sass ──────────────────────────────────┼→ hash names → .br, .gz → swap in → report
//! public/ ──────────────────────────────────────────────┘
//! ```
//!
//! Nothing after the cargo build runs when no input changed ([`stamp`]). A build happens in a
//! folder beside the site and is moved into place at its end: a running server never sees half.

mod anatomy;
mod assets;
mod bindgen;
mod budget;
mod bundle;
mod compress;
mod config;
mod explain;
mod family;
mod frontend;
mod imports;
mod names;
mod parallel;
mod report;
mod split;
mod stamp;
mod style;
mod tools;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Parser;

use crate::config::Site;
use crate::tools::Tools;

/// Builds the hydrated site from `[[workspace.metadata.leptos]]`.
#[derive(Debug, Parser)]
#[command(name = "site-builder", version)]
struct Options {
    /// Folder of the workspace's Cargo.toml.
    #[arg(long, default_value = ".")]
    root: PathBuf,
    /// Where cargo puts what it builds; `<root>/target` when absent.
    #[arg(long, env = "CARGO_TARGET_DIR")]
    target_dir: Option<PathBuf>,
    /// Where the site goes; `site-root` of the table when absent.
    #[arg(long)]
    site_root: Option<PathBuf>,
    /// Optimise for size, hash names as the table says, and precompress.
    #[arg(long)]
    release: bool,
    /// Folder that gets a `hash.txt`: the server looks for it beside its own binary. Repeatable.
    #[arg(long = "hash-dir")]
    hash_dirs: Vec<PathBuf>,
    /// Then print what each page loads and what its parts consist of.
    #[arg(long, requires = "release")]
    explain: bool,
    /// Then fail if a page is above its budget.
    #[arg(long, requires = "release")]
    within_budget: bool,
}

fn main() -> Result<()> {
    let started = Instant::now();
    let options = Options::parse();
    let site = Site::load(&options)?;
    let tools = Tools::from_env();

    bindgen::check_version(&site.root)?;
    let wasm = frontend::build(&site, &tools)?;
    let digest = stamp::digest(&site, &tools, &wasm)?;
    let hashes = match stamp::read_if_fresh(&site, &digest) {
        Some(hashes) => {
            report::note("site", "unchanged");
            hashes
        }
        None => {
            let hashes = assemble(&site, &tools, &wasm)?;
            stamp::write(&site, &digest, &hashes)?;
            report::sizes(&site)?;
            hashes
        }
    };
    if site.hash_files {
        write_hash_files(&options.hash_dirs, &hashes)?;
    }
    report::done(&site.site_root, started.elapsed());
    if options.explain {
        explain::print(&site)?;
    }
    if options.within_budget {
        budget::check(&site)?;
    }
    Ok(())
}

/// Makes every file of the site from the linked `wasm` and swaps the whole folder in.
///
/// Returns the text of `hash.txt`, empty when names are not hashed.
fn assemble(site: &Site, tools: &Tools, wasm: &Path) -> Result<String> {
    let staging = site.staging();
    remove_if_there(&staging)?;
    let pkg = staging.join(&site.pkg_dir);
    fs::create_dir_all(&pkg).with_context(|| format!("create {}", pkg.display()))?;

    assets::copy(site, &staging)?;
    let main = report::timed("split", || split::split(site, wasm, &pkg))?;
    report::timed("wasm-bindgen", || bindgen::generate(site, &main, &pkg))?;
    if site.release {
        report::timed("wasm-opt", || bindgen::optimise(site, tools, &pkg))?;
        imports::shorten(site, &pkg)?;
        bundle::write(&pkg)?;
    }
    report::timed("sass", || style::compile(site, tools, &pkg))?;
    let hashes = if site.hash_files {
        names::hash(site, &pkg)?
    } else {
        String::new()
    };
    if site.release {
        report::timed("brotli, gzip", || compress::folder(&staging))?;
    }
    swap(&staging, &site.site_root)?;
    Ok(hashes)
}

/// Puts `staging` where `live` is, without a moment in which a file is half written.
fn swap(staging: &Path, live: &Path) -> Result<()> {
    let old = live.with_extension("old");
    remove_if_there(&old)?;
    if live.exists() {
        fs::rename(live, &old).with_context(|| format!("move {} away", live.display()))?;
    }
    fs::rename(staging, live).with_context(|| format!("move the site to {}", live.display()))?;
    remove_if_there(&old)
}

fn remove_if_there(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("remove {}", folder.display()))?;
    }
    Ok(())
}

/// Writes `hash.txt` into each folder from which a server may be started.
fn write_hash_files(folders: &[PathBuf], hashes: &str) -> Result<()> {
    for folder in folders {
        fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        let file = folder.join("hash.txt");
        fs::write(&file, hashes).with_context(|| format!("write {}", file.display()))?;
    }
    Ok(())
}

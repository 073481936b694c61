//! wasm-bindgen and wasm-opt: from the linked module to what a browser loads.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use wasm_bindgen_cli_support::Bindgen;

use crate::anatomy;
use crate::assets;
use crate::config::Site;
use crate::parallel;
use crate::tools::{self, Tools};

/// The version of `wasm-bindgen-cli-support` that this builder is compiled with.
const VERSION: &str = "0.2.130";

#[derive(Deserialize)]
struct Lock {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

/// Fails when Cargo.lock holds another wasm-bindgen: the pages and this builder exchange a format
/// that is private to one exact version.
pub(crate) fn check_version(root: &Path) -> Result<()> {
    let file = root.join("Cargo.lock");
    let text = fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
    check_lock(&text)
}

fn check_lock(lock: &str) -> Result<()> {
    let lock: Lock = toml::from_str(lock).context("parse Cargo.lock")?;
    let locked = lock
        .package
        .iter()
        .find(|package| package.name == "wasm-bindgen");
    let Some(locked) = locked else {
        bail!("Cargo.lock has no wasm-bindgen")
    };
    ensure!(
        locked.version == VERSION,
        "Cargo.lock has wasm-bindgen {}, this builder speaks {VERSION}: set both \
         `wasm-bindgen` in Cargo.toml and `wasm-bindgen-cli-support` in \
         tools/site-builder/Cargo.toml (and VERSION in its bindgen.rs) to the same version",
        locked.version
    );
    Ok(())
}

/// Writes `<output>.js`, `<output>.wasm` and `snippets/` into `pkg`.
pub(crate) fn generate(site: &Site, wasm: &Path, pkg: &Path) -> Result<()> {
    let name = &site.output_name;
    Bindgen::new()
        .input_path(wasm)
        .out_name(name)
        .web(true)?
        .typescript(false)
        // The parts that were split off link to the main one by its own symbols.
        .keep_lld_exports(true)
        .demangle(false)
        .generate(pkg)
        .with_context(|| format!("wasm-bindgen on {}", wasm.display()))?;
    // Leptos asks for `<output>.wasm`; wasm-bindgen appends `_bg`.
    let generated = pkg.join(format!("{name}_bg.wasm"));
    fs::rename(&generated, pkg.join(format!("{name}.wasm")))
        .with_context(|| format!("rename {}", generated.display()))
}

/// Shrinks every module of `pkg` in place, and keeps each with its names in [`Site::named`].
pub(crate) fn optimise(site: &Site, tools: &Tools, pkg: &Path) -> Result<()> {
    let named = site.named();
    fs::create_dir_all(&named).with_context(|| format!("create {}", named.display()))?;
    let mut modules = assets::files(pkg)?;
    modules.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "wasm")
    });
    parallel::each(&modules, |module| {
        let named = named.join(module.file_name().unwrap_or_default());
        let mut command = Command::new(&tools.wasm_opt);
        command
            .args(&site.wasm_opt)
            .arg("--debuginfo")
            .arg(module)
            .arg("-o")
            .arg(&named);
        tools::run(&mut command, "wasm-opt")?;
        let optimised = fs::read(&named).with_context(|| format!("read {}", named.display()))?;
        let stripped =
            anatomy::strip(&optimised).with_context(|| format!("strip {}", named.display()))?;
        fs::write(module, stripped).with_context(|| format!("write {}", module.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_the_one_in_the_manifest() {
        let manifest = include_str!("../Cargo.toml");
        let line = format!("wasm-bindgen-cli-support = \"={VERSION}\"");
        assert!(
            manifest.contains(&line),
            "VERSION and Cargo.toml must move together"
        );
    }

    #[test]
    fn another_wasm_bindgen_is_refused_with_what_to_change() {
        let lock = "[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.99\"\n";
        let error = check_lock(lock).unwrap_err().to_string();
        assert!(
            error.contains("0.2.99") && error.contains("tools/site-builder"),
            "{error}"
        );
    }

    #[test]
    fn the_right_wasm_bindgen_passes() {
        let lock = format!("[[package]]\nname = \"wasm-bindgen\"\nversion = \"{VERSION}\"\n");
        assert!(check_lock(&lock).is_ok());
    }
}

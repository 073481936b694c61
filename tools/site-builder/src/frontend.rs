//! The cargo build of the browser's half.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::config::Site;
use crate::report;
use crate::tools::{self, Tools};

const TARGET: &str = "wasm32-unknown-unknown";

/// Builds the package and returns the linked module. Cheap when nothing changed: cargo decides.
pub(crate) fn build(site: &Site, tools: &Tools) -> Result<PathBuf> {
    let mut command = Command::new(&tools.cargo);
    command
        .current_dir(&site.root)
        .args(["build", "--lib"])
        .arg(format!("--package={}", site.lib_package))
        .arg(format!("--target={TARGET}"))
        .arg(format!("--profile={}", site.profile))
        .arg("--target-dir")
        .arg(&site.front_target)
        .env("LEPTOS_OUTPUT_NAME", &site.output_name);
    if site.release {
        command.arg("--locked");
    }
    if !site.lib_default_features {
        command.arg("--no-default-features");
    }
    if !site.lib_features.is_empty() {
        command.arg(format!("--features={}", site.lib_features.join(",")));
    }
    if let Some(rustc) = &tools.rustc {
        command.env("RUSTC", rustc);
    }
    report::timed("cargo build of the pages", || {
        tools::run(&mut command, "cargo build (wasm)")
    })?;

    let folder = if site.profile == "dev" {
        "debug"
    } else {
        site.profile.as_str()
    };
    let stem = site.lib_package.replace('-', "_");
    let wasm = site
        .front_target
        .join(TARGET)
        .join(folder)
        .join(stem)
        .with_extension("wasm");
    ensure!(
        wasm.is_file(),
        "cargo built no {}: does `{}` have crate-type cdylib?",
        wasm.display(),
        site.lib_package
    );
    Ok(wasm)
}

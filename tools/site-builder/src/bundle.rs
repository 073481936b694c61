//! What a page needs first in one file.
//!
//! A lazy function needs a dozen parts, because code that several need is in parts of its own. Each
//! is compressed alone and asked for alone, which cost the chat 36 KiB and a dozen requests. So there
//! is a bundle for each lazy function: its parts, one after the other. The loader fetches the bundle
//! of the first function that is called; what later ones need besides is fetched part by part.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::split::{LOADER, MANIFEST};

pub(crate) const EXTENSION: &str = "bundle";
/// Begins the key of a function's bundle in [`MANIFEST`].
pub(crate) const KEY: &str = "bundle:";

const SCRIPT: &str = include_str!("bundle.js");

/// Writes the bundles into `pkg`, names them in the manifest and teaches the loader to use them.
pub(crate) fn write(pkg: &Path) -> Result<()> {
    let (loader, manifest) = (pkg.join(LOADER), pkg.join(MANIFEST));
    let mut script =
        fs::read_to_string(&loader).with_context(|| format!("read {}", loader.display()))?;
    let mut known: BTreeMap<String, Vec<String>> = serde_json::from_slice(
        &fs::read(&manifest).with_context(|| format!("read {}", manifest.display()))?,
    )?;
    let mut bundles = BTreeMap::new();
    for (function, parts) in &known {
        let (mut bundle, mut sizes) = (Vec::new(), String::new());
        for part in parts {
            let file = pkg.join(part).with_extension("wasm");
            let content = fs::read(&file).with_context(|| format!("read {}", file.display()))?;
            write!(sizes, "\"./{part}.wasm\": {}, ", content.len())?;
            bundle.extend(content);
        }
        let file = pkg.join(function).with_extension(EXTENSION);
        fs::write(&file, bundle).with_context(|| format!("write {}", file.display()))?;
        script = use_bundle(&script, function, &sizes)?;
        bundles.insert(format!("{KEY}{function}"), vec![function.clone()]);
    }
    known.append(&mut bundles);
    script = ask_for_parts(&script)?;
    script.push_str(SCRIPT);
    fs::write(&loader, script).with_context(|| format!("write {}", loader.display()))?;
    fs::write(&manifest, serde_json::to_vec(&known)?)
        .with_context(|| format!("write {}", manifest.display()))
}

/// Has the loader of `function` begin with its bundle.
fn use_bundle(script: &str, function: &str, sizes: &str) -> Result<String> {
    let start = format!("export const __wasm_split_load_{function} = wrapAsyncCb(");
    let (before, rest) = script.split_once(&start).with_context(|| form(function))?;
    let (load, after) = rest.split_once("]));").with_context(|| form(function))?;
    Ok(format!(
        "{before}{start}bundled(\"./{function}.{EXTENSION}\", {{ {sizes}}}, {load}])));{after}"
    ))
}

/// Has the loader look for each part among those of the bundle first.
fn ask_for_parts(script: &str) -> Result<String> {
    let fetches = script.matches("fetch(new URL(").count();
    let asked = script
        .replace("fetch(new URL(", "part(")
        .replace(", import.meta.url));", ");");
    let parts = asked.matches("part(\"./").count();
    ensure!(fetches > 0 && fetches == parts, form("its parts"));
    Ok(asked)
}

fn form(what: &str) -> String {
    format!("the loader of {what} is not in the known form: did wasm_split change it?")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOADS: &str = r#"import { initSync } from "./shop.js";
const __chunk_1 = makeLoad(() => {
    const src = fetch(new URL("./chunk_1.wasm", import.meta.url));
    return async (imports) => (WebAssembly.instantiateStreaming(src, imports));
}
, []);
export const __wasm_split_load_page_7 = wrapAsyncCb(makeLoad(() => {
    const src = fetch(new URL("./split_page_7.wasm", import.meta.url));
    return async (imports) => (WebAssembly.instantiateStreaming(src, imports));
}
, [__chunk_1]));
"#;

    fn folder(loader: &str) -> tempfile::TempDir {
        let pkg = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &str| fs::write(pkg.path().join(name), content).unwrap();
        write(LOADER, loader);
        write(MANIFEST, r#"{"page_7":["chunk_1","split_page_7"]}"#);
        write("chunk_1.wasm", "one");
        write("split_page_7.wasm", "page");
        pkg
    }

    #[test]
    fn a_function_has_its_parts_in_one_file_and_its_loader_knows_where_they_are() {
        let pkg = folder(LOADS);
        write(pkg.path()).unwrap();
        let read = |name: &str| fs::read_to_string(pkg.path().join(name)).unwrap();
        assert_eq!(read("page_7.bundle"), "onepage");
        let loader = read(LOADER);
        for expected in [
            "wrapAsyncCb(bundled(\"./page_7.bundle\", { \"./chunk_1.wasm\": 3, \"./split_page_7.wasm\": 4, }, makeLoad(",
            ", [__chunk_1])));",
            "const src = part(\"./chunk_1.wasm\");",
            "const src = part(\"./split_page_7.wasm\");",
        ] {
            assert!(loader.contains(expected), "{expected} in {loader}");
        }
        let manifest: BTreeMap<String, Vec<String>> =
            serde_json::from_str(&read(MANIFEST)).unwrap();
        assert_eq!(manifest["bundle:page_7"], ["page_7"]);
        assert_eq!(manifest["page_7"], ["chunk_1", "split_page_7"]);
    }

    #[test]
    fn a_loader_of_another_form_is_a_mistake() {
        for loader in ["", &LOADS.replace("fetch(new URL(", "get(")] {
            assert!(write(folder(loader).path()).is_err());
        }
    }
}

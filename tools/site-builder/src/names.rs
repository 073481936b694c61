//! Hashed file names, in the form in which leptos reads them.
//!
//! `pkg/grok2api.css` becomes `pkg/grok2api.<hash>.css`, where the hash is the MD5 of the content in
//! unpadded URL-safe base64. Leptos reads the hashes from `hash.txt` and writes the names into the
//! page, so a file may be cached for ever: another content has another name.
//!
//! The two scripts, wasm-bindgen's and the loader of the split parts, import each other. They get
//! one hash, over both texts with the names of everything else in them.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use md5::{Digest, Md5};

use crate::assets;
use crate::bundle;
use crate::config::Site;
use crate::split::{HASH_PLACEHOLDER, LOADER, MANIFEST};

/// Folder of JavaScript that wasm-bindgen copied from crates. Modules import those by their plain
/// path, which already holds a hash of the crate.
const SNIPPETS: &str = "snippets";

/// Renames every generated file of `pkg` and returns the text of `hash.txt`.
pub(crate) fn hash(site: &Site, pkg: &Path) -> Result<String> {
    let (script, loader) = (
        pkg.join(format!("{}.js", site.output_name)),
        pkg.join(LOADER),
    );
    let manifest = pkg.join(MANIFEST);
    let mut files = assets::files(pkg)?;
    files.retain(|file| {
        !file.starts_with(pkg.join(SNIPPETS)) && ![&script, &loader, &manifest].contains(&file)
    });
    let renamed: Vec<_> = files.into_iter().map(rename).collect::<Result<_>>()?;
    let scripts = hash_scripts(&script, &loader, &renamed)?;
    point_manifest_at(&renamed, &manifest)?;
    let manifest = rename(manifest)?;

    let line = |extension: &str| {
        let file = pkg.join(format!("{}.{extension}", site.output_name));
        let found = renamed.iter().find(|renamed| renamed.from == file);
        let hash = &found
            .with_context(|| format!("no {} was built", file.display()))?
            .hash;
        anyhow::Ok(format!("{extension}: {hash}\n"))
    };
    Ok([
        format!("js: {scripts}\n"),
        line("wasm")?,
        line("css")?,
        format!("manifest: {}\n", manifest.hash),
        format!("split: {scripts}\n"),
    ]
    .concat())
}

struct Renamed {
    from: PathBuf,
    to: PathBuf,
    hash: String,
}

/// Renames `a/b.js` to `a/b.<hash>.js`.
fn rename(file: PathBuf) -> Result<Renamed> {
    let content = fs::read(&file).with_context(|| format!("read {}", file.display()))?;
    let hash = hash_of(&content);
    let to = file.with_file_name(with_hash(&file, &hash));
    fs::rename(&file, &to).with_context(|| format!("rename {}", file.display()))?;
    Ok(Renamed {
        from: file,
        to,
        hash,
    })
}

fn hash_of(content: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Md5::digest(content))
}

/// The name of `a/b.js` with the hash: `b.<hash>.js`.
fn with_hash(file: &Path, hash: &str) -> String {
    format!(
        "{}.{hash}.{}",
        lossy(file.file_stem()),
        lossy(file.extension())
    )
}

fn lossy(part: Option<&OsStr>) -> String {
    part.map(|part| part.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Writes the two scripts with the names of what is there and under names of their own; returns
/// their common hash.
fn hash_scripts(script: &Path, loader: &Path, renamed: &[Renamed]) -> Result<String> {
    let read = |file: &Path| {
        let text = fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
        anyhow::Ok(point_at(renamed, text))
    };
    let (script_text, loader_text) = (read(script)?, read(loader)?);
    let hash = hash_of([script_text.as_str(), &loader_text].concat().as_bytes());

    let plain = lossy(script.file_name());
    let hashed = with_hash(script, &hash);
    // Only the import: the wasm knows the loader by its plain name, and so must the import object.
    let loader_hashed = LOADER.replace(HASH_PLACEHOLDER, &hash);
    write_with_import(script, &hashed, &script_text, LOADER, &loader_hashed)?;
    write_with_import(loader, &loader_hashed, &loader_text, &plain, &hashed)?;
    Ok(hash)
}

/// Replaces `"./name"` by `"./name with hash"` for each renamed file.
fn point_at(renamed: &[Renamed], text: String) -> String {
    renamed.iter().fold(text, |text, file| {
        let quoted = |path: &Path| format!("\"./{}\"", lossy(path.file_name()));
        text.replace(&quoted(&file.from), &quoted(&file.to))
    })
}

/// Moves the script `file` to `name`, importing `to` instead of `from`.
fn write_with_import(file: &Path, name: &str, text: &str, from: &str, to: &str) -> Result<()> {
    let import = format!("from \"./{from}\"");
    ensure!(
        text.contains(&import),
        "{} does not import {from}: is nothing lazy any more, or does wasm-bindgen write imports \
         in another form?",
        file.display()
    );
    let text = text.replace(&import, &format!("from \"./{to}\""));
    fs::write(file.with_file_name(name), text).with_context(|| format!("write {name}"))?;
    fs::remove_file(file).with_context(|| format!("remove {}", file.display()))
}

/// Puts the hashed names of parts and bundles into the manifest, which names them without extension.
fn point_manifest_at(renamed: &[Renamed], file: &Path) -> Result<()> {
    let content = fs::read(file).with_context(|| format!("read {}", file.display()))?;
    let mut manifest: BTreeMap<String, Vec<String>> =
        serde_json::from_slice(&content).with_context(|| format!("parse {}", file.display()))?;
    let parts = manifest.iter_mut().flat_map(|(key, parts)| {
        let is_bundle = key.starts_with(bundle::KEY);
        let extension = if is_bundle { bundle::EXTENSION } else { "wasm" };
        parts.iter_mut().map(move |part| (part, extension))
    });
    for (part, extension) in parts {
        let name = format!("{part}.{extension}");
        let is_it = |renamed: &&Renamed| lossy(renamed.from.file_name()) == name;
        let renamed = renamed
            .iter()
            .find(is_it)
            .with_context(|| format!("{MANIFEST} names a part `{part}` that was not built"))?;
        *part = lossy(renamed.to.file_stem());
    }
    fs::write(file, serde_json::to_vec(&manifest)?)
        .with_context(|| format!("write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(root: &Path) -> Site {
        Site {
            root: root.to_path_buf(),
            front_target: root.join("front"),
            site_root: root.join("site"),
            pkg_dir: String::from("pkg"),
            output_name: String::from("shop"),
            lib_package: String::from("frontend"),
            lib_features: Vec::new(),
            lib_default_features: false,
            profile: String::from("small"),
            style_file: None,
            assets_dir: None,
            wasm_opt: Vec::new(),
            hash_files: true,
            release: true,
        }
    }

    fn read(file: PathBuf) -> String {
        fs::read_to_string(file).unwrap()
    }

    /// A site of two scripts, the main part and one lazy part with this content.
    fn write_site(pkg: &Path, part: &str) {
        fs::create_dir_all(pkg.join("snippets/dep-1")).unwrap();
        fs::write(pkg.join("snippets/dep-1/inline0.js"), "x").unwrap();
        let script = format!("import * as one from \"./{LOADER}\"\nimports[\"./{LOADER}\"] = one;");
        fs::write(pkg.join("shop.js"), script).unwrap();
        let loader = "import { initSync } from \"./shop.js\";\nfetch(\"./split_cart.wasm\")";
        fs::write(pkg.join(LOADER), loader).unwrap();
        fs::write(pkg.join(MANIFEST), r#"{"cart_1":["split_cart"]}"#).unwrap();
        fs::write(pkg.join("shop.wasm"), "").unwrap();
        fs::write(pkg.join("split_cart.wasm"), part).unwrap();
        fs::write(pkg.join("shop.css"), "a{}").unwrap();
    }

    #[test]
    fn names_and_hash_file_are_as_leptos_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let pkg = folder.path();
        write_site(pkg, "part");

        let hashes = hash(&site(pkg), pkg).unwrap();

        let mut lines = hashes.lines().map(|line| line.split_once(": ").unwrap());
        let mut next = |name| {
            let (key, hash) = lines.next().unwrap();
            assert_eq!(key, name, "{hashes}");
            hash
        };
        let js = next("js");
        // MD5 of nothing is d41d8cd98f00b204e9800998ecf8427e.
        assert_eq!(next("wasm"), "1B2M2Y8AsgTpgAmY7PhCfg");
        let (_, manifest) = (next("css"), next("manifest"));
        assert_eq!(next("split"), js, "the two scripts share one hash");
        let part = format!("split_cart.{}", hash_of(b"part"));
        assert_eq!(
            read(pkg.join(format!("shop.{js}.js"))),
            format!(
                "import * as one from \"./__wasm_split.{js}.js\"\nimports[\"./{LOADER}\"] = one;"
            )
        );
        assert_eq!(
            read(pkg.join(format!("__wasm_split.{js}.js"))),
            format!("import {{ initSync }} from \"./shop.{js}.js\";\nfetch(\"./{part}.wasm\")")
        );
        assert_eq!(
            read(pkg.join(format!("__wasm_split_manifest.{manifest}.json"))),
            format!("{{\"cart_1\":[\"{part}\"]}}")
        );
        assert!(pkg.join(format!("{part}.wasm")).is_file());
        assert!(!pkg.join("shop.js").exists() && !pkg.join(LOADER).exists());
        assert!(
            pkg.join("snippets/dep-1/inline0.js").is_file(),
            "snippets keep their names"
        );
    }

    #[test]
    fn another_part_gives_the_scripts_another_name() {
        let hash_with = |part| {
            let folder = tempfile::tempdir().unwrap();
            write_site(folder.path(), part);
            hash(&site(folder.path()), folder.path()).unwrap()
        };
        let js = |hashes: &str| hashes.lines().next().unwrap().to_owned();
        assert_ne!(js(&hash_with("one")), js(&hash_with("two")));
    }

    #[test]
    fn a_script_that_loads_no_parts_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        write_site(folder.path(), "part");
        fs::write(folder.path().join("shop.js"), "nothing").unwrap();
        let error = hash(&site(folder.path()), folder.path()).unwrap_err();
        assert!(error.to_string().contains("does not import"), "{error}");
    }
}

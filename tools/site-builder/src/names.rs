//! Hashed file names, as cargo-leptos makes them.
//!
//! `pkg/grok2api.js` becomes `pkg/grok2api.<hash>.js`, where the hash is the MD5 of the content in
//! unpadded URL-safe base64. Leptos reads the hashes from `hash.txt` and writes the names into the
//! page, so a file may be cached for ever: another content has another name.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use md5::{Digest, Md5};

use crate::assets;
use crate::config::Site;

/// Folder of JavaScript that wasm-bindgen copied from crates. Modules import those by their plain
/// path, which already holds a hash of the crate.
const SNIPPETS: &str = "snippets";

/// Renames every generated file of `pkg` and returns the text of `hash.txt`.
pub(crate) fn hash(site: &Site, pkg: &Path) -> Result<String> {
    let mut renamed = Vec::new();
    for file in assets::files(pkg)? {
        if !file.starts_with(pkg.join(SNIPPETS)) {
            let hash = content_hash(&file)?;
            let to = with_hash(&file, &hash);
            fs::rename(&file, &to).with_context(|| format!("rename {}", file.display()))?;
            renamed.push(Renamed {
                from: file,
                to,
                hash,
            });
        }
    }
    point_loader_at(&renamed, &pkg.join(format!("{}.js", site.output_name)))?;

    let line = |extension: &str| {
        let file = pkg.join(format!("{}.{extension}", site.output_name));
        let found = renamed.iter().find(|renamed| renamed.from == file);
        let hash = &found
            .with_context(|| format!("no {} was built", file.display()))?
            .hash;
        anyhow::Ok(format!("{extension}: {hash}\n"))
    };
    Ok([line("js")?, line("wasm")?, line("css")?].concat())
}

struct Renamed {
    from: PathBuf,
    to: PathBuf,
    hash: String,
}

fn content_hash(file: &Path) -> Result<String> {
    let content = fs::read(file).with_context(|| format!("read {}", file.display()))?;
    Ok(URL_SAFE_NO_PAD.encode(Md5::digest(content)))
}

/// `a/b.js` → `a/b.<hash>.js`.
fn with_hash(file: &Path, hash: &str) -> PathBuf {
    let text = |part: Option<&std::ffi::OsStr>| {
        part.map(|part| part.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    file.with_file_name(format!(
        "{}.{hash}.{}",
        text(file.file_stem()),
        text(file.extension())
    ))
}

/// Replaces the plain names in the loader script, so that it loads what is there.
fn point_loader_at(renamed: &[Renamed], loader: &Path) -> Result<()> {
    let Some(script) = renamed.iter().find(|renamed| renamed.from == loader) else {
        return Ok(());
    };
    let mut text = fs::read_to_string(&script.to)?;
    for other in renamed {
        let name = |path: &Path| {
            path.file_name()
                .map(|name| name.to_string_lossy().into_owned())
        };
        if let (Some(from), Some(to)) = (name(&other.from), name(&other.to)) {
            text = text.replace(&from, &to);
        }
    }
    fs::write(&script.to, text).with_context(|| format!("write {}", script.to.display()))
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

    #[test]
    fn names_and_hash_file_are_those_of_cargo_leptos() {
        let folder = tempfile::tempdir().unwrap();
        let pkg = folder.path();
        fs::create_dir_all(pkg.join("snippets/dep-1")).unwrap();
        fs::write(pkg.join("snippets/dep-1/inline0.js"), "x").unwrap();
        fs::write(pkg.join("shop.js"), "load('shop.wasm')").unwrap();
        fs::write(pkg.join("shop.wasm"), "").unwrap();
        fs::write(pkg.join("shop.css"), "a{}").unwrap();

        let hashes = hash(&site(pkg), pkg).unwrap();

        // MD5 of nothing is d41d8cd98f00b204e9800998ecf8427e.
        let empty = "1B2M2Y8AsgTpgAmY7PhCfg";
        let lines: Vec<&str> = hashes.lines().collect();
        assert_eq!(lines[1], format!("wasm: {empty}"));
        assert!(
            lines[0].starts_with("js: ") && lines[2].starts_with("css: "),
            "{hashes}"
        );
        let js = pkg.join(format!("shop.{}.js", &lines[0][4..]));
        let script = fs::read_to_string(js).unwrap();
        assert_eq!(script, format!("load('shop.{empty}.wasm')"));
        assert!(
            pkg.join("snippets/dep-1/inline0.js").is_file(),
            "snippets keep their names"
        );
    }
}

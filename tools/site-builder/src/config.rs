//! The `[[workspace.metadata.leptos]]` table, as far as a site needs it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::Options;

/// What `site-root` may begin with; cargo-leptos replaces it in the same way.
const TARGET_DIR_MARKER: &str = "CARGO_TARGET_DIR";

/// The flags that cargo-leptos gives to `wasm-opt` unless the table says otherwise.
const DEFAULT_WASM_OPT: [&str; 3] = [
    "-Oz",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
];

/// One site to build, every path absolute and every default filled in.
#[derive(Debug)]
pub(crate) struct Site {
    /// Folder of the workspace's Cargo.toml.
    pub(crate) root: PathBuf,
    /// Cargo's target folder for the browser's half: apart from the server's, as cargo-leptos
    /// does it, because the two are built with different flags and perhaps different compilers.
    pub(crate) front_target: PathBuf,
    pub(crate) site_root: PathBuf,
    /// Folder inside the site for what is generated, `pkg`.
    pub(crate) pkg_dir: String,
    /// Stem of the generated files.
    pub(crate) output_name: String,
    /// Package that holds `hydrate()`.
    pub(crate) lib_package: String,
    pub(crate) lib_features: Vec<String>,
    pub(crate) lib_default_features: bool,
    /// Cargo profile of the wasm build.
    pub(crate) profile: String,
    pub(crate) style_file: Option<PathBuf>,
    pub(crate) assets_dir: Option<PathBuf>,
    pub(crate) wasm_opt: Vec<String>,
    pub(crate) hash_files: bool,
    pub(crate) release: bool,
}

/// The table as written. Keys that only `cargo leptos watch` or the server need are not here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Table {
    name: String,
    lib_package: String,
    output_name: Option<String>,
    #[serde(default = "default_site_root")]
    site_root: PathBuf,
    #[serde(default = "default_pkg_dir")]
    site_pkg_dir: String,
    style_file: Option<PathBuf>,
    assets_dir: Option<PathBuf>,
    #[serde(default)]
    hash_files: bool,
    #[serde(default)]
    lib_features: Vec<String>,
    #[serde(default)]
    lib_default_features: bool,
    lib_profile_dev: Option<String>,
    lib_profile_release: Option<String>,
    wasm_opt_features: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Manifest {
    workspace: Workspace,
}

#[derive(Deserialize)]
struct Workspace {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    leptos: Vec<Table>,
}

fn default_site_root() -> PathBuf {
    PathBuf::from("target/site")
}

fn default_pkg_dir() -> String {
    String::from("pkg")
}

impl Site {
    /// Reads the table and fills in what the command line says.
    pub(crate) fn load(options: &Options) -> Result<Self> {
        let root = fs::canonicalize(&options.root)
            .with_context(|| format!("no folder {}", options.root.display()))?;
        let manifest = root.join("Cargo.toml");
        let text = fs::read_to_string(&manifest)
            .with_context(|| format!("read {}", manifest.display()))?;
        let table = parse(&text)
            .with_context(|| format!("[[workspace.metadata.leptos]] in {}", manifest.display()))?;
        let target = match &options.target_dir {
            Some(dir) => std::path::absolute(dir)?,
            None => root.join("target"),
        };
        Ok(Self::resolve(table, options, root, &target))
    }

    fn resolve(table: Table, options: &Options, root: PathBuf, target: &Path) -> Self {
        let release = options.release;
        let (profile, fallback) = if release {
            (table.lib_profile_release, "release")
        } else {
            (table.lib_profile_dev, "dev")
        };
        let site_root = match &options.site_root {
            Some(dir) => root.join(dir),
            None => match table.site_root.strip_prefix(TARGET_DIR_MARKER) {
                Ok(rest) => target.join(rest),
                Err(_) => root.join(&table.site_root),
            },
        };
        Self {
            front_target: target.join("front"),
            site_root,
            pkg_dir: table.site_pkg_dir,
            output_name: table.output_name.unwrap_or(table.name),
            lib_package: table.lib_package,
            lib_features: table.lib_features,
            lib_default_features: table.lib_default_features,
            profile: profile.unwrap_or_else(|| fallback.to_owned()),
            style_file: table.style_file.map(|file| root.join(file)),
            assets_dir: table.assets_dir.map(|dir| root.join(dir)),
            wasm_opt: table
                .wasm_opt_features
                .unwrap_or_else(|| DEFAULT_WASM_OPT.map(str::to_owned).to_vec()),
            // A development build keeps plain names: a page that is open reloads what it knows.
            hash_files: table.hash_files && release,
            release,
            root,
        }
    }

    /// Where the optimised modules are kept with their names, for `--explain`.
    pub(crate) fn named(&self) -> PathBuf {
        self.site_root.with_extension("named")
    }

    /// The folder in which a build happens before it is moved into place.
    pub(crate) fn staging(&self) -> PathBuf {
        self.site_root.with_extension("new")
    }
}

fn parse(manifest: &str) -> Result<Table> {
    let mut tables = toml::from_str::<Manifest>(manifest)?
        .workspace
        .metadata
        .leptos;
    match (tables.pop(), tables.is_empty()) {
        (Some(table), true) => Ok(table),
        (Some(_), false) => bail!("more than one site: this builder makes one"),
        (None, _) => bail!("the table is empty"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"
        [workspace]
        members = []
        [[workspace.metadata.leptos]]
        name = "shop"
        bin-package = "server"
        lib-package = "frontend"
        site-root = "CARGO_TARGET_DIR/site"
        style-file = "style/main.scss"
        hash-files = true
        lib-profile-release = "small"
        reload-port = 3001
    "#;

    fn site(release: bool) -> Site {
        let options = Options {
            root: PathBuf::from("/w"),
            target_dir: None,
            site_root: None,
            release,
            hash_dirs: Vec::new(),
            explain: false,
            within_budget: false,
        };
        let table = parse(MANIFEST).unwrap();
        Site::resolve(table, &options, PathBuf::from("/w"), Path::new("/t"))
    }

    #[test]
    fn release_site_takes_names_and_profile_from_the_table() {
        let site = site(true);
        assert_eq!(site.site_root, Path::new("/t/site"));
        assert_eq!(site.staging(), Path::new("/t/site.new"));
        assert_eq!(site.front_target, Path::new("/t/front"));
        assert_eq!(
            site.style_file.as_deref(),
            Some(Path::new("/w/style/main.scss"))
        );
        assert_eq!(
            (
                site.output_name.as_str(),
                site.pkg_dir.as_str(),
                site.profile.as_str()
            ),
            ("shop", "pkg", "small")
        );
        assert!(site.hash_files, "the table asks for hashed names");
        assert_eq!(site.wasm_opt, DEFAULT_WASM_OPT);
    }

    #[test]
    fn development_site_keeps_plain_names() {
        let site = site(false);
        assert!(!site.hash_files, "an open page reloads the names it knows");
        assert_eq!(site.profile, "dev");
    }

    #[test]
    fn two_sites_are_refused() {
        let twice = format!("{MANIFEST}\n[[workspace.metadata.leptos]]\nname='b'\nlib-package='c'");
        assert!(
            parse(&twice).is_err(),
            "it would silently build one of them"
        );
    }
}

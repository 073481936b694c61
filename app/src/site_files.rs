//! The built site's files that a page names: our script, its module and the page's own parts.
//! Compiled for the server only.
//!
//! Leptos has components for it (`HydrationScripts`, and links of its own for lazy parts). They put
//! the page's nonce where a browser expects a word about credentials, and know the parts of flat
//! routes only.

use crate::lazy;
use leptos::{nonce::use_nonce, prelude::*};
use std::{collections::HashMap, path::Path, sync::Arc};

/// Addresses of the generated files. Read once; a page finds it in its context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteFiles {
    script: String,
    module: String,
    /// The script that loads the parts.
    loader: String,
    /// Files of each lazy function, by its name without the hash at its end.
    parts: HashMap<String, Vec<String>>,
}

impl SiteFiles {
    /// Reads the list of hashes, which lies beside the binary, and the manifest of the parts. What
    /// is missing is named as if there were no hashes, and no parts.
    #[must_use]
    pub fn read(options: &LeptosOptions) -> Self {
        let exe = std::env::current_exe().unwrap_or_default();
        let beside = exe.parent().unwrap_or(Path::new("."));
        let hashes = if options.hash_files {
            std::fs::read_to_string(beside.join(&*options.hash_file)).unwrap_or_default()
        } else {
            String::new()
        };
        let names = Self::named(options, &hashes);
        let manifest = match hash_of(&hashes, "manifest") {
            Some(hash) => format!("__wasm_split_manifest.{hash}.json"),
            None => "__wasm_split_manifest.json".to_owned(),
        };
        let folder = Path::new(&*options.site_root).join(&*options.site_pkg_dir);
        let manifest = std::fs::read_to_string(folder.join(manifest)).unwrap_or_default();
        names.with_parts(options, &manifest)
    }

    fn named(options: &LeptosOptions, hashes: &str) -> Self {
        let folder = &options.site_pkg_dir;
        let name = &options.output_name;
        let own = |kind: &str| match hash_of(hashes, kind) {
            Some(hash) => format!("/{folder}/{name}.{hash}.{kind}"),
            None => format!("/{folder}/{name}.{kind}"),
        };
        // The name without a hash is the one that leptos compiles into the module.
        let loader = hash_of(hashes, "split").unwrap_or("______________________");
        Self {
            script: own("js"),
            module: own("wasm"),
            loader: format!("/{folder}/__wasm_split.{loader}.js"),
            parts: HashMap::new(),
        }
    }

    fn with_parts(mut self, options: &LeptosOptions, manifest: &str) -> Self {
        let files: HashMap<String, Vec<String>> =
            serde_json::from_str(manifest).unwrap_or_default();
        let folder = &options.site_pkg_dir;
        for (function, stems) in files {
            let name = function.rsplit_once('_').map_or("", |(name, _)| name);
            let urls = stems.iter().map(|stem| format!("/{folder}/{stem}.wasm"));
            self.parts.insert(name.to_owned(), urls.collect());
        }
        self
    }

    /// Files of the parts that the page at `path` consists of, each once.
    fn parts_of(&self, path: &str) -> Vec<String> {
        let mut files: Vec<String> = Vec::new();
        for function in lazy::functions_of(path) {
            for file in self.parts.get(*function).into_iter().flatten() {
                if !files.contains(file) {
                    files.push(file.clone());
                }
            }
        }
        files
    }
}

fn hash_of<'a>(hashes: &'a str, kind: &str) -> Option<&'a str> {
    let mut lines = hashes.lines().filter_map(|line| line.split_once(':'));
    lines.find_map(|(name, hash)| (name.trim() == kind).then(|| hash.trim()))
}

/// Starts our code, and tells the browser at once what that will need. Without [`SiteFiles`] in the
/// context the page has none.
#[component]
pub(crate) fn Scripts() -> impl IntoView {
    let files = use_context::<Arc<SiteFiles>>()?;
    let path = use_context::<http::request::Parts>()
        .map(|parts| parts.uri.path().to_owned())
        .unwrap_or_default();
    let parts = files.parts_of(&path);
    let loader = (!parts.is_empty()).then(|| {
        view! { <link rel="modulepreload" href=files.loader.clone() /> }
    });
    let (script, module) = (&files.script, &files.module);
    let start = format!(
        "import start, {{ hydrate }} from {script:?};\
         start({{ module_or_path: {module:?} }}).then(hydrate);"
    );
    Some(view! {
        <link rel="modulepreload" href=files.script.clone() />
        <Preload href=files.module.clone() />
        {loader}
        {parts.into_iter().map(|href| view! { <Preload href /> }).collect_view()}
        <script type="module" nonce=use_nonce()>
            {start}
        </script>
    })
}

#[component]
fn Preload(href: String) -> impl IntoView {
    view! {
        <link rel="preload" href=href r#as="fetch" r#type="application/wasm" crossorigin="anonymous" />
    }
}

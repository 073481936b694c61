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
    style: String,
    script: String,
    module: String,
    /// The script that loads the parts.
    loader: String,
    /// Files of each lazy function, by its name without the hash at its end.
    parts: HashMap<String, Vec<String>>,
    /// The same in one file, as the loader fetches the first function of a page.
    bundles: HashMap<String, String>,
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
            style: own("css"),
            script: own("js"),
            module: own("wasm"),
            loader: format!("/{folder}/__wasm_split.{loader}.js"),
            parts: HashMap::new(),
            bundles: HashMap::new(),
        }
    }

    fn with_parts(mut self, options: &LeptosOptions, manifest: &str) -> Self {
        let files: HashMap<String, Vec<String>> =
            serde_json::from_str(manifest).unwrap_or_default();
        let folder = &options.site_pkg_dir;
        for (function, stems) in files {
            let name = function.rsplit_once('_').map_or("", |(name, _)| name);
            let urls = |extension: &str| {
                let url = |stem: &String| format!("/{folder}/{stem}.{extension}");
                stems.iter().map(url).collect::<Vec<_>>()
            };
            if let Some(name) = name.strip_prefix("bundle:") {
                let bundle = urls("bundle").into_iter().next();
                self.bundles
                    .extend(bundle.map(|bundle| (name.to_owned(), bundle)));
            } else {
                self.parts.insert(name.to_owned(), urls("wasm"));
            }
        }
        self
    }

    /// Address of the style sheet.
    #[must_use]
    pub fn style(&self) -> &str {
        &self.style
    }

    /// Files of the code that the page at `path` consists of: the bundle of its first function, if
    /// there is one, and the parts that are not in it, each once.
    fn parts_of(&self, path: &str) -> Vec<String> {
        let functions = lazy::functions_of(path);
        let (mut files, mut parts) = (Vec::new(), Vec::new());
        let bundle = functions.first().and_then(|first| self.bundles.get(*first));
        for (at, function) in functions.iter().enumerate() {
            let is_bundled = at == 0 && bundle.is_some();
            for part in self.parts.get(*function).into_iter().flatten() {
                if !parts.contains(&part) {
                    parts.push(part);
                    files.extend((!is_bundled).then(|| part.clone()));
                }
            }
        }
        bundle.cloned().into_iter().chain(files).collect()
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
        <link rel="preload" href=href r#as="fetch" crossorigin="anonymous" />
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(manifest: &str) -> SiteFiles {
        let options = LeptosOptions::builder().output_name("site").build();
        SiteFiles::named(&options, "").with_parts(&options, manifest)
    }

    #[test]
    fn a_page_names_the_bundle_of_its_first_function_and_what_is_not_in_it() {
        let site = site(
            r#"{
                "admin_views_12": ["chunk_1", "split_admin"],
                "bundle:admin_views_12": ["admin_views_12"],
                "__gallery_view_34": ["chunk_1", "split_gallery"],
                "bundle:__gallery_view_34": ["__gallery_view_34"]
            }"#,
        );
        let accounts = ["/pkg/admin_views_12.bundle"];
        assert_eq!(site.parts_of("/admin/accounts"), accounts);
        assert_eq!(
            site.parts_of("/admin/dev/components"),
            ["/pkg/admin_views_12.bundle", "/pkg/split_gallery.wasm"]
        );
        assert!(site.parts_of("/elsewhere").is_empty());
    }

    #[test]
    fn a_development_site_has_parts_only() {
        let site = site(r#"{"__chat_view_12": ["chunk_1", "split_chat"]}"#);
        let files = ["/pkg/chunk_1.wasm", "/pkg/split_chat.wasm"];
        assert_eq!(site.parts_of("/"), files);
    }
}

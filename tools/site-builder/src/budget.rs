//! How much a page may make a browser load before it is alive: wasm, scripts and style sheets, brotli
//! (`docs/performance.md`, "First load").

use std::collections::{BTreeMap, HashMap};
use std::fs;

use anyhow::{Context, Result, bail};

use crate::config::Site;
use crate::report::Size;
use crate::{assets, bundle, report, split};

/// The goal is 200; the same source differs by some tenths between machines and compilers.
const LARGEST_PART_KIB: f64 = 226.0;
/// Sign-in has no code of ours.
const PLAIN_PAGE_KIB: f64 = 20.0;
/// By the lazy function of the page, and what people call it.
const PAGES: [(&str, &str, f64); 7] = [
    ("__chat_view", "the chat", 476.0),
    ("__imagine_view", "the pictures", 516.0),
    ("__video_view", "the videos", 475.0),
    ("__voice_view", "the talk", 396.0),
    ("__media_view", "the operator's media", 434.0),
    ("__connect_view", "connecting a client", 374.0),
    ("admin_views", "the accounts", 461.0),
];

/// Brotli bytes of the site's files.
#[derive(Default)]
struct Sizes {
    /// By the name before the first dot.
    wasm: HashMap<String, u64>,
    bundles: HashMap<String, u64>,
    scripts: u64,
    styles: u64,
}

/// Prints each page's size.
///
/// # Errors
/// A page is above its budget, or there is none of that name.
pub(crate) fn check(site: &Site) -> Result<()> {
    let mut sizes = Sizes::default();
    let mut manifest = BTreeMap::new();
    for file in assets::files(&site.site_root.join(&site.pkg_dir))? {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let extension = file.extension().and_then(|extension| extension.to_str());
        match extension {
            Some("wasm") => {
                let size = Size::of(&file)?.brotli;
                sizes.wasm.insert(stem(&name).to_owned(), size);
            }
            Some(bundle::EXTENSION) => {
                let size = Size::of(&file)?.brotli;
                sizes.bundles.insert(stem(&name).to_owned(), size);
            }
            Some("js") => sizes.scripts += Size::of(&file)?.brotli,
            Some("css") => sizes.styles += Size::of(&file)?.brotli,
            Some("json") if stem(&name) == stem(split::MANIFEST) => {
                manifest = serde_json::from_slice(&fs::read(&file)?)?;
            }
            _ => {}
        }
    }
    let mut over = Vec::new();
    for (name, kib, budget) in measure(&sizes, &manifest, &site.output_name)? {
        let text = format!("{name}: {kib:.1} of {budget} KiB");
        report::note("budget", &text);
        if kib > budget {
            over.push(text);
        }
    }
    if !over.is_empty() {
        bail!(
            "above the budget (make site-size says why): {}",
            over.join("; ")
        );
    }
    Ok(())
}

/// What is bounded: its name, its size and its budget.
fn measure(
    sizes: &Sizes,
    manifest: &BTreeMap<String, Vec<String>>,
    main: &str,
) -> Result<Vec<(&'static str, f64, f64)>> {
    let kib = |bytes: u64| bytes as f64 / 1024.0;
    let largest = sizes.wasm.values().max().copied().unwrap_or(0);
    let mut measured = vec![
        ("the largest part", kib(largest), LARGEST_PART_KIB),
        ("sign-in", kib(sizes.styles), PLAIN_PAGE_KIB),
    ];
    for (function, name, budget) in PAGES {
        let key = format!("{}{function}", bundle::KEY);
        let bundle = manifest
            .iter()
            .find(|(found, _)| found.starts_with(&key))
            .and_then(|(_, files)| sizes.bundles.get(stem(files.first()?)))
            .with_context(|| format!("no bundle of a lazy function {function}"))?;
        let main = sizes.wasm.get(main).context("no main part")?;
        let bytes = main + bundle + sizes.scripts + sizes.styles;
        measured.push((name, kib(bytes), budget));
    }
    Ok(measured)
}

/// `part.<hash>.wasm` → `part`.
fn stem(name: &str) -> &str {
    name.split('.').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_the_main_part_its_bundle_scripts_and_styles() {
        let sizes = Sizes {
            wasm: [("app", 4096), ("chunk_1", 2048), ("far", 512)]
                .map(|(name, bytes)| (name.to_owned(), bytes))
                .into(),
            bundles: [
                ("__chat_view_1", 3072),
                ("admin_views_2", 2048),
                ("__imagine_view_3", 1024),
                ("__video_view_4", 2560),
                ("__voice_view_5", 512),
                ("__media_view_6", 1536),
                ("__connect_view_7", 1792),
            ]
            .map(|(name, bytes)| (name.to_owned(), bytes))
            .into(),
            scripts: 1024,
            styles: 512,
        };
        let manifest = [
            "__chat_view_1",
            "admin_views_2",
            "__imagine_view_3",
            "__video_view_4",
            "__voice_view_5",
            "__media_view_6",
            "__connect_view_7",
        ]
        .map(|name| (format!("bundle:{name}"), vec![format!("{name}.AbC")]))
        .into();
        let measured = measure(&sizes, &manifest, "app").unwrap();
        let found: Vec<_> = measured.iter().map(|(_, kib, _)| *kib).collect();
        assert_eq!(found, [4.0, 0.5, 8.5, 6.5, 8.0, 6.0, 7.0, 7.25, 7.5]);
        assert!(measure(&sizes, &BTreeMap::new(), "app").is_err());
    }
}

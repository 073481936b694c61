//! `--explain`: what each page loads, and what its parts consist of, by crate and by family.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result};

use crate::anatomy::Anatomy;
use crate::config::Site;
use crate::family::Origin;
use crate::report::Size;
use crate::{assets, bundle, split};

/// Parts below this are named with their size and not taken apart.
const SMALLEST_BYTES: u64 = 16 * 1024;

/// Families that the report names for each part.
const FAMILIES: usize = 30;

/// A wasm file of the site and, kept from the build, the same module with its names.
struct Part {
    stem: String,
    size: Size,
    anatomy: Anatomy,
}

/// Prints the report. The site must have been built, in release.
pub(crate) fn print(site: &Site) -> Result<()> {
    let parts = parts(site)?;
    let mut text = pages(site, &parts)?;
    for part in &parts {
        if part.size.raw >= SMALLEST_BYTES {
            write_part(&mut text, part)?;
        }
    }
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

/// Every part, the largest first.
fn parts(site: &Site) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    for file in assets::files(&site.site_root.join(&site.pkg_dir))? {
        if file.extension().is_none_or(|extension| extension != "wasm") {
            continue;
        }
        let stem = stem_of(&file);
        let named = site.named().join(&stem).with_extension("wasm");
        let module = fs::read(&named).with_context(|| format!("read {}", named.display()))?;
        parts.push(Part {
            size: Size::of(&file)?,
            anatomy: Anatomy::of(&module).with_context(|| named.display().to_string())?,
            stem,
        });
    }
    parts.sort_by_key(|part| std::cmp::Reverse(part.size.raw));
    Ok(parts)
}

/// `pkg/part.<hash>.wasm` → `part`.
fn stem_of(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').next().unwrap_or_default().to_owned()
}

/// One line for each lazy function: what a page that needs it loads, in its bundle and the main part.
fn pages(site: &Site, parts: &[Part]) -> Result<String> {
    let pkg = site.site_root.join(&site.pkg_dir);
    let manifest = assets::files(&pkg)?
        .into_iter()
        .find(|file| {
            let stem = split::MANIFEST.trim_end_matches(".json");
            stem_of(file) == stem && file.extension().is_some_and(|end| end == "json")
        })
        .context("the site has no manifest of its parts")?;
    let manifest: BTreeMap<String, Vec<String>> = serde_json::from_slice(&fs::read(manifest)?)?;
    let sizes: HashMap<&str, &Size> = parts
        .iter()
        .map(|part| (part.stem.as_str(), &part.size))
        .collect();
    let mut text = String::from("\nWebAssembly of a page, KiB\n    raw  brotli  parts  page\n");
    let main = sizes
        .get(site.output_name.as_str())
        .context("no main part")?;
    let mut line = |name: &str, bundle: &Size, count: usize| -> Result<()> {
        let (raw, brotli) = (kib(main.raw + bundle.raw), kib(main.brotli + bundle.brotli));
        writeln!(text, "{raw:7.1} {brotli:7.1} {count:6}  {name}")?;
        Ok(())
    };
    line("(every page)", &Size::default(), 1)?;
    for (key, files) in &manifest {
        if let (Some(name), Some(file)) = (key.strip_prefix(bundle::KEY), files.first()) {
            let file = pkg.join(format!("{file}.{}", bundle::EXTENSION));
            let parts = manifest.get(name).map_or(0, Vec::len);
            line(name, &Size::of(&file)?, parts + 1)?;
        }
    }
    Ok(text)
}

/// Bytes and number of functions.
#[derive(Default)]
struct Sum {
    bytes: u64,
    functions: u64,
}

fn write_part(text: &mut String, part: &Part) -> Result<()> {
    let mut crates: HashMap<String, Sum> = HashMap::new();
    let mut families: HashMap<String, Sum> = HashMap::new();
    for (symbol, bytes) in &part.anatomy.functions {
        let origin = Origin::of(symbol);
        for sum in [
            crates.entry(origin.krate).or_default(),
            families.entry(origin.family).or_default(),
        ] {
            sum.bytes += bytes;
            sum.functions += 1;
        }
    }
    for (name, bytes) in [
        ("(constants)", part.anatomy.data),
        ("(types, imports, exports, tables)", part.anatomy.tables),
    ] {
        crates.insert(
            name.to_owned(),
            Sum {
                bytes,
                functions: 0,
            },
        );
    }
    let Part { stem, size, .. } = part;
    writeln!(text, "\n{stem}: {size}")?;
    // Compression is of the whole: a line has its share by bytes.
    let packed = size.brotli as f64 / size.raw.max(1) as f64;
    write_table(text, "crate", crates, usize::MAX, packed)?;
    write_table(text, "family", families, FAMILIES, packed)
}

fn write_table(
    text: &mut String,
    title: &str,
    sums: HashMap<String, Sum>,
    most: usize,
    packed: f64,
) -> Result<()> {
    const SMALLEST_LINE_BYTES: u64 = 512;
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by(|(a_name, a), (b_name, b)| b.bytes.cmp(&a.bytes).then(a_name.cmp(b_name)));
    writeln!(text, "    raw  brotli copies  {title}")?;
    for (name, Sum { bytes, functions }) in sums.into_iter().take(most) {
        if bytes < SMALLEST_LINE_BYTES {
            break;
        }
        let (raw, brotli) = (kib(bytes), kib(bytes) * packed);
        writeln!(text, "{raw:7.1} {brotli:7.1} {functions:6}  {name}")?;
    }
    Ok(())
}

fn kib(bytes: u64) -> f64 {
    bytes as f64 / 1024.0
}

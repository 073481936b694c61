//! The style sheet.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::config::Site;
use crate::tools::{self, Tools};

/// Writes `<output>.css` into `pkg`; empty when the table names no style file.
///
/// cargo-leptos also runs Lightning CSS over it. That rewrites for old browsers what the style
/// sheets here do not use, so the two results say the same.
pub(crate) fn compile(site: &Site, tools: &Tools, pkg: &Path) -> Result<()> {
    let css = match &site.style_file {
        Some(source) => render(source, site.release, tools)?,
        None => Vec::new(),
    };
    let file = pkg.join(format!("{}.css", site.output_name));
    fs::write(&file, css).with_context(|| format!("write {}", file.display()))
}

fn render(source: &Path, release: bool, tools: &Tools) -> Result<Vec<u8>> {
    match source.extension().and_then(|extension| extension.to_str()) {
        Some("scss" | "sass") => {
            let style = if release { "compressed" } else { "expanded" };
            let mut command = Command::new(&tools.sass);
            command
                .arg(format!("--style={style}"))
                .args(["--no-source-map", "--no-charset"]);
            tools::capture(command.arg(source), "sass")
        }
        Some("css") => fs::read(source).with_context(|| format!("read {}", source.display())),
        _ => bail!(
            "style-file must be .css, .scss or .sass: {}",
            source.display()
        ),
    }
}

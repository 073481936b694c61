//! Turns `locales/<language>/*.json` into typed texts; a missing key, an empty text or a differing
//! placeholder stops the build.

#[path = "src/i18n/catalog.rs"]
mod catalog;

use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=locales");
    println!("cargo::rerun-if-changed=src/i18n/catalog.rs");
    let catalog = catalog::load(Path::new("locales"))?;
    let out = Path::new(&env::var("OUT_DIR")?).join("text.rs");
    fs::write(out, catalog::render(&catalog))?;
    Ok(())
}

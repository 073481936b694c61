//! Files that are served as they are.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::config::Site;

/// Copies the assets folder into `staging`. A missing folder is no assets.
pub(crate) fn copy(site: &Site, staging: &Path) -> Result<()> {
    let Some(source) = site.assets_dir.as_deref().filter(|dir| dir.is_dir()) else {
        return Ok(());
    };
    // As in cargo-leptos: what is generated must not be shadowed.
    for reserved in ["index.html", &site.pkg_dir] {
        let path = source.join(reserved);
        if path.exists() {
            bail!(
                "{} would hide what the build generates: rename it",
                path.display()
            );
        }
    }
    for file in files(source)? {
        let to = staging.join(file.strip_prefix(source)?);
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        }
        fs::copy(&file, &to).with_context(|| format!("copy {}", file.display()))?;
    }
    Ok(())
}

/// Every file under `folder`, sorted so that digests and reports do not depend on the disk.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries =
            fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

//! Puts the layers together and collects everything that is wrong.

use std::path::Path;

use super::layers::Layers;
use super::{Config, ConfigErrors, file};

/// A configuration that has been read.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub config: Config,
    /// What was ignored, one text each.
    pub warnings: Vec<String>,
    /// Whether the file was created just now.
    pub created: bool,
}

/// Reads `<data_dir>/config.toml` (creating it, and the folder, at a first start) and the
/// variables of `env`.
///
/// # Errors
/// Every unknown key, bad value and syntax error of both layers at once.
pub fn load(
    data_dir: &Path,
    env: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded, ConfigErrors> {
    let mut layers = Layers::new(file::path(data_dir));
    let mut created = false;
    match file::read_or_create(data_dir) {
        Ok((text, is_new)) => {
            created = is_new;
            layers.apply_file(&text);
        }
        Err(error) => layers.note_unreadable(&error),
    }
    layers.apply_environment(env);
    let (config, warnings) = layers.finish()?;
    Ok(Loaded {
        config,
        warnings,
        created,
    })
}

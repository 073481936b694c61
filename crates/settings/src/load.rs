//! Puts the layers together and collects everything that is wrong.

use std::io;
use std::path::Path;

use crate::layers::Layers;
use crate::{Config, ConfigErrors, file};

/// A configuration that has been read.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub config: Config,
    /// What has no effect, one line each, without secrets.
    pub warnings: Vec<String>,
}

/// Reads `<data_dir>/config.toml` and the variables of `env`, for a start.
///
/// At a first start the file is created, and the folder with it. An empty file means the defaults.
///
/// # Errors
/// Every unknown key, bad value and syntax error of both layers at once.
pub fn load(
    data_dir: &Path,
    env: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded, ConfigErrors> {
    read(data_dir, file::read_or_create(data_dir), env)
}

/// Reads the same as [`load`] for a process that runs already; writes nothing.
///
/// An editor may be at work at this moment, so the file must look the same twice in a row: this
/// takes 50 ms, and up to half a second while the file changes. Call it where blocking is allowed.
///
/// # Errors
/// As [`load`]; besides, a file that is missing, empty, or does not stop changing is a problem.
/// It would otherwise put the defaults in force, and the API would stand open.
pub fn reload(
    data_dir: &Path,
    env: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded, ConfigErrors> {
    read(data_dir, file::read_settled(data_dir), env)
}

fn read(
    data_dir: &Path,
    text: io::Result<String>,
    env: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded, ConfigErrors> {
    let mut layers = Layers::new(file::path(data_dir));
    match text {
        Ok(text) => layers.apply_file(&text),
        Err(error) => layers.note_unreadable(error.to_string()),
    }
    layers.apply_environment(env);
    let (config, warnings) = layers.finish()?;
    Ok(Loaded { config, warnings })
}

/// The variables of this process whose names and values are text; no key of ours is anything else.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

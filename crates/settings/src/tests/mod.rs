//! The crate as its users see it.

mod demo;
mod diff;
mod layers;
mod models;
mod readers;
mod reload;
mod secrets;
mod template;

use crate::{ConfigErrors, Loaded, load};

fn data_dir(file: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.toml"), file).unwrap();
    folder
}

fn read_with(file: &str, env: &[(&str, &str)]) -> Result<Loaded, ConfigErrors> {
    let env = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load(data_dir(file).path(), env)
}

fn read(file: &str) -> Result<Loaded, ConfigErrors> {
    read_with(file, &[])
}

/// The problems of a file, without the folder's name.
fn problems(file: &str, env: &[(&str, &str)]) -> Vec<String> {
    let errors = read_with(file, env).unwrap_err();
    errors
        .lines()
        .iter()
        .map(|line| from_file_name(line))
        .collect()
}

/// The line from the file's name on.
fn from_file_name(line: &str) -> String {
    let start = line.find("config.toml").unwrap_or_default();
    line.get(start..).unwrap().to_owned()
}

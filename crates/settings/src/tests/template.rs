//! The commented file.

use std::path::Path;

use super::read;
use crate::declare::State;
use crate::{Config, file, load, template};

#[test]
fn the_committed_file_lists_every_key_with_its_default() {
    let rendered = template::render();
    if std::env::var_os("UPDATE_CONFIG_TEMPLATE").is_some() {
        let path =
            Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("config.default.toml");
        std::fs::write(path, &rendered).unwrap();
    }
    assert_eq!(
        file::DEFAULT,
        rendered,
        "run this test with UPDATE_CONFIG_TEMPLATE=1 and look at the difference"
    );
}

#[test]
fn the_committed_file_with_every_key_in_force_is_the_built_in_configuration() {
    let every_key = template::uncommented(file::DEFAULT);
    assert!(
        every_key
            .lines()
            .filter(|line| line.contains(" = "))
            .count()
            > 100
    );
    let loaded = read(&every_key).unwrap();
    assert_eq!(
        format!("{:#?}", loaded.config),
        format!("{:#?}", Config::default())
    );
    let sections = loaded.config.sections();
    let keys = sections.iter().flat_map(|(_, section)| section.written());
    let reserved = keys.filter(|key| key.state == State::Reserved).count();
    assert_eq!(loaded.warnings.len(), reserved, "nothing but reserved keys");
}

#[test]
fn a_first_start_creates_the_file_for_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("new/data");
    load(&data_dir, []).unwrap();
    let path = data_dir.join("config.toml");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), file::DEFAULT);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    std::fs::write(&path, "[chat]\nconcurrent = 60\n").unwrap();
    let second = load(&data_dir, []).unwrap();
    assert_eq!(second.config.chat.concurrent, 60, "it is not created twice");
    assert_eq!(
        std::fs::read_dir(&data_dir).unwrap().count(),
        1,
        "no temporary file is left"
    );
}

#[test]
fn the_commented_file_tells_of_every_key_that_needs_a_restart_or_has_no_effect() {
    let above = |key: &str| {
        let (before, _) = file::DEFAULT.split_once(key).unwrap();
        before.lines().last().unwrap().to_owned()
    };
    assert_eq!(above("#port = 8000"), "# Takes effect after a restart.");
    assert_eq!(above("#save_delay_ms"), "# No effect in this version.");
    assert_eq!(
        above("#max_retry = 3"),
        "# Allowed: a whole number from 1 to 100."
    );
}

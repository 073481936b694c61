//! Reading the file again while the process runs.

use std::path::Path;

use super::{data_dir, from_file_name};
use crate::reload;

fn problems_of_reload(data_dir: &Path) -> Vec<String> {
    let lines = reload(data_dir, []).unwrap_err().lines();
    lines.iter().map(|line| from_file_name(line)).collect()
}

#[test]
fn a_reload_reads_what_a_start_reads() {
    let folder = data_dir("[chat]\nconcurrent = 60\n[nsfw]\ntimeout = 5\n");
    let env = || [("SERVER_PORT".to_owned(), "9000".to_owned())];
    let started = crate::load(folder.path(), env()).unwrap();
    let reloaded = reload(folder.path(), env()).unwrap();
    assert_eq!(format!("{started:?}"), format!("{reloaded:?}"));
    assert_eq!(reloaded.config.server.port, 9000);
}

#[test]
fn a_reload_writes_nothing_and_refuses_a_missing_file() {
    let folder = tempfile::tempdir().unwrap();
    let found = problems_of_reload(folder.path());
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("config.toml: No such file"),
        "{found:?}"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let nowhere = folder.path().join("nowhere");
    assert_eq!(problems_of_reload(&nowhere).len(), 1);
    assert!(!nowhere.exists());
}

#[test]
fn an_empty_file_is_no_reload_to_the_defaults_but_starts_a_server() {
    let folder = data_dir("\n");
    assert_eq!(
        problems_of_reload(folder.path()),
        [
            "config.toml: the file is empty, as if somebody were still writing it; \
             for the defaults, write a comment"
        ]
    );
    assert!(crate::load(folder.path(), []).is_ok());
    std::fs::write(folder.path().join("config.toml"), "# defaults\n").unwrap();
    assert!(reload(folder.path(), []).is_ok());
}

#[test]
fn a_file_cut_in_the_middle_of_a_line_is_refused_with_all_other_problems() {
    let folder = data_dir("[chat]\nconcurrent = 60\nstream_time");
    let env = [("SERVER_PORT".to_owned(), "x".to_owned())];
    let found = reload(folder.path(), env).unwrap_err().lines();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("config.toml line 3: not valid TOML"));
    assert!(found[1].starts_with("variable SERVER_PORT: server.port"));
}

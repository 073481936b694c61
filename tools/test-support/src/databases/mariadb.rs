//! `MariaDB`.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{ending_with_us, first_of, is_root, run};

const USER: &str = "grok2api";
const PASSWORD: &str = "p@ss:word/1";
/// As it stands in a URL.
const PASSWORD_IN_URL: &str = "p%40ss%3Aword%2F1";

pub(super) fn prepare(folder: &Path) -> anyhow::Result<()> {
    let mut install = Command::new("mariadb-install-db");
    install
        .args(["--no-defaults", "--skip-test-db"])
        .arg("--auth-root-authentication-method=normal")
        .arg(format!("--datadir={}", folder.join("data").display()))
        // Servers that start at once would remove each other's files from a shared one.
        .env("TMPDIR", folder);
    if is_root() {
        install.arg("--user=root");
    }
    run(&mut install).map(drop)
}

pub(super) fn server(folder: &Path, port: u16) -> Command {
    let installed = first_of([PathBuf::from("/usr/sbin/mariadbd")]);
    let mut command = ending_with_us(&installed.unwrap_or_else(|| PathBuf::from("mariadbd")));
    command
        .arg("--no-defaults")
        .arg(format!("--datadir={}", folder.join("data").display()))
        .arg(format!("--tmpdir={}", folder.display()))
        .arg(format!("--socket={}", socket(folder).display()))
        .arg(format!("--port={port}"))
        .args(["--bind-address=127.0.0.1", "--max-connections=200"])
        .args([
            "--innodb-buffer-pool-size=32M",
            "--innodb-log-file-size=16M",
        ])
        // Each commit reaches the operating system: a crash of the server loses nothing.
        .args([
            "--innodb-flush-log-at-trx-commit=2",
            "--innodb-doublewrite=0",
        ])
        .args(["--innodb-flush-method=nosync", "--innodb-file-per-table=0"])
        .args(["--skip-log-bin", "--performance-schema=0"]);
    if is_root() {
        command.arg("--user=root");
    }
    command
}

pub(super) fn answers(folder: &Path) -> bool {
    run(&mut client(folder, "SELECT 1")).is_ok()
}

pub(super) fn fresh(folder: &Path, port: u16, number: u32) -> anyhow::Result<String> {
    let name = format!("fresh_{number}");
    let statement = format!(
        "CREATE DATABASE {name}; \
         CREATE USER IF NOT EXISTS '{USER}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'; \
         GRANT ALL ON {name}.* TO '{USER}'@'127.0.0.1'"
    );
    run(&mut client(folder, &statement))?;
    Ok(format!(
        "mysql://{USER}:{PASSWORD_IN_URL}@127.0.0.1:{port}/{name}"
    ))
}

pub(super) fn administrate(folder: &Path, statements: &str) -> anyhow::Result<()> {
    run(&mut client(folder, statements)).map(drop)
}

fn client(folder: &Path, statement: &str) -> Command {
    let mut command = Command::new("mariadb");
    command
        .arg("--no-defaults")
        .arg(format!("--socket={}", socket(folder).display()))
        .args(["--user=root", "--execute", statement]);
    command
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("socket")
}

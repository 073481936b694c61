//! `PostgreSQL`. It refuses to run as root, so then it runs as the user of Debian's package.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

use super::{first_of, is_root, run};

const USER: &str = "grok2api";
const PASSWORD: &str = "p@ss:word/1";
/// As it stands in a URL.
const PASSWORD_IN_URL: &str = "p%40ss%3Aword%2F1";
const PACKAGE_USER: &str = "postgres";

pub(super) fn prepare(folder: &Path) -> anyhow::Result<()> {
    let password = folder.join("password");
    fs::write(&password, PASSWORD)?;
    if is_root() {
        let (user, group) = package_user()?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
        chown(folder, Some(user), Some(group))?;
        chown(&password, Some(user), Some(group))?;
    }
    let mut initdb = as_its_user(&program("initdb")?);
    initdb
        .args(["--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"])
        .args(["--auth=scram-sha-256", "--username", USER])
        .arg("--pwfile")
        .arg(&password)
        .arg("--pgdata")
        .arg(folder.join("data"));
    run(&mut initdb).map(drop)
}

pub(super) fn server(folder: &Path, port: u16) -> Command {
    // A data folder that was prepared means that the program is there.
    let program = program("postgres").unwrap_or_else(|_| PathBuf::from("postgres"));
    let mut command = as_its_user(&program);
    command.arg("-D").arg(folder.join("data"));
    command.arg("-k").arg(folder);
    command.arg("-p").arg(port.to_string());
    for option in [
        "listen_addresses=127.0.0.1",
        "fsync=off",
        "full_page_writes=off",
        "max_connections=200",
        "shared_buffers=32MB",
    ] {
        command.arg("-c").arg(option);
    }
    command
}

pub(super) fn answers(folder: &Path, port: u16) -> bool {
    psql(folder, port, "SELECT 1").is_ok_and(|mut command| run(&mut command).is_ok())
}

pub(super) fn fresh(folder: &Path, port: u16, number: u32) -> anyhow::Result<String> {
    let name = format!("fresh_{number}");
    run(&mut psql(folder, port, &format!("CREATE DATABASE {name}"))?)?;
    Ok(format!(
        "postgresql://{USER}:{PASSWORD_IN_URL}@127.0.0.1:{port}/{name}"
    ))
}

/// Ends the server and its children without a word to their clients.
pub(super) fn stop_at_once(folder: &Path) {
    if let Ok(program) = program("pg_ctl") {
        let mut stop = as_its_user(&program);
        stop.args(["stop", "-m", "immediate", "-D"])
            .arg(folder.join("data"));
        let _ = run(&mut stop);
    }
}

fn psql(folder: &Path, port: u16, statement: &str) -> anyhow::Result<Command> {
    let mut command = Command::new(program("psql")?);
    command
        .env("PGPASSWORD", PASSWORD)
        .args(["-X", "-q", "-w", "-U", USER, "-d", "postgres"])
        .arg("-h")
        .arg(folder)
        .arg("-p")
        .arg(port.to_string())
        .args(["-c", statement]);
    Ok(command)
}

fn as_its_user(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if is_root() {
        command.args(["--reuid", PACKAGE_USER, "--regid", PACKAGE_USER]);
        command.arg("--init-groups");
    }
    command.arg(program);
    command
}

/// Debian keeps one folder for each version, and only some programs on the path.
fn program(name: &str) -> anyhow::Result<PathBuf> {
    let mut versions: Vec<_> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin").join(name))
        .collect();
    versions.sort();
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<_> = std::env::split_paths(&on_path)
        .map(|folder| folder.join(name))
        .collect();
    first_of(versions.into_iter().rev().chain(on_path))
        .with_context(|| format!("PostgreSQL's {name} is not installed"))
}

/// User and group id.
fn package_user() -> anyhow::Result<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd")?;
    let line = users
        .lines()
        .find_map(|line| line.strip_prefix("postgres:"))
        .context("there is no user `postgres`, which PostgreSQL's package makes")?;
    let mut fields = line.split(':').skip(1);
    let mut id = || -> anyhow::Result<u32> { Ok(fields.next().context("a short line")?.parse()?) };
    Ok((id()?, id()?))
}

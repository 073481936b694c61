//! Redis, with every write in the system's hands before the answer.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::ensure;

use super::{ending_with_us, first_of};

const PASSWORD: &str = "p@ss:word/1";
/// As it stands in a URL.
const PASSWORD_IN_URL: &str = "p%40ss%3Aword%2F1";
/// Numbered databases, one for each test.
const DATABASES: u32 = 1024;

pub(super) fn prepare(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir(folder.join("data"))?;
    Ok(())
}

pub(super) fn server(folder: &Path, port: u16) -> Command {
    let installed = first_of([PathBuf::from("/usr/bin/redis-server")]);
    let mut command = ending_with_us(&installed.unwrap_or_else(|| PathBuf::from("redis-server")));
    command
        .args(["--bind", "127.0.0.1", "--port"])
        .arg(port.to_string())
        .arg("--dir")
        .arg(folder.join("data"))
        .args(["--requirepass", PASSWORD])
        .args(["--databases", &DATABASES.to_string()])
        // With `everysec` an answer may come before its write while the disk is slow.
        .args(["--appendonly", "yes", "--appendfsync", "no"])
        .args(["--save", "", "--maxmemory-policy", "noeviction"]);
    command
}

/// Not while it loads its file.
pub(super) fn answers(port: u16) -> bool {
    ask(port).is_ok_and(|answer| answer.contains("+PONG"))
}

pub(super) fn fresh(port: u16, number: u32) -> anyhow::Result<String> {
    ensure!(number < DATABASES, "Redis has no database {number}");
    Ok(format!(
        "redis://:{PASSWORD_IN_URL}@127.0.0.1:{port}/{number}"
    ))
}

fn ask(port: u16) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.write_all(format!("AUTH {PASSWORD}\r\nPING\r\nQUIT\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

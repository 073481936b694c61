//! The processes of a run; all are killed when dropped.

use std::{path::Path, process::Stdio, time::Duration};

use anyhow::Context;
use tempfile::TempDir;
use test_support::Launch;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::upstream::Shape;

/// Names the file with the only certificates that are trusted.
const TRUSTED: &str = "SSL_CERT_FILE";
const START_LIMIT: Duration = Duration::from_secs(20);

async fn first_line(child: &mut Child) -> anyhow::Result<String> {
    let stdout = child
        .stdout
        .take()
        .context("standard output is not piped")?;
    let mut lines = BufReader::new(stdout).lines();
    let line = tokio::time::timeout(START_LIMIT, lines.next_line())
        .await
        .context("no sign of life")??;
    line.context("ended at once")
}

/// Starts this program again as one of the others that take part; it prints its address.
async fn start_own(arguments: &[&str], trusted: Option<&Path>) -> anyhow::Result<(Child, String)> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(arguments)
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    if let Some(certificate) = trusted {
        command.env(TRUSTED, certificate);
    }
    let mut child = command.spawn()?;
    let line = first_line(&mut child)
        .await
        .with_context(|| format!("starting {arguments:?}"))?;
    Ok((child, line))
}

/// What the parent process reads as the address.
#[expect(clippy::print_stdout, reason = "the parent process reads it from here")]
pub(crate) fn announce(address: &str) {
    println!("{address}");
}

/// This program's own `upstream`.
pub(crate) struct Upstream {
    pub(crate) url: String,
    _child: Child,
}

impl Upstream {
    pub(crate) async fn start(shape: &Shape) -> anyhow::Result<Self> {
        let (events, interval) = (shape.events.to_string(), shape.interval_ms.to_string());
        let mut arguments = vec!["upstream", "--events", &events, "--interval-ms", &interval];
        if let Some(certificate) = &shape.http2 {
            arguments.push("--http2");
            arguments.push(certificate.to_str().context("not a path in UTF-8")?);
        }
        if shape.json {
            arguments.push("--json");
        }
        let (child, url) = start_own(&arguments, None).await?;
        Ok(Self { url, _child: child })
    }
}

/// This program's own `passthrough`.
pub(crate) struct Passthrough {
    pub(crate) address: String,
    child: Child,
}

impl Passthrough {
    pub(crate) async fn start(upstream: &str, trusted: Option<&Path>) -> anyhow::Result<Self> {
        let (child, address) = start_own(&["passthrough", upstream], trusted).await?;
        Ok(Self { address, child })
    }

    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        cpu_of_family(self.child.id().context("the pass-through has ended")?)
    }
}

/// This program's own upstream of pictures, or the pass-through before it.
pub(crate) struct Picturing {
    pub(crate) address: String,
    child: Child,
}

impl Picturing {
    pub(crate) async fn start(arguments: &[&str]) -> anyhow::Result<Self> {
        let (child, address) = start_own(arguments, None).await?;
        Ok(Self { address, child })
    }

    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        cpu_of_family(self.child.id().context("the pass-through has ended")?)
    }
}

/// Time of the cores that a process and its children have taken so far, to 10 ms.
pub(crate) fn cpu_of_family(pid: u32) -> anyhow::Result<Duration> {
    // What Linux counts in on every machine that this runs on.
    const TICK: Duration = Duration::from_millis(10);
    let mut ticks = 0;
    for entry in std::fs::read_dir("/proc")? {
        let entry = entry?;
        // Whatever is no process, or has ended meanwhile.
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else {
            continue;
        };
        // The name, in brackets, may hold anything.
        let Some((head, tail)) = stat.rsplit_once(") ") else {
            continue;
        };
        let fields: Vec<&str> = tail.split(' ').collect();
        let field = |at: usize| fields.get(at).and_then(|text| text.parse::<u32>().ok());
        let own = head.split(' ').next().and_then(|text| text.parse().ok());
        if own == Some(pid) || field(1) == Some(pid) {
            ticks += field(11).unwrap_or(0) + field(12).unwrap_or(0);
        }
    }
    Ok(TICK * ticks)
}

/// A data folder with so many accounts that never run out.
fn with_accounts(accounts: usize) -> anyhow::Result<TempDir> {
    let data = tempfile::tempdir()?;
    let accounts = (0..accounts).map(
        |n| serde_json::json!({"token": format!("bench-account-{n}"), "quota": ENDLESS_QUOTA}),
    );
    test_support::write_accounts(data.path(), &[("ssoBasic", accounts.collect())])?;
    Ok(data)
}

/// `grok2api serve` on a data folder of its own.
pub(crate) struct Gateway {
    gateway: test_support::Gateway,
    data: TempDir,
}

impl Gateway {
    /// Starts on a fresh folder with `accounts` accounts that never run out and room for many
    /// streams.
    /// `trusted` is the certificate of an upstream with TLS.
    pub(crate) async fn start(
        binary: &Path,
        upstream: &str,
        accounts: usize,
        trusted: Option<&Path>,
    ) -> anyhow::Result<Self> {
        Self::spawn(binary, upstream, (trusted, &[]), with_accounts(accounts)?).await
    }

    /// As [`Gateway::start`], with these settings.
    pub(crate) async fn start_with(
        binary: &Path,
        upstream: &str,
        accounts: usize,
        settings: &[(&'static str, String)],
    ) -> anyhow::Result<Self> {
        Self::spawn(binary, upstream, (None, settings), with_accounts(accounts)?).await
    }

    /// Starts on this folder, with one account and these settings.
    pub(crate) async fn start_on(
        data: TempDir,
        binary: &Path,
        upstream: &str,
        settings: &[(&'static str, String)],
    ) -> anyhow::Result<Self> {
        let account = serde_json::json!({"token": "bench-account-0", "quota": ENDLESS_QUOTA});
        test_support::write_accounts(data.path(), &[("ssoBasic", vec![account])])?;
        Self::spawn(binary, upstream, (None, settings), data).await
    }

    /// Stops it and starts it again on the same folder.
    pub(crate) async fn restart(self, binary: &Path, upstream: &str) -> anyhow::Result<Self> {
        self.restart_with(binary, upstream, &[]).await
    }

    /// As [`Gateway::restart`], with these settings.
    pub(crate) async fn restart_with(
        self,
        binary: &Path,
        upstream: &str,
        settings: &[(&'static str, String)],
    ) -> anyhow::Result<Self> {
        let Self { mut gateway, data } = self;
        gateway.kill()?;
        Self::spawn(binary, upstream, (None, settings), data).await
    }

    /// Starts on a folder, or a store named by the settings, into which `grok2api import` has put
    /// so many accounts.
    pub(crate) async fn start_imported(
        binary: &Path,
        upstream: &str,
        accounts: usize,
        settings: &[(&'static str, String)],
    ) -> anyhow::Result<Self> {
        let (source, data) = (with_accounts(accounts)?, tempfile::tempdir()?);
        let import = Command::new(binary)
            .arg("import")
            .arg(source.path())
            .env("DATA_DIR", data.path())
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .status();
        let status = import.await.context("importing the accounts")?;
        anyhow::ensure!(status.success(), "importing the accounts: {status}");
        Self::spawn(binary, upstream, (None, settings), data).await
    }

    async fn spawn(
        binary: &Path,
        upstream: &str,
        (trusted, settings): (Option<&Path>, &[(&'static str, String)]),
        data: TempDir,
    ) -> anyhow::Result<Self> {
        let mut launch = Launch::new(binary, data.path())
            .upstream(upstream)
            .env("LOG_LEVEL", "error")
            .env("GROK2API_CHAT__CONCURRENT", 20_000);
        if let Some(certificate) = trusted {
            launch = launch.env(TRUSTED, certificate.display());
        }
        for (name, value) in settings {
            launch = launch.env(name, value);
        }
        Ok(Self {
            gateway: launch.start().await?,
            data,
        })
    }

    pub(crate) fn address(&self) -> &str {
        &self.gateway.address
    }

    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        cpu_of_family(self.gateway.pid())
    }

    /// From spawn to the address on which it serves.
    pub(crate) fn ready_after(&self) -> Duration {
        self.gateway.ready_after
    }

    /// Resident memory now.
    pub(crate) fn memory_kib(&self) -> anyhow::Result<u64> {
        self.gateway.memory_kib("VmRSS")
    }

    /// The most that was ever resident.
    pub(crate) fn peak_kib(&self) -> anyhow::Result<u64> {
        self.gateway.memory_kib("VmHWM")
    }
}

/// Quota that no run uses up.
const ENDLESS_QUOTA: u32 = 1_000_000_000;

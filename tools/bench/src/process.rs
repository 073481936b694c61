//! The processes of a run; all are killed when dropped.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::Context;
use tempfile::TempDir;
use test_support::Launch;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

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

/// This program's own `simulator`.
pub(crate) struct Simulator {
    pub(crate) url: String,
    _child: Child,
}

impl Simulator {
    pub(crate) async fn start(args: &[&str]) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("simulator")
            .args(args)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let url = first_line(&mut child)
            .await
            .context("starting the simulator")?;
        Ok(Self { url, _child: child })
    }
}

/// This program's own `passthrough`.
pub(crate) struct Passthrough {
    pub(crate) address: String,
    _child: Child,
}

impl Passthrough {
    pub(crate) async fn start(upstream: &str) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["passthrough", upstream])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let address = first_line(&mut child)
            .await
            .context("starting the pass-through")?;
        Ok(Self {
            address,
            _child: child,
        })
    }
}

/// `grok2api serve` on a data folder of its own.
pub(crate) struct Gateway {
    gateway: test_support::Gateway,
    data: TempDir,
}

impl Gateway {
    /// Starts on a fresh folder with `accounts` accounts that never run out and room for many
    /// streams.
    pub(crate) async fn start(
        binary: &Path,
        upstream: &str,
        accounts: usize,
    ) -> anyhow::Result<Self> {
        let data = tempfile::tempdir()?;
        let accounts = (0..accounts).map(
            |n| serde_json::json!({"token": format!("bench-account-{n}"), "quota": ENDLESS_QUOTA}),
        );
        test_support::write_accounts(data.path(), &[("ssoBasic", accounts.collect())])?;
        Self::spawn(binary, upstream, data).await
    }

    /// Stops it and starts it again on the same folder.
    pub(crate) async fn restart(self, binary: &Path, upstream: &str) -> anyhow::Result<Self> {
        let Self { mut gateway, data } = self;
        gateway.kill()?;
        Self::spawn(binary, upstream, data).await
    }

    async fn spawn(binary: &Path, upstream: &str, data: TempDir) -> anyhow::Result<Self> {
        let launch = Launch::new(binary, data.path())
            .upstream(upstream)
            .env("LOG_LEVEL", "error")
            .env("GROK2API_CHAT__CONCURRENT", 20_000);
        Ok(Self {
            gateway: launch.start().await?,
            data,
        })
    }

    pub(crate) fn address(&self) -> &str {
        &self.gateway.address
    }

    /// From spawn to the address on which it serves.
    pub(crate) fn ready_after(&self) -> Duration {
        self.gateway.ready_after
    }

    /// Resident memory now.
    pub(crate) fn memory_kib(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(PathBuf::from(format!(
            "/proc/{}/status",
            self.gateway.pid()
        )))?;
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .context("no VmRSS")?;
        let number = line
            .split_whitespace()
            .nth(1)
            .context("no number in VmRSS")?;
        Ok(number.parse()?)
    }
}

/// Quota that no run uses up.
const ENDLESS_QUOTA: u32 = 1_000_000_000;

//! The processes of a run; all are killed when dropped.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

const START_LIMIT: Duration = Duration::from_secs(20);
/// Holds the address of a gateway that serves.
const ADDRESS_FILE: &str = "server.addr";

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
    pub(crate) address: String,
    /// From spawn to the address on which it serves.
    pub(crate) ready_after: Duration,
    pid: u32,
    child: Child,
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
        write_accounts(data.path(), accounts)?;
        Self::spawn(binary, upstream, data).await
    }

    /// Stops it and starts it again on the same folder.
    pub(crate) async fn restart(mut self, binary: &Path, upstream: &str) -> anyhow::Result<Self> {
        self.child.kill().await?;
        std::fs::remove_file(self.data.path().join(ADDRESS_FILE))?;
        Self::spawn(binary, upstream, self.data).await
    }

    async fn spawn(binary: &Path, upstream: &str, data: TempDir) -> anyhow::Result<Self> {
        let started = Instant::now();
        let child = Command::new(binary)
            .arg("serve")
            .env("DATA_DIR", data.path())
            .env("SERVER_HOST", "127.0.0.1")
            .env("SERVER_PORT", "0")
            .env("LOG_LEVEL", "error")
            .env("GROK2API_UPSTREAM__WEB_URL", upstream)
            .env("GROK2API_UPSTREAM__ASSETS_URL", upstream)
            .env("GROK2API_CHAT__CONCURRENT", "20000")
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {}", binary.display()))?;
        let pid = child.id().context("the gateway ended at once")?;
        let address = wait_for_address(&data.path().join(ADDRESS_FILE)).await?;
        Ok(Self {
            address,
            ready_after: started.elapsed(),
            pid,
            child,
            data,
        })
    }

    /// Resident memory now.
    pub(crate) fn memory_kib(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(PathBuf::from(format!("/proc/{}/status", self.pid)))?;
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

fn write_accounts(data: &Path, accounts: usize) -> anyhow::Result<()> {
    let list: Vec<_> = (0..accounts)
        .map(|n| serde_json::json!({"token": format!("bench-account-{n}"), "quota": ENDLESS_QUOTA}))
        .collect();
    let text = serde_json::json!({"ssoBasic": list, "ssoSuper": []}).to_string();
    std::fs::write(data.join("token.json"), text)?;
    Ok(())
}

async fn wait_for_address(file: &Path) -> anyhow::Result<String> {
    let started = Instant::now();
    while started.elapsed() < START_LIMIT {
        if let Ok(text) = std::fs::read_to_string(file)
            && text.ends_with('\n')
        {
            return Ok(text.trim().to_owned());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    bail!("the gateway did not start within {START_LIMIT:?}")
}

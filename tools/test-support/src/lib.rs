//! The real binary on a data folder of its own, started for a test or a benchmark.

pub mod databases;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use tokio::time::sleep;

/// A debug binary on a busy two-core machine needs a while for its first start.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at something that cannot notify us.
const POLL_INTERVAL: Duration = Duration::from_millis(5);
/// Holds the address of a gateway that serves.
const ADDRESS_FILE: &str = "server.addr";
const LOG_FILE: &str = "server.log";

/// How to start a gateway: on loopback, on a free port, with nothing of this process's environment
/// but `PATH`.
pub struct Launch {
    binary: PathBuf,
    data_dir: PathBuf,
    env: Vec<(String, String)>,
    /// Soft and hard limit.
    open_files: Option<(u32, u32)>,
}

impl Launch {
    /// `binary` is `grok2api`; its log goes to `server.log` in the data folder.
    pub fn new(binary: impl Into<PathBuf>, data_dir: impl Into<PathBuf>) -> Self {
        Self {
            binary: binary.into(),
            data_dir: data_dir.into(),
            env: Vec::new(),
            open_files: None,
        }
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl ToString) -> Self {
        self.env.push((name.to_owned(), value.to_string()));
        self
    }

    /// Lets it have so many open files: the soft limit and the hard one.
    #[must_use]
    pub fn open_files(mut self, soft: u32, hard: u32) -> Self {
        self.open_files = Some((soft, hard));
        self
    }

    /// Asks this upstream, usually a simulator, and nothing that no request asks for: a test of that sets
    /// `token.auto_refresh` afterwards.
    #[must_use]
    pub fn upstream(self, url: &str) -> Self {
        self.env("GROK2API_UPSTREAM__WEB_URL", url)
            .env("GROK2API_UPSTREAM__ASSETS_URL", url)
            .env("GROK2API_UPSTREAM__ACCOUNTS_URL", url)
            .env("GROK2API_TOKEN__AUTO_REFRESH", false)
    }

    fn command(&self) -> Command {
        let Some((soft, hard)) = self.open_files else {
            return Command::new(&self.binary);
        };
        let mut shell = Command::new("sh");
        let script = format!("ulimit -n {hard}; ulimit -S -n {soft}; exec \"$0\" \"$@\"");
        shell.arg("-c").arg(script).arg(&self.binary);
        shell
    }

    /// Starts it and waits until it serves.
    ///
    /// # Errors
    /// It ended, with the end of its log, or does not serve in time.
    pub async fn start(&self) -> anyhow::Result<Gateway> {
        let address_file = self.data_dir.join(ADDRESS_FILE);
        // Left by a process that was killed.
        let _ = fs::remove_file(&address_file);
        let log = self.data_dir.join(LOG_FILE);
        let started = Instant::now();
        let child = self
            .command()
            .arg("serve")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("DATA_DIR", &self.data_dir)
            .env("SERVER_HOST", "127.0.0.1")
            .env("SERVER_PORT", "0")
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()
            .with_context(|| format!("starting {}", self.binary.display()))?;
        let mut gateway = Gateway {
            child,
            log,
            address: String::new(),
            ready_after: Duration::ZERO,
        };
        gateway.address = gateway.wait_for_address(&address_file).await?;
        gateway.ready_after = started.elapsed();
        Ok(gateway)
    }
}

/// A running gateway; killed when dropped.
pub struct Gateway {
    child: Child,
    log: PathBuf,
    /// `127.0.0.1:PORT`.
    pub address: String,
    /// From its start until it served.
    pub ready_after: Duration,
}

impl Gateway {
    /// Without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A line of its `/proc/PID/status` that counts memory: `VmRSS` what is resident now, `VmHWM` the
    /// most that ever was.
    ///
    /// # Errors
    /// It has ended, or there is no such line.
    pub fn memory_kib(&self, field: &str) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()))?;
        let mut lines = status.lines().filter_map(|line| line.split_once(':'));
        let found = lines.find(|(name, _)| *name == field);
        let (_, value) = found.with_context(|| format!("no {field}"))?;
        let number = value.split_whitespace().next();
        Ok(number
            .with_context(|| format!("no number in {field}"))?
            .parse()?)
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Sends a signal by its short name, such as `HUP`.
    ///
    /// # Errors
    /// There is no such process or signal.
    pub fn signal(&self, name: &str) -> anyhow::Result<()> {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &pid])
            .status()?;
        anyhow::ensure!(sent.success(), "kill -{name} {pid}: {sent}");
        Ok(())
    }

    /// Ends it as an operator would and waits until it is gone.
    ///
    /// # Errors
    /// It does not end in time.
    pub async fn stop(&mut self) -> anyhow::Result<ExitStatus> {
        self.signal("TERM")?;
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(exit) = self.child.try_wait()? {
                return Ok(exit);
            }
            sleep(POLL_INTERVAL).await;
        }
        bail!("the gateway does not stop\n{}", self.log())
    }

    /// Ends it as a power cut would.
    ///
    /// # Errors
    /// It has ended already.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    async fn wait_for_address(&mut self, file: &Path) -> anyhow::Result<String> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Ok(address) = fs::read_to_string(file)
                && let Some(address) = address.strip_suffix('\n')
            {
                return Ok(address.to_owned());
            }
            if let Some(exit) = self.child.try_wait()? {
                bail!("the gateway ended: {exit}\n{}", self.log());
            }
            sleep(POLL_INTERVAL).await;
        }
        bail!("the gateway does not start\n{}", self.log())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("---- log of the gateway ----\n{}", self.log());
        }
    }
}

/// Writes the predecessor's `token.json`, which is imported at a first start: accounts by the name
/// of their pool. An account is its credential, or an object with more.
///
/// # Errors
/// The folder cannot be written.
pub fn write_accounts(
    data_dir: &Path,
    pools: &[(&str, Vec<serde_json::Value>)],
) -> anyhow::Result<()> {
    let file: serde_json::Map<_, _> = pools
        .iter()
        .map(|(pool, accounts)| ((*pool).to_owned(), accounts.clone().into()))
        .collect();
    let text = serde_json::Value::Object(file).to_string();
    fs::write(data_dir.join("token.json"), text)?;
    Ok(())
}

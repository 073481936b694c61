//! Private database servers for tests: each on a free port of this machine, in a temporary folder,
//! gone when it is dropped.
//!
//! They are Debian's packages, which `scripts/setup test` installs. Data survives [`Server::kill`]
//! as it would survive the server's crash; for speed nothing waits for the disk itself.

mod mariadb;
mod postgres;
mod redis;

use std::{
    fs::File,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// A server on a busy machine needs a while.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// Ports that no outgoing connection takes, so that a server that was stopped gets its own again.
const PORTS: std::ops::Range<u16> = 20_000..32_000;
const LOG_FILE: &str = "server.log";

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Postgres,
    /// Stands for `MySQL` too.
    MariaDb,
    Redis,
}

/// A running database server that only this process knows; killed when dropped.
pub struct Server {
    engine: Engine,
    folder: TempDir,
    port: u16,
    child: Option<Child>,
    /// Databases that were made.
    made: u32,
}

impl Server {
    /// Sets one up and waits until it answers.
    ///
    /// # Errors
    /// The package is not installed, or the server ended or does not answer in time: with the end
    /// of its log.
    pub async fn start(engine: Engine) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("grok2api-db-").tempdir()?;
        let prepared = match engine {
            Engine::Postgres => postgres::prepare(folder.path()),
            Engine::MariaDb => mariadb::prepare(folder.path()),
            Engine::Redis => redis::prepare(folder.path()),
        };
        prepared.context("setting up a database server (see scripts/setup test)")?;
        let mut server = Self {
            engine,
            folder,
            port: free_port()?,
            child: None,
            made: 0,
        };
        server.start_again().await?;
        Ok(server)
    }

    /// The URL of a new, empty database.
    ///
    /// # Errors
    /// The server refuses to make one.
    pub fn fresh_database(&mut self) -> anyhow::Result<String> {
        self.made += 1;
        match self.engine {
            Engine::Postgres => postgres::fresh(self.folder.path(), self.port, self.made),
            Engine::MariaDb => mariadb::fresh(self.folder.path(), self.port, self.made),
            Engine::Redis => redis::fresh(self.port, self.made),
        }
    }

    /// Does what only its administrator may: these statements of SQL. `MariaDB` alone needs it.
    ///
    /// # Errors
    /// The server refuses them, or is another one.
    pub fn administrate(&self, statements: &str) -> anyhow::Result<()> {
        ensure!(self.engine == Engine::MariaDb, "{:?} cannot", self.engine);
        mariadb::administrate(self.folder.path(), statements)
    }

    /// What it is.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            if self.engine == Engine::Postgres {
                // Its children would keep the port and the shared memory for a moment.
                postgres::stop_at_once(self.folder.path());
            }
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it once more on the same data and port, and waits until it answers.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        let folder = self.folder.path();
        let mut command = match self.engine {
            Engine::Postgres => postgres::server(folder, self.port),
            Engine::MariaDb => mariadb::server(folder, self.port),
            Engine::Redis => redis::server(folder, self.port),
        };
        let log = folder.join(LOG_FILE);
        let output = File::options().create(true).append(true).open(&log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("starting {:?}", command.get_program()))?;
        let child = self.child.insert(child);
        let patience = Instant::now() + PATIENCE;
        loop {
            let answers = match self.engine {
                Engine::Postgres => postgres::answers(folder, self.port),
                Engine::MariaDb => mariadb::answers(folder),
                Engine::Redis => redis::answers(self.port),
            };
            if answers {
                return Ok(());
            }
            if let Some(status) = child.try_wait()? {
                bail!("{:?} ended with {status}: {}", self.engine, end_of(&log));
            }
            ensure!(
                Instant::now() < patience,
                "{:?} does not answer: {}",
                self.engine,
                end_of(&log)
            );
            sleep(POLL_INTERVAL).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn free_port() -> anyhow::Result<u16> {
    let begin = fastrand::u16(PORTS);
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let mut ports = (begin..PORTS.end).chain(PORTS.start..begin);
    ports.find(is_free).context("no free port")
}

fn end_of(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

/// A program that ends with this process, whatever ends it.
fn ending_with_us(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(program);
    command
}

/// Runs a short program to its end.
fn run(command: &mut Command) -> anyhow::Result<Output> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("starting {:?}", command.get_program()))?;
    ensure!(
        output.status.success(),
        "{:?} failed: {}{}",
        command.get_program(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(output)
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// The first of these files that is there.
fn first_of(candidates: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
    candidates.into_iter().find(|path| path.is_file())
}

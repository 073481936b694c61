//! `make bench`: the gateway beside nginx and a bare hyper pass-through, in one run.
//!
//! The machine is noisy, so ratios of one run count, not absolute numbers of different days. The
//! upstream, the server under test and this load generator share the machine's cores in both halves of
//! a comparison.

mod accounts;
mod asks;
mod compare;
mod files;
mod load;
mod nginx;
mod paced;
mod passthrough;
mod pictures;
mod process;
mod report;
mod rest;
mod stores;
mod upstream;
mod videos;

use std::{path::PathBuf, time::Duration};

use clap::{Parser, Subcommand, ValueEnum};
use test_support::databases::Engine;

use crate::{
    compare::{Bench, Programs},
    upstream::Shape,
};

/// Of a paced upstream.
const INTERVAL_MS: u64 = 20;

#[derive(Debug, Parser)]
#[command(about = "Measures the gateway beside nginx and a bare hyper pass-through")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// The release binary under test.
    #[arg(long, default_value = "target/release/grok2api")]
    gateway: PathBuf,
    /// Debian's `nginx-light`.
    #[arg(long, default_value = "/usr/sbin/nginx")]
    nginx: PathBuf,
    /// What to measure; everything without it.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Seconds of load for each side of a measurement.
    #[arg(long, default_value_t = 6)]
    seconds: u64,
    /// Token events of one answer.
    #[arg(long, default_value_t = 64)]
    events: usize,
    /// Clients that ask at the same time.
    #[arg(long, default_value_t = 32)]
    clients: usize,
    /// Numbers of clients of a paced upstream.
    #[arg(long, value_delimiter = ',', default_value = "200,1000")]
    crowds: Vec<usize>,
    /// Numbers of open paced streams to measure memory with.
    #[arg(long, value_delimiter = ',', default_value = "1000,10000")]
    streams: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// HTTP/1 upstream, everything at once: throughput, and one client alone.
    Burst,
    /// The same, each answer gathered into one JSON document.
    Json,
    /// HTTP/2 over TLS, everything at once.
    H2,
    /// An event every 20 ms to many clients.
    Paced,
    /// Memory without requests.
    Rest,
    /// Memory of open streams.
    Open,
    /// Streamed chat on PostgreSQL, Redis and MariaDB beside SQLite.
    Stores,
    /// A start with many accounts, on SQLite and PostgreSQL.
    Starts,
    /// Asking the upstream about 10,000 accounts.
    Asking,
    /// Tools, JSON, responses and messages beside a plain chat.
    Asks,
    /// Pictures over the imagine socket.
    Pictures,
    /// Downloads of generated files.
    Files,
    /// Memory while large videos are stored.
    Videos,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A reference: forwards every request to UPSTREAM as it is.
    Passthrough { upstream: String },
    /// The upstream of all sides.
    Upstream(Shape),
    /// An upstream that sends pictures.
    PictureUpstream,
    /// A reference: forwards bytes to UPSTREAM as they are.
    PicturePassthrough { upstream: String },
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    match &cli.command {
        Some(Command::Passthrough { upstream }) => runtime.block_on(passthrough::run(upstream)),
        Some(Command::Upstream(shape)) => runtime.block_on(upstream::run(shape)),
        Some(Command::PictureUpstream) => runtime.block_on(pictures::run_upstream()),
        Some(Command::PicturePassthrough { upstream }) => {
            runtime.block_on(pictures::run_passthrough(upstream))
        }
        None => runtime.block_on(measure(&cli)),
    }
}

async fn measure(cli: &Cli) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let certificate = folder.path().join("upstream.pem");
    let is_wanted = |part| cli.only.is_empty() || cli.only.contains(&part);
    report::head(cli.events);
    if is_wanted(Part::Burst) {
        burst(cli).await?;
    }
    if is_wanted(Part::Json) {
        let bench = cli.start(0, None).await?.with_whole_answers();
        let what = format!("JSON, {} clients", cli.clients);
        report::pressed(&what, &bench.press(cli.clients, cli.time()).await?);
    }
    if is_wanted(Part::H2) {
        let bench = cli.start(0, Some(certificate.clone())).await?;
        let what = format!("h2, {} clients", cli.clients);
        report::pressed(&what, &bench.press(cli.clients, cli.time()).await?);
    }
    if is_wanted(Part::Paced) {
        for &clients in &cli.crowds {
            let bench = cli.start(INTERVAL_MS, None).await?;
            let what = format!("paced, {clients} at once");
            report::crowded(&what, &bench.crowd(clients, 3).await?);
        }
    }
    if is_wanted(Part::Stores) {
        for engine in [Engine::Postgres, Engine::Redis, Engine::MariaDb] {
            let (binary, clients) = (&cli.gateway, cli.clients);
            let pair = stores::measure(binary, engine, cli.events, clients, cli.time()).await?;
            report::pressed(&format!("{engine:?} (SQLite), {clients} clients"), &pair);
        }
    }
    if is_wanted(Part::Asks) {
        let (binary, clients) = (&cli.gateway, cli.clients);
        for (what, pair) in asks::measure(binary, cli.events, clients, cli.time()).await? {
            report::pressed(&format!("{what} (plain chat), {clients} clients"), &pair);
        }
        for (what, pair) in asks::measure(binary, cli.events, 1, cli.time() / 3).await? {
            report::alone(&format!("{what} (plain chat), "), &pair);
        }
    }
    if is_wanted(Part::Pictures) {
        let pair = pictures::measure(cli.programs(), cli.time()).await?;
        report::pressed("pictures, 16 clients (pass-through)", &pair);
    }
    if is_wanted(Part::Files) {
        for files in files::measure(cli.programs(), cli.time()).await? {
            report::pressed(&files.what, &files.pair);
        }
    }
    if is_wanted(Part::Rest) {
        for accounts in [128, 10_000] {
            report::rest(&rest::measure(&cli.gateway, accounts).await?);
        }
    }
    if is_wanted(Part::Starts) {
        for accounts in [10_000, 1_000_000] {
            for engine in [None, Some(Engine::Postgres)] {
                report::start(&accounts::start(&cli.gateway, engine, accounts).await?);
            }
        }
    }
    if is_wanted(Part::Asking) {
        for asking in accounts::ask(&cli.gateway, 10_000).await? {
            report::asking(&asking);
        }
    }
    if is_wanted(Part::Open) {
        for &streams in &cli.streams {
            for http2 in [None, Some(certificate.clone())] {
                report::open(&paced::measure(&cli.gateway, streams, http2).await?);
            }
        }
    }
    if is_wanted(Part::Videos) {
        // The last, since it fills 5 GiB of disk.
        report::videos(&videos::measure(&cli.gateway).await?);
    }
    Ok(())
}

async fn burst(cli: &Cli) -> anyhow::Result<()> {
    let bench = cli.start(0, None).await?;
    let what = format!("burst, {} clients", cli.clients);
    report::pressed(&what, &bench.press(cli.clients, cli.time()).await?);
    report::alone("", &bench.press(1, cli.time()).await?);
    Ok(())
}

impl Cli {
    fn time(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    fn programs(&self) -> Programs<'_> {
        Programs {
            gateway: &self.gateway,
            nginx: &self.nginx,
        }
    }

    async fn start(&self, interval_ms: u64, http2: Option<PathBuf>) -> anyhow::Result<Bench> {
        let shape = Shape {
            events: self.events,
            interval_ms,
            http2,
            json: false,
        };
        // So many that no answer waits for an account.
        Bench::start(self.programs(), &shape, self.clients * 4).await
    }
}

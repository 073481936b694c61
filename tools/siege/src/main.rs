//! `make siege`: hostile clients of every kind against the real binary, while one well-behaved
//! client asks once a second. It must always be served, memory must stay bounded, and SIGTERM must
//! end the process in time at any moment.

mod attacks;
mod client;
mod disk;
mod memory;
mod wall_clock;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context;
use clap::Parser;
use grok_sim::{Options, Pace, Simulator};
use rand::Rng;
use tempfile::TempDir;
use test_support::{Gateway, Launch};
use tokio::task::JoinSet;

use crate::{attacks::Attack, client::Served, memory::Peak};

/// The longest that a good request may take.
const MAX_WAIT: Duration = Duration::from_secs(2);
const MAX_MIB: u64 = 400;
/// Open requests may finish; the rest of the way out.
const DRAIN_SECS: u64 = 5;
const MAX_STOP: Duration = Duration::from_secs(DRAIN_SECS + 10);
const KEY: &str = "sk-siege";

#[derive(Debug, Parser)]
#[command(about = "Hostile clients against the real binary")]
struct Cli {
    /// The binary under siege.
    #[arg(long, default_value = "target/release/grok2api")]
    gateway: PathBuf,
    /// Seconds of siege, all rounds together.
    #[arg(long, default_value_t = 300)]
    seconds: u64,
    /// Times that the gateway is stopped in the middle of it and started again.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// An empty folder on a file system of at most 200 MB, to be filled now and then.
    #[arg(long)]
    small_disk: Option<PathBuf>,
    /// `libfaketime.so.1`, by which the wall clock jumps.
    #[arg(long)]
    faketime: Option<PathBuf>,
}

impl Cli {
    fn attacks(&self) -> Vec<Attack> {
        let mut attacks = Attack::PLAIN.to_vec();
        attacks.extend(self.small_disk.as_ref().map(|_| Attack::FullDisk));
        attacks.extend(self.faketime.as_ref().map(|_| Attack::ClockJumps));
        attacks
    }
}

/// What one round, or all of them, came to.
#[derive(Default)]
struct Outcome {
    served: Served,
    peak_kib: u64,
    slowest_stop: Duration,
    /// How often each attack met the server.
    attacks: BTreeMap<&'static str, usize>,
}

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(siege(&cli))?;
    Ok(report(&outcome))
}

async fn siege(cli: &Cli) -> anyhow::Result<Outcome> {
    let options = Options {
        pace: Pace::Interval(Duration::from_millis(1)),
        quota: grok_sim::Quota::Unlimited,
        keep_requests: 0,
        strict: false,
        ..Options::default()
    };
    let simulator = Simulator::start(options).await?;
    let data = match &cli.small_disk {
        Some(folder) => TempDir::new_in(folder)?,
        None => TempDir::new()?,
    };
    let accounts = (0..200).map(
        |n| serde_json::json!({"token": format!("siege-account-{n}"), "quota": 1_000_000_000}),
    );
    test_support::write_accounts(data.path(), &[("ssoBasic", accounts.collect())])?;
    let mut outcome = Outcome::default();
    for round in 0..cli.rounds.max(1) {
        let mean = cli.seconds as f64 / f64::from(cli.rounds.max(1));
        // At any moment of it.
        let seconds = mean * rand::rng().random_range(0.9..1.1);
        let gateway = start(cli, &simulator, &data).await?;
        say(&format!("round {}: {seconds:.1} s", round + 1));
        let round = one_round(cli, gateway, &data, Duration::from_secs_f64(seconds)).await?;
        outcome.served.merge(round.served);
        outcome.peak_kib = outcome.peak_kib.max(round.peak_kib);
        for (name, count) in round.attacks {
            *outcome.attacks.entry(name).or_default() += count;
        }
        outcome.slowest_stop = outcome.slowest_stop.max(round.slowest_stop);
    }
    simulator.stop_unchecked().await;
    Ok(outcome)
}

async fn start(cli: &Cli, simulator: &Simulator, data: &TempDir) -> anyhow::Result<Gateway> {
    let launch = Launch::new(&cli.gateway, data.path())
        .upstream(&simulator.url())
        .env("GROK2API_APP__API_KEY", KEY)
        .env("GROK2API_SERVER__DRAIN_SECS", DRAIN_SECS)
        .env("LOG_LEVEL", "error");
    match &cli.faketime {
        Some(library) => {
            wall_clock::fake(launch, library, data.path())?
                .start()
                .await
        }
        None => launch.start().await,
    }
}

async fn one_round(
    cli: &Cli,
    mut gateway: Gateway,
    data: &TempDir,
    length: Duration,
) -> anyhow::Result<Outcome> {
    let peak = Peak::watch(gateway.pid());
    let mut attackers = JoinSet::new();
    let met: Vec<_> = cli
        .attacks()
        .into_iter()
        .map(|attack| (attack, Arc::new(AtomicUsize::new(0))))
        .collect();
    for (attack, met) in &met {
        let (address, folder) = (gateway.address.clone(), data.path().to_owned());
        attackers.spawn(attack.run(address, folder, met.clone()));
    }
    let served = client::ask_for(&gateway.url(), length).await;
    // Nobody stops because the server does.
    let asked = Instant::now();
    let exit = gateway.stop().await?;
    let slowest_stop = asked.elapsed();
    attackers.abort_all();
    anyhow::ensure!(
        exit.success(),
        "the gateway ended with {exit}\n{}",
        gateway.log()
    );
    let peak_kib = peak.kib().context("no figure of the memory")?;
    Ok(Outcome {
        served,
        peak_kib,
        slowest_stop,
        attacks: met
            .iter()
            .map(|(attack, met)| (attack.name(), met.load(Ordering::Relaxed)))
            .collect(),
    })
}

#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
fn report(outcome: &Outcome) -> ExitCode {
    let served = &outcome.served;
    let mib = outcome.peak_kib / 1024;
    println!("| under siege | | limit |");
    println!("|---|---|---|");
    println!(
        "| good requests, failed | {}, {} | 0 |",
        served.count,
        served.failures.len()
    );
    println!(
        "| longest wait, p50 | {:.3} s, {:.3} s | {MAX_WAIT:?} |",
        served.longest().as_secs_f64(),
        served.median().as_secs_f64()
    );
    println!("| memory at its peak | {mib} MiB | {MAX_MIB} MiB |");
    println!(
        "| from SIGTERM to the end, slowest | {:.1} s | {MAX_STOP:?} |",
        outcome.slowest_stop.as_secs_f64()
    );
    for (name, count) in &outcome.attacks {
        println!("| {name} | {count} | more than 0 |");
    }
    for failure in served.failures.iter().take(10) {
        println!("failed: {failure}");
    }
    let is_fine = served.failures.is_empty()
        && served.count > 0
        && served.longest() <= MAX_WAIT
        && mib <= MAX_MIB
        && outcome.slowest_stop <= MAX_STOP
        && outcome.attacks.values().all(|count| *count > 0);
    if is_fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

#[expect(clippy::print_stderr, reason = "progress, for the person who waits")]
fn say(text: &str) {
    eprintln!("{text}");
}

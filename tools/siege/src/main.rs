//! `make siege`: hostile clients of many kinds against the real binary, while one well-behaved
//! client asks once a second. It must always be served, memory must stay bounded, the limits must
//! have been met, and SIGTERM must end the process in time at any moment.
//!
//! The limits are set low enough to be met, and `chat.concurrent` high enough that the hostile
//! programs, which have a key, cannot take all of it: there is no share per key.

mod attacks;
mod client;
mod database;
mod disk;
mod limits;
mod media_host;
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

use clap::Parser;
use grok_sim::{Options, Pace, Simulator};
use rand::Rng;
use tempfile::TempDir;
use test_support::{Gateway, Launch};
use tokio::{
    runtime::{Builder, Handle},
    task::JoinSet,
};

use crate::{
    attacks::{Attack, Target},
    client::{Client, Served},
    limits::Refusals,
    media_host::MediaHost,
};

/// The longest that a good request may take.
const MAX_WAIT: Duration = Duration::from_secs(2);
const MAX_MIB: u64 = 400;
/// Open requests may finish; the rest of the way out.
const DRAIN_SECS: u64 = 5;
const MAX_STOP: Duration = Duration::from_secs(DRAIN_SECS + 10);
const KEY: &str = "sk-siege";
/// Only floods come so far.
const MAX_CONNECTIONS: usize = 600;
const SEND_TIMEOUT: Duration = Duration::from_secs(3);
/// How long an answer is left unread: until it has been ended for it.
const UNREAD_FOR: Duration = Duration::from_secs(3 * SEND_TIMEOUT.as_secs());
/// The one account of its tier, whose answers are long.
const TALKER: &str = "siege-talker";

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
    refusals: Refusals,
    /// Limits that some round has not met.
    unmet: Vec<&'static str>,
}

impl Outcome {
    fn add(&mut self, round: Self) {
        self.served.merge(round.served);
        self.peak_kib = self.peak_kib.max(round.peak_kib);
        for (name, count) in round.attacks {
            *self.attacks.entry(name).or_default() += count;
        }
        self.slowest_stop = self.slowest_stop.max(round.slowest_stop);
        self.refusals.add(&round.refusals);
        self.unmet.extend(round.unmet);
    }
}

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let threads = || Builder::new_multi_thread().enable_all().build();
    let (runtime, hostile) = (threads()?, threads()?);
    let outcome = runtime.block_on(siege(&cli, hostile.handle()))?;
    hostile.shutdown_background();
    Ok(report(&outcome))
}

/// The attackers have threads of their own, so that the good client and the upstream do not wait while
/// an attack is prepared.
async fn siege(cli: &Cli, hostile: &Handle) -> anyhow::Result<Outcome> {
    let options = Options {
        pace: Pace::Interval(Duration::from_millis(1)),
        quota: grok_sim::Quota::Unlimited,
        keep_requests: 0,
        strict: false,
        ..Options::default()
    };
    let simulator = Arc::new(Simulator::start(options).await?);
    let media = MediaHost::start().await?;
    let data = match &cli.small_disk {
        Some(folder) => TempDir::new_in(folder)?,
        None => TempDir::new()?,
    };
    let account = |name: String| serde_json::json!({"token": name, "quota": 1_000_000_000});
    let accounts = (0..200).map(|n| account(format!("siege-account-{n}")));
    let talker = account(TALKER.to_owned());
    let pools = [("ssoBasic", accounts.collect()), ("ssoHeavy", vec![talker])];
    test_support::write_accounts(data.path(), &pools)?;
    let mut outcome = Outcome::default();
    for round in 0..cli.rounds.max(1) {
        let mean = cli.seconds as f64 / f64::from(cli.rounds.max(1));
        // At any moment of it.
        let seconds = mean * rand::rng().random_range(0.9..1.1);
        let gateway = start(cli, &simulator, &data).await?;
        say(&format!("round {}: {seconds:.1} s", round + 1));
        let target = Arc::new(Target {
            address: gateway.address.clone(),
            data_dir: data.path().to_owned(),
            simulator: simulator.clone(),
            media: media.address.clone(),
        });
        let length = Duration::from_secs_f64(seconds);
        outcome.add(one_round(cli, hostile, gateway, &target, length).await?);
    }
    Ok(outcome)
}

async fn start(cli: &Cli, simulator: &Simulator, data: &TempDir) -> anyhow::Result<Gateway> {
    let launch = Launch::new(&cli.gateway, data.path())
        .upstream(&simulator.url())
        .env("GROK2API_APP__API_KEY", KEY)
        .env("GROK2API_SERVER__DRAIN_SECS", DRAIN_SECS)
        .env("GROK2API_SERVER__MAX_CONNECTIONS", MAX_CONNECTIONS)
        .env("GROK2API_SERVER__SEND_TIMEOUT_SECS", SEND_TIMEOUT.as_secs())
        .env("GROK2API_SERVER__BODIES_IN_MEMORY_MB", 64)
        .env("GROK2API_CHAT__CONCURRENT", 200)
        .env("GROK2API_CHAT__ATTACHMENT_MEMORY_MB", 64)
        .env("GROK2API_CHAT__ATTACHMENT_TIMEOUT", 5)
        .env("GROK2API_UPSTREAM__ALLOW_PRIVATE_FETCH", true)
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
    hostile: &Handle,
    mut gateway: Gateway,
    target: &Arc<Target>,
    length: Duration,
) -> anyhow::Result<Outcome> {
    let mut attackers = JoinSet::new();
    let met: Vec<_> = cli
        .attacks()
        .into_iter()
        .map(|attack| (attack, Arc::new(AtomicUsize::new(0))))
        .collect();
    for (attack, met) in &met {
        attackers.spawn_on(attack.run(target.clone(), met.clone()), hostile);
    }
    let client = Client::new(gateway.url())?;
    let served = client.ask_for(length).await;
    let refusals = client.refusals().await?;
    let peak_kib = gateway.memory_kib("VmHWM")?;
    // Nobody stops because the server does.
    let asked = Instant::now();
    let exit = gateway.stop().await?;
    let slowest_stop = asked.elapsed();
    attackers.shutdown().await;
    anyhow::ensure!(
        exit.success(),
        "the gateway ended with {exit}\n{}",
        gateway.log()
    );
    Ok(Outcome {
        served,
        peak_kib,
        slowest_stop,
        unmet: refusals.unmet(),
        refusals,
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
    for (name, count) in outcome.refusals.all() {
        println!("| refused: {name} | {count} | more than 0 in each round |");
    }
    for failure in served.failures.iter().take(10) {
        println!("failed: {failure}");
    }
    for wait in served.slow.iter().take(10) {
        println!("slow: {wait}");
    }
    for name in &outcome.unmet {
        println!("a round in which nothing was refused for: {name}");
    }
    let is_fine = served.failures.is_empty()
        && served.count > 0
        && served.longest() <= MAX_WAIT
        && mib <= MAX_MIB
        && outcome.slowest_stop <= MAX_STOP
        && outcome.unmet.is_empty()
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

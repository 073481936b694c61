//! `make bench`: the gateway against a bare hyper pass-through, side by side in one run.
//!
//! The machine is noisy, so ratios of one run count, not absolute numbers of different days. The
//! simulator, the server under test and this load generator share the machine's cores in both
//! halves of the comparison.

mod load;
mod paced;
mod passthrough;
mod process;
mod report;
mod rest;
mod simulator;

use std::{path::PathBuf, time::Duration};

use clap::{Parser, Subcommand};

use crate::{
    load::{Load, Target},
    process::{Gateway, Passthrough, Simulator},
};

#[derive(Debug, Parser)]
#[command(about = "Measures the gateway against a bare hyper pass-through")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// The release binary under test.
    #[arg(long, default_value = "target/release/grok2api")]
    gateway: PathBuf,
    /// Seconds of load for each measurement.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// Token events of one answer.
    #[arg(long, default_value_t = 64)]
    events: usize,
    /// Clients that ask at the same time.
    #[arg(long, default_value_t = 32)]
    clients: usize,
    /// Numbers of open paced streams to measure memory with.
    #[arg(long, value_delimiter = ',', default_value = "1000,10000")]
    streams: Vec<usize>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The comparison's other half: forwards every request to UPSTREAM as it is.
    Passthrough { upstream: String },
    /// The upstream: answers of EVENTS tokens, at full speed or one in INTERVAL_MS.
    Simulator {
        #[arg(long)]
        events: usize,
        #[arg(long)]
        interval_ms: Option<u64>,
    },
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    match &cli.command {
        Some(Command::Passthrough { upstream }) => runtime.block_on(passthrough::run(upstream)),
        Some(Command::Simulator {
            events,
            interval_ms,
        }) => runtime.block_on(simulator::run(*events, *interval_ms)),
        None => runtime.block_on(measure(&cli)),
    }
}

async fn measure(cli: &Cli) -> anyhow::Result<()> {
    let mut report = report::Report::default();
    throughput(cli, &mut report).await?;
    for accounts in [128, 10_000] {
        report
            .rest
            .push(rest::measure(&cli.gateway, accounts).await?);
    }
    for &streams in &cli.streams {
        report
            .paced
            .push(paced::measure(cli.gateway.as_path(), streams).await?);
    }
    report.print();
    Ok(())
}

async fn throughput(cli: &Cli, report: &mut report::Report) -> anyhow::Result<()> {
    let simulator = Simulator::start(&["--events", &cli.events.to_string()]).await?;
    let passthrough = Passthrough::start(&simulator.url).await?;
    let gateway = Gateway::start(&cli.gateway, &simulator.url, cli.clients * 4).await?;
    let direct = Target::upstream(&passthrough.address);
    let ours = Target::gateway(gateway.address());
    let seconds = Duration::from_secs(cli.seconds);
    let warm_up = Load {
        clients: 4,
        duration: Duration::from_secs(1),
    };
    for target in [&direct, &ours] {
        warm_up.run(target).await?;
    }
    // Halves alternate, so that a neighbour's burst of work hits both.
    let many = Load {
        clients: cli.clients,
        duration: seconds / 2,
    };
    let single = Load {
        clients: 1,
        duration: seconds / 4,
    };
    for _ in 0..2 {
        report.passthrough.merge(many.run(&direct).await?);
        report.gateway.merge(many.run(&ours).await?);
        report.passthrough_single.merge(single.run(&direct).await?);
        report.gateway_single.merge(single.run(&ours).await?);
    }
    report.clients = cli.clients;
    report.events = cli.events;
    Ok(())
}

//! The upstream of a run: `grok-sim` without quota and without a record of what it received.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use anyhow::Context;
use grok_sim::{Options, Pace, Simulator};

/// Listens on a free port, prints its URL and answers until killed.
pub(crate) async fn run(events: usize, interval_ms: Option<u64>) -> anyhow::Result<()> {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut options = Options::for_benchmarks(listen, events);
    if let Some(ms) = interval_ms {
        options.pace = Pace::Interval(Duration::from_millis(ms));
    }
    let simulator = Simulator::start(options)
        .await
        .context("starting the simulator")?;
    announce(&simulator.url());
    std::future::pending().await
}

#[expect(
    clippy::print_stdout,
    reason = "the parent process reads the URL from here"
)]
fn announce(url: &str) {
    println!("{url}");
}

//! The `grok2api` binary: parses the command line, builds the runtime, runs one command.

use std::process::ExitCode;

use clap::Parser;
use server::{cli::Cli, commands};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(workers) = worker_threads() {
        builder.worker_threads(workers);
    }
    let result = match builder.enable_all().build() {
        Ok(runtime) => {
            let result = runtime.block_on(commands::run(cli));
            // A client that never reads must not keep the process after the drain.
            runtime.shutdown_timeout(std::time::Duration::from_secs(1));
            result
        }
        Err(error) => Err(error.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("grok2api: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// `SERVER_WORKERS` sets runtime threads; 1, the predecessor's default, means one per core here.
fn worker_threads() -> Option<usize> {
    let workers: usize = std::env::var("SERVER_WORKERS").ok()?.trim().parse().ok()?;
    (workers > 1).then_some(workers.min(512))
}

//! The `grok2api` binary: parses the command line, builds the runtime, runs one command.

use std::process::ExitCode;

use clap::Parser;
use server::{
    cli::{Cli, Command},
    commands,
    media::BucketError,
    serve::boot,
};
use store::StoreError;

// Gives memory back after a burst; how it is set up stands in `.cargo/config.toml`.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What the configuration names cannot be used.
const UNUSABLE: u8 = 2;
const BLOCKING_THREADS: usize = 64;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match &cli.command {
        None | Some(Command::Serve(_)) => serve(cli),
        Some(_) => run(None, commands::run(cli)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("grok2api: {error:#}");
            if error.is::<BucketError>() || error.is::<StoreError>() {
                return ExitCode::from(UNUSABLE);
            }
            ExitCode::FAILURE
        }
    }
}

fn serve(cli: Cli) -> anyhow::Result<()> {
    let config = boot::load_config(&cli.data_dir)?;
    run(boot::worker_threads(&config), commands::serve(cli, config))
}

/// Runs a command on a runtime of its own; `workers` threads, or one per core.
fn run(
    workers: Option<usize>,
    command: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<()> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(workers) = workers {
        builder.worker_threads(workers);
    }
    // Verifying passwords and colouring code are bounded by themselves; the others are files and
    // names. The default of 512 is more memory than such a machine has.
    builder.max_blocking_threads(BLOCKING_THREADS);
    let runtime = builder.enable_all().build()?;
    let result = runtime.block_on(command);
    // A client that never reads must not keep the process after the drain.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    result
}

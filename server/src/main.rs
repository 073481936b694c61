//! The `grok2api` binary: parses the command line, builds the runtime, runs one command.

use std::process::ExitCode;

use clap::Parser;
use server::{
    boot,
    cli::{Cli, Command},
    commands,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let is_serving = matches!(cli.command, None | Some(Command::Serve(_)));
    if let Some(workers) = is_serving
        .then(|| boot::worker_threads(&cli.data_dir))
        .flatten()
    {
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

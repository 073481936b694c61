//! The command line: `grok2api serve | import | admin | sim`.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};

/// OpenAI-compatible gateway to your own Grok accounts.
#[derive(Debug, Parser)]
#[command(name = "grok2api", version, about, propagate_version = true)]
pub struct Cli {
    /// Folder for the database, the key file and config.toml.
    #[arg(
        long,
        env = "DATA_DIR",
        default_value = "data",
        global = true,
        value_name = "DIR"
    )]
    pub data_dir: PathBuf,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the gateway (the default).
    Serve(ServeArgs),
    /// Imports accounts from another installation's folder (reads token.json).
    Import {
        /// The folder that holds token.json.
        dir: PathBuf,
    },
    /// The operator's password.
    Admin {
        #[command(subcommand)]
        command: AdminCommand,
    },
    /// Runs the simulated Grok upstream alone, for development and benchmarks.
    Sim(SimArgs),
}

#[derive(Clone, Debug, Default, Args)]
pub struct ServeArgs {
    /// Answers from the built-in simulator with demo accounts; nothing leaves this machine.
    #[arg(long)]
    pub demo: bool,
    /// Like --demo, but only while no account is configured.
    #[arg(long, conflicts_with = "demo")]
    pub demo_if_empty: bool,
}

#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Sets the admin password: from standard input, or generated with --generate.
    SetPassword {
        /// Generates a password and prints it.
        #[arg(long)]
        generate: bool,
    },
}

#[derive(Clone, Debug, Args)]
pub struct SimArgs {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:8100")]
    pub listen: SocketAddr,
    /// How fast answers come.
    #[arg(long, value_enum, default_value_t = Pace::Human)]
    pub pace: Pace,
    /// With this many token events an answer, instead of a readable one.
    #[arg(long)]
    pub events: Option<usize>,
    /// Milliseconds between events; overrides --pace.
    #[arg(long)]
    pub interval_ms: Option<u64>,
}

impl SimArgs {
    #[must_use]
    pub fn interval(&self) -> Option<Duration> {
        self.interval_ms.map(Duration::from_millis)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Pace {
    /// As a person sees it.
    Human,
    /// As fast as it can be read.
    Full,
}

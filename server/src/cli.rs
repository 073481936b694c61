//! The command line: `grok2api serve | import | export | migrate-store | backup | restore | keys | admin | requests | media | sim`.

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
    /// Imports what the predecessor left in its folder, while the server is stopped. The files are not
    /// changed, and what is known already is left alone.
    ///
    /// Reads token.json, api_keys.json, logs.json, stats.json and conversations.json, whichever are
    /// there. An entry that cannot be used is named by its position, and the others are imported; the
    /// exit code is 1 when a file cannot be read at all.
    Import {
        /// The folder that holds the files, or one of them.
        dir: PathBuf,
        /// Only says what would be imported.
        #[arg(long)]
        dry_run: bool,
    },
    /// Writes the predecessor's files (token.json, api_keys.json, stats.json, logs.json and
    /// conversations.json), also while the server runs. They hold credentials and keys in clear.
    Export {
        /// The folder to write them to.
        dir: PathBuf,
        /// Replaces files there that no export wrote.
        #[arg(long)]
        force: bool,
    },
    /// Moves everything to another store, while nobody uses either: every row, compared in the end by
    /// number and checksum. Both stores use the master key of DATA_DIR.
    ///
    /// Interrupted, the same command goes on where it stopped. The target must be empty. Exit codes:
    /// 0 moved and compared, 1 not (yet), 2 a store cannot be opened.
    MigrateStore {
        /// The store that is read, as server.storage_url names it; `sqlite:` is that of DATA_DIR.
        #[arg(long, value_name = "URL")]
        from: String,
        /// The store that is filled.
        #[arg(long, value_name = "URL")]
        to: String,
    },
    /// Writes everything in the store and config.toml to one encrypted file, also while the server runs.
    /// Generated media are not in it.
    Backup(BackupArgs),
    /// Reads a backup to its end, then puts everything in it into the store, while the server is stopped.
    /// --force replaces what is in the store, and config.toml.
    Restore(BackupArgs),
    /// Keys that callers of the API present and that the store keeps.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// The operator's password.
    Admin {
        #[command(subcommand)]
        command: AdminCommand,
    },
    /// Prints what is known of past requests, newest first; of one with its id, every try.
    Requests(RequestsArgs),
    /// Generated pictures and videos, while the server is stopped.
    Media {
        #[command(subcommand)]
        command: MediaCommand,
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
pub struct BackupArgs {
    /// The file of the backup.
    pub file: PathBuf,
    /// File whose first line is the passphrase, instead of the variable GROK2API_BACKUP_PASSPHRASE.
    /// Without either the master key encrypts the backup.
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// Replaces what is there.
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Prints name, masked key, state, creation and label of each.
    List,
}

#[derive(Debug, Subcommand)]
pub enum MediaCommand {
    /// Compares rows and files: each file there, whole and with a row, nothing unfinished. Prints what
    /// differs; the exit code is 1 then.
    Verify {
        /// Deletes rows without a file, and files that have no row or are not whole.
        #[arg(long)]
        repair: bool,
        /// All instances of the database have this `DATA_DIR/media`, and they are stopped: what is not
        /// here is nowhere.
        #[arg(long)]
        shared_folder: bool,
    },
}

#[derive(Clone, Debug, Args)]
pub struct RequestsArgs {
    /// Only requests that were not served.
    #[arg(long)]
    pub failed: bool,
    /// Only requests of the last while: 90s, 15m, 1h, 7d.
    #[arg(long, value_name = "SPAN", value_parser = parse_span)]
    pub since: Option<Duration>,
    /// Requests at most.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
    /// One request, by the id in its `x-request-id` header.
    #[arg(conflicts_with_all = ["failed", "since", "limit"])]
    pub id: Option<String>,
}

/// `90s`, `15m`, `1h`, `7d`.
fn parse_span(text: &str) -> Result<Duration, String> {
    let error = || "a number and a unit, such as 90s, 15m, 1h or 7d".to_owned();
    let unit = text.chars().next_back().ok_or_else(error)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(error()),
    };
    let number = text.strip_suffix(unit).unwrap_or_default();
    let number: u64 = number.parse().map_err(|_| error())?;
    Ok(Duration::from_secs(number.saturating_mul(seconds)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_numbers_with_a_unit() {
        let secs = |text: &str| parse_span(text).map(|span| span.as_secs());
        assert_eq!(secs("90s"), Ok(90));
        assert_eq!(secs("15m"), Ok(900));
        assert_eq!(secs("1h"), Ok(3600));
        assert_eq!(secs("7d"), Ok(604_800));
        for bad in ["", "h", "1", "1w", "-1h", "1.5h"] {
            assert!(secs(bad).is_err(), "{bad}");
        }
    }
}

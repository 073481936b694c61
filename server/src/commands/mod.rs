//! What each sub-command does.

mod backup;
mod files;
mod media;
mod migrate_store;
mod requests;

use std::{
    io::{Read, Write},
    path::Path,
    sync::Arc,
};

use anyhow::{Context, bail};
use grok_sim::Quota;
use settings::Config;
use store::{Store, StoreView};

use crate::{
    auth::password,
    cli::{AdminCommand, Cli, Command, KeysCommand, Pace, RequestsArgs, ServeArgs, SimArgs},
    obs,
    serve::{self, boot, storage},
};

/// `grok2api serve`.
///
/// # Errors
/// A text for the terminal that says what to do.
pub async fn serve(cli: Cli, config: Config) -> anyhow::Result<()> {
    let args = match cli.command {
        Some(Command::Serve(args)) => args,
        _ => ServeArgs::default(),
    };
    serve::run(&cli.data_dir, &args, config).await
}

/// Runs any other command.
///
/// # Errors
/// A text for the terminal that says what to do.
pub async fn run(cli: Cli) -> anyhow::Result<()> {
    let data_dir = &cli.data_dir;
    match cli.command.unwrap_or(Command::Serve(ServeArgs::default())) {
        Command::Serve(args) => serve::run(data_dir, &args, boot::load_config(data_dir)?).await,
        Command::Import { dir, dry_run } => files::import(data_dir, &dir, dry_run).await,
        Command::Export { dir, force } => files::export(data_dir, &dir, force).await,
        Command::MigrateStore { from, to } => migrate_store::run(data_dir, &from, &to).await,
        Command::Backup(args) => backup::backup(data_dir, &args).await,
        Command::Restore(args) => backup::restore(data_dir, &args).await,
        Command::Keys {
            command: KeysCommand::List,
        } => files::list_keys(data_dir).await,
        Command::Admin {
            command: AdminCommand::SetPassword { generate },
        } => set_password(data_dir, generate).await,
        Command::Requests(args) => print_requests(data_dir, &args).await,
        Command::Media { command } => media::run(data_dir, &command).await,
        Command::Sim(args) => simulate(args).await,
    }
}

async fn open_store(data_dir: &Path) -> anyhow::Result<Arc<dyn Store>> {
    storage::open_store(data_dir, &boot::load_config(data_dir)?).await
}

/// Reads beside a running server, which keeps the store to itself for writing.
async fn print_requests(data_dir: &Path, args: &RequestsArgs) -> anyhow::Result<()> {
    let config = quiet_config(data_dir)?;
    let reader = store::open_requests(storage::storage_url(&config.server)?, data_dir)?;
    let text = requests::print(&reader, args).await;
    reader.close().await;
    print(&text?);
    Ok(())
}

/// The configuration for a command that only reads: no log, no file that is not there yet.
fn quiet_config(data_dir: &Path) -> anyhow::Result<Config> {
    if !data_dir.is_dir() {
        bail!(
            "there is no data folder {}; name it with --data-dir or DATA_DIR",
            data_dir.display()
        );
    }
    Ok(settings::reload(data_dir, settings::environment())?.config)
}

/// Everything in the store, also beside a running server.
async fn open_view(data_dir: &Path) -> anyhow::Result<StoreView> {
    let config = quiet_config(data_dir)?;
    let key = storage::load_key(data_dir)?;
    let url = storage::storage_url(&config.server)?;
    Ok(store::open_view(url, data_dir, &key).await?)
}

async fn set_password(data_dir: &Path, generate: bool) -> anyhow::Result<()> {
    let store = open_store(data_dir).await?;
    let result = store_password(store.as_ref(), generate).await;
    store.close().await;
    result
}

async fn store_password(store: &dyn Store, generate: bool) -> anyhow::Result<()> {
    let new = if generate {
        password::generate()
    } else {
        read_password()?
    };
    if let Err(rule) = password::check_strength(&new) {
        bail!("the password is refused: {rule}");
    }
    password::set(store, new.clone(), false).await?;
    store
        .delete_all_sessions()
        .await
        .context("ending the open sessions")?;
    print(&if generate {
        format!("New admin password: {new}\nAll sessions were ended.")
    } else {
        "The admin password is set. All sessions were ended.".to_owned()
    });
    Ok(())
}

/// The first line of standard input.
fn read_password() -> anyhow::Result<String> {
    use std::io::IsTerminal;
    if std::io::stdin().is_terminal() {
        eprintln!("Type the new admin password and press Enter, then Ctrl-D:");
    }
    let mut text = String::new();
    std::io::stdin()
        .take(8192)
        .read_to_string(&mut text)
        .context("reading the password from standard input")?;
    Ok(text
        .lines()
        .next()
        .unwrap_or_default()
        .trim_end_matches('\r')
        .to_owned())
}

async fn simulate(args: SimArgs) -> anyhow::Result<()> {
    obs::logs::init(
        &std::env::var("LOG_LEVEL").unwrap_or_else(|_| "info".to_owned()),
        None,
    );
    let pace = match (args.interval(), args.pace) {
        (Some(interval), _) => grok_sim::Pace::Interval(interval),
        (None, Pace::Human) => grok_sim::Pace::Human,
        (None, Pace::Full) => grok_sim::Pace::Full,
    };
    let options = grok_sim::Options {
        pace,
        events: args.events,
        // Answers of a given length are for benchmarks, which would use up any quota.
        quota: if args.events.is_some() {
            Quota::Unlimited
        } else {
            Quota::Enforced
        },
        ..grok_sim::Options::serving(args.listen)
    };
    let simulator = grok_sim::Simulator::start(options)
        .await
        .context("starting the simulator")?;
    print(&format!(
        "The simulated Grok upstream listens on {}",
        simulator.url()
    ));
    tokio::signal::ctrl_c()
        .await
        .context("waiting for Ctrl-C")?;
    simulator.stop_unchecked().await;
    Ok(())
}

/// The result of a command belongs on standard output; whoever reads may have gone.
fn print(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

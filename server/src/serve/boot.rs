//! Builds everything that serves requests.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use grok_sim::Simulator;
use grok2api_app::{
    dto::Demo,
    service::{AdminService, AuthService, JobService, MediaAdminService, PublicService},
};
use leptos::config::LeptosOptions;
use pool::Account;
use settings::{Config, Loaded};
use store::{Store, moving};

use super::{
    clean_stop,
    first_password::{adopt_plaintext_password, announce_password},
    first_start::in_turn,
    storage::{is_shared, load_key, storage_url},
};
use crate::{
    auth::{Sessions, password},
    cli::ServeArgs,
    clock::now_ms,
    delivery::Deliveries,
    gateway::{Gateway, chat::unread::UnreadAnswers},
    http::{
        AppState, Shared, imagine,
        mcp::Mcp,
        openai::{KeptStore, responses::Background},
        video_runs,
    },
    jobs::Jobs,
    limits::Limits,
    media::{
        archive::Archives,
        files::MediaFiles,
        links::LinkKey,
        reconcile::{Reconciled, reconcile},
        thumbnails::Thumbnails,
        unfinished_folder::LEFT_AFTER,
    },
    obs,
    reached::Reached,
    runtime::{
        Runtime,
        demo::{self, Handover},
        drain::InFlight,
    },
    services::{
        accounts::Accounts,
        first_account,
        gallery::Gallery,
        import,
        jobs::{AccountJobs, AccountWorkers},
        media_admin::MediaAdmin,
        public::PublicPages,
        videos::VideoList,
    },
    snapshot::{self, Current, Mode, Snapshot, api_keys::ApiKeys, client_keys},
    work::{Timing, Work},
};

/// A running application and what has to be closed after it.
pub struct Booted {
    pub state: AppState,
    pub gateway: Arc<Gateway>,
    pub store: Arc<dyn Store>,
    /// Answers in demo mode; stopped at the end.
    pub simulator: Option<Simulator>,
}

/// Reads the configuration, starts logging as it says and logs its warnings.
///
/// # Errors
/// All problems of file and environment at once.
pub fn load_config(data_dir: &Path) -> anyhow::Result<Config> {
    std::fs::create_dir_all(data_dir)
        .with_context(|| format!("creating the data folder {}", data_dir.display()))?;
    let Loaded {
        config, warnings, ..
    } = settings::load(data_dir, settings::environment())?;
    let format = std::env::var("LOG_FORMAT").ok();
    obs::logs::check(&config.server.log_level)?;
    obs::logs::init(&config.server.log_level, format.as_deref());
    for warning in &warnings {
        tracing::warn!("configuration: {warning}");
    }
    Ok(config)
}

/// `server.workers` sets runtime threads; 0 and 1, the predecessor's default, mean one per core.
#[must_use]
pub fn worker_threads(config: &Config) -> Option<usize> {
    let workers = config.server.workers as usize;
    (workers > 1).then_some(workers)
}

/// Builds everything that serves requests.
///
/// # Errors
/// A text for the terminal that says what to do.
pub async fn build(
    data_dir: &Path,
    args: &ServeArgs,
    mut config: Config,
) -> anyhow::Result<Booted> {
    let key = load_key(data_dir)?;
    let reached = Reached::new(&config.app.app_url, &key);
    let link_key = LinkKey::of(&key);
    let store = store::open(storage_url(&config.server)?, data_dir, key).await?;
    if moving::is_half_filled(store.as_ref()).await? {
        store.close().await;
        bail!(
            "the store is half filled: `grok2api migrate-store` or `grok2api restore` has not come to \
             its end; run it again"
        );
    }
    let is_clean = clean_stop::take(data_dir);
    let first = first_start(data_dir, &mut config, store.as_ref());
    in_turn(store.as_ref(), first).await?;
    let client_keys = client_keys::load(store.as_ref()).await?;
    let has_had_accounts = first_account::has_been(store.as_ref()).await?;
    let accounts = load_accounts(store.as_ref(), &config).await?;
    let demo = match args {
        ServeArgs { demo: true, .. } => Demo::Lasting,
        ServeArgs {
            demo_if_empty: true,
            ..
        } if !has_had_accounts => Demo::UntilFirstAccount,
        _ => Demo::Off,
    };
    if demo == Demo::Off && accounts.is_empty() {
        tracing::warn!("there is no account that can serve: add one in the admin page");
    }
    let (effective, accounts, simulator) = match demo {
        Demo::Off | Demo::Ended => (config.clone(), accounts, None),
        Demo::UntilFirstAccount | Demo::Lasting => {
            let simulator = demo::start().await?;
            tracing::info!(
                "demo mode: the built-in simulator answers, nothing leaves this machine"
            );
            if !config.media.url.is_empty() {
                tracing::warn!(
                    "demo mode: generated files stay in the data folder, not at media.url"
                );
            }
            let url = simulator.url().parse().context("the simulator's address")?;
            (config.for_demo(url), demo::accounts(), Some(simulator))
        }
    };
    let snapshot = Snapshot {
        mode: Mode::of(&config, demo, config.server.is_loopback()),
        client_keys: Arc::new(ApiKeys::of_clients(&client_keys)),
        ..Snapshot::own(effective, accounts)?
    };
    // Others may be storing files, and rows may name files that only they have.
    let is_shared = is_shared(store.as_ref()).await?;
    let media_files = open_media(data_dir, &snapshot.settings.config, is_shared).await?;
    if !is_clean && !is_shared {
        bring_media_together(&media_files, store.as_ref()).await;
    }
    let gateway = Gateway::new(&snapshot.settings, store.clone(), media_files);
    let resumed = gateway.resume_videos(&snapshot).await;
    let resumed = resumed.context("reading the videos that were being made")?;
    // Alone, nobody is asking for a video yet.
    let age = if is_shared {
        LEFT_AFTER
    } else {
        Duration::ZERO
    };
    if let Err(error) = gateway.sweep_video_images(age).await {
        tracing::warn!("images of videos that are over are left: {error:#}");
    }
    if resumed > 0 {
        tracing::info!("{resumed} video(s) that were being made are taken up again");
    }
    let current = Current::new(snapshot);
    let handover = (demo == Demo::UntilFirstAccount).then(Handover::new);
    let runtime = Arc::new(Runtime::new(
        data_dir.to_owned(),
        config,
        current.clone(),
        handover,
        gateway.clone(),
    ));
    let parts = (runtime, gateway.clone(), store.clone());
    Ok(Booted {
        state: assemble(current, parts, reached, link_key),
        gateway,
        store,
        simulator,
    })
}

/// Generated files, where the configuration says, without those that were left unfinished.
///
/// # Errors
/// The folder cannot be made, or the bucket cannot be used.
async fn open_media(
    data_dir: &Path,
    config: &Config,
    is_shared: bool,
) -> anyhow::Result<MediaFiles> {
    let files = MediaFiles::open(data_dir).context("making the folder of generated media")?;
    let files = files.among_others(is_shared);
    if let Err(error) = files.sweep_unfinished().await {
        tracing::warn!(%error, "files that were left unfinished cannot be removed: {error}");
    }
    Ok(files.with_bucket_of(&config.media).await?)
}

/// A password, and what older products left.
async fn first_start(
    data_dir: &Path,
    config: &mut Config,
    store: &dyn Store,
) -> anyhow::Result<()> {
    adopt_plaintext_password(data_dir, config, store).await?;
    announce_password(password::ensure(store).await?);
    let ttl_secs = config.conversation.ttl_seconds;
    if let Some(report) = import::at_first_start(store, data_dir, ttl_secs).await? {
        tracing::info!("{report}");
    }
    Ok(())
}

/// Rows and files of generated media, which a crash may have left apart. No reason not to start.
async fn bring_media_together(files: &MediaFiles, store: &dyn Store) {
    match reconcile(files, store).await {
        Ok(Reconciled { rows: 0, files: 0 }) => {}
        Ok(Reconciled { rows, files }) => tracing::warn!(
            "generated media: {files} file(s) had no row and got one, {rows} row(s) had no file and \
             were deleted"
        ),
        Err(error) => tracing::error!("rows and files of generated media: {error:#}"),
    }
}

/// Every account that can be read; the others are named in the log. A cooldown that began while the
/// clock was ahead is shortened to what a rule may give now.
///
/// # Errors
/// The store cannot be read.
async fn load_accounts(store: &dyn Store, config: &Config) -> anyhow::Result<Vec<Account>> {
    let mut loaded = store
        .load_accounts()
        .await
        .context("reading the accounts")?;
    for one in &loaded.unreadable {
        tracing::error!(account.id = %one.id, reason = one.reason, "account {} cannot be read and does not serve", one.id);
    }
    let (policy, now) = (snapshot::policy(config), now_ms());
    for account in &mut loaded.accounts {
        if account.shorten_cooldown(now, &policy) {
            tracing::warn!(account.id = %account.id, "the clock was ahead: the cooldown of account {} is shortened", account.id);
        }
    }
    Ok(loaded.accounts)
}

fn assemble(
    current: Current,
    (runtime, gateway, store): (Arc<Runtime>, Arc<Gateway>, Arc<dyn Store>),
    reached: Reached,
    link_key: LinkKey,
) -> AppState {
    let sessions = Sessions::new(store.clone(), current.clone(), reached.clone());
    let auth: Arc<dyn AuthService> = Arc::new(sessions);
    let accounts = Accounts::new(current.clone(), runtime.clone(), store.clone());
    let accounts = Arc::new(accounts);
    let admin: Arc<dyn AdminService> = accounts.clone();
    let workers = Arc::new(AccountWorkers {
        current: current.clone(),
        runtime: runtime.clone(),
        store: store.clone(),
        gateway: gateway.clone(),
    });
    let work = Work::new(store.clone(), workers.clone(), Timing::default());
    let account_jobs = Arc::new(AccountJobs::new(work.clone(), current.clone(), workers));
    let job_service: Arc<dyn JobService> = account_jobs.clone();
    let files = gateway.media_files();
    let gallery = Gallery::new(
        store.clone(),
        files.clone(),
        current.clone(),
        link_key.clone(),
    );
    let media_admin: Arc<dyn MediaAdminService> = Arc::new(MediaAdmin::new(
        store.clone(),
        current.clone(),
        gateway.clone(),
        gallery.clone(),
        (account_jobs.clone(), work.clone()),
    ));
    let thumbnails = Thumbnails::new(files.clone());
    let archives = Archives::new(files.clone());
    let videos = VideoList::new(gateway.clone(), current.clone(), link_key.clone());
    let public: Arc<dyn PublicService> =
        Arc::new(PublicPages::new(current.clone(), gallery.clone(), videos));
    let mcp = Mcp::new(&current).map(Arc::new);
    let limits = Limits::raised();
    let kept = KeptStore::new(store.clone(), current.clone(), limits.body_bytes.clone());
    AppState::new(Shared {
        leptos: leptos_options(),
        current,
        runtime,
        store,
        gateway,
        link_key,
        reached,
        auth,
        accounts,
        admin,
        work,
        account_jobs,
        job_service,
        media_admin,
        public,
        gallery,
        thumbnails,
        archives,
        in_flight: InFlight::default(),
        jobs: Jobs::default(),
        limits,
        kept,
        background: Background::default(),
        unread: UnreadAnswers::default(),
        deliveries: Deliveries::default(),
        mcp,
        imagine_runs: imagine::runs(),
        video_runs: video_runs::runs(),
    })
}

/// Where the built site lies: `LEPTOS_SITE_ROOT`, else `site` beside the binary, else `target/site`.
/// File names carry hashes when the builder left its list of them beside the binary.
fn leptos_options() -> LeptosOptions {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let exe = std::env::current_exe().unwrap_or_default();
    let beside = exe.parent().unwrap_or(Path::new("."));
    let root = variable("LEPTOS_SITE_ROOT").unwrap_or_else(|| match beside.join("site") {
        folder if folder.is_dir() => folder.to_string_lossy().into_owned(),
        _ => "target/site".to_owned(),
    });
    let hash_file = variable("LEPTOS_HASH_FILE_NAME").unwrap_or_else(|| "hash.txt".to_owned());
    let has_hashes = variable("LEPTOS_HASH_FILES").as_deref() != Some("false")
        && beside.join(&hash_file).is_file();
    LeptosOptions::builder()
        .output_name("grok2api")
        .site_root(root)
        .site_pkg_dir("pkg")
        .hash_files(has_hashes)
        .hash_file(hash_file.into())
        .build()
}

#[cfg(test)]
mod tests {
    use pool::{AccountId, Cooldown, CooldownReason, Credential, Status, Tier};

    use super::*;
    use crate::serve::storage::open_store;

    async fn boot(data_dir: &Path) -> Booted {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let args = ServeArgs {
            demo_if_empty: true,
            ..ServeArgs::default()
        };
        build(data_dir, &args, Config::default()).await.unwrap()
    }

    async fn stop(booted: Booted) {
        booted.store.close().await;
        if let Some(simulator) = booted.simulator {
            simulator.stop_unchecked().await;
        }
    }

    #[tokio::test]
    async fn deleted_accounts_do_not_come_back_and_neither_does_the_demo() {
        let folder = tempfile::tempdir().unwrap();
        let booted = boot(folder.path()).await;
        assert!(booted.state.current.load().mode.demo.is_on());
        stop(booted).await;
        test_support::write_accounts(
            folder.path(),
            &[("ssoBasic", vec!["stolen-account".into()])],
        )
        .unwrap();
        let booted = boot(folder.path()).await;
        let pool = booted.state.current.load().pool.clone();
        assert_eq!(pool.len(), 1, "imported at the first start that finds it");
        let view = pool.snapshot(now_ms()).remove(0);
        booted
            .store
            .delete_accounts(&[view.account.id])
            .await
            .unwrap();
        stop(booted).await;
        let booted = boot(folder.path()).await;
        let snapshot = booted.state.current.load_full();
        assert_eq!((snapshot.pool.len(), snapshot.mode.demo), (0, Demo::Off));
        stop(booted).await;
    }

    #[tokio::test]
    async fn a_cooldown_from_a_clock_that_was_ahead_ends_after_the_longest_rule() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::default();
        let store = open_store(folder.path(), &config).await.unwrap();
        let credential = Credential::try_new("ahead-0001").unwrap();
        let mut account = Account::new(AccountId::new("a"), credential, Tier::Basic, now_ms());
        account.status = Status::Cooling;
        account.cooldown = Some(Cooldown {
            until_ms: now_ms() + 1_000 * 3_600_000,
            reason: CooldownReason::RateLimited,
        });
        store.insert_accounts(&[account]).await.unwrap();
        let loaded = load_accounts(store.as_ref(), &config).await.unwrap();
        let until_ms = loaded[0].cooldown.unwrap().until_ms;
        assert!(
            until_ms <= now_ms() + 20 * 3_600_000,
            "the window of a free account"
        );
        store.close().await;
    }
}

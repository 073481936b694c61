//! Builds the state: configuration, store, accounts, upstream client, services.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use arc_swap::ArcSwap;
use grok2api_app::{
    dto::Demo,
    service::{AdminService, AuthService, PublicService},
};
use leptos::config::LeptosOptions;
use pool::{Account, Policy, Pool};
use rand::Rng;
use secrecy::{ExposeSecret, SecretString};
use store::{KEY_ENV, MasterKey, SqliteStore, Store};

use crate::{
    auth::{Sessions, password},
    cli::ServeArgs,
    config::{self, Config},
    demo,
    gateway::{
        Gateway,
        models::Models,
        remote_file::{FetchPolicy, RemoteFiles},
    },
    http::middleware::in_flight::InFlight,
    import, obs,
    pages::{accounts::Accounts, public::PublicPages},
    state::{AppState, Live, Mode},
};

/// A running application and what has to be closed after it.
pub struct Booted {
    pub state: AppState,
    pub store: Arc<SqliteStore>,
    /// Answers in demo mode; stopped at the end.
    pub simulator: Option<grok_sim::Simulator>,
}

/// Opens `<data_dir>/grok2api.db`, creating folder, key and database as needed.
///
/// # Errors
/// The folder cannot be written, the key is wrong, or another process holds the store.
pub async fn open_store(data_dir: &Path) -> anyhow::Result<Arc<SqliteStore>> {
    tokio::fs::create_dir_all(data_dir)
        .await
        .with_context(|| format!("creating the data folder {}", data_dir.display()))?;
    let from_env = std::env::var(KEY_ENV).ok();
    let key = MasterKey::load_or_create(data_dir, from_env.as_deref())?;
    Ok(Arc::new(SqliteStore::open(data_dir, key).await?))
}

/// Reads the configuration, starts logging as it says and logs its warnings.
///
/// # Errors
/// All problems of file and environment at once.
pub fn load_config(data_dir: &Path) -> anyhow::Result<Config> {
    std::fs::create_dir_all(data_dir)
        .with_context(|| format!("creating the data folder {}", data_dir.display()))?;
    let loaded = config::load(data_dir, std::env::vars())?;
    let format = std::env::var("LOG_FORMAT").ok();
    obs::logs::init(&loaded.config.server.log_level, format.as_deref());
    for warning in &loaded.warnings {
        tracing::warn!("configuration: {warning}");
    }
    Ok(loaded.config)
}

/// `server.workers` (`SERVER_WORKERS`) sets runtime threads; 0 and 1, the predecessor's default,
/// mean one per core here. Mistakes in the configuration are reported when it is loaded for good.
#[must_use]
pub fn worker_threads(data_dir: &Path) -> Option<usize> {
    let loaded = config::load(data_dir, std::env::vars()).ok()?;
    let workers = loaded.config.server.workers as usize;
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
    let sqlite = open_store(data_dir).await?;
    let store: Arc<dyn Store> = sqlite.clone();
    adopt_plaintext_password(data_dir, &mut config, store.as_ref()).await?;
    announce_password(password::ensure(store.as_ref()).await?);
    if let Some(report) = import::at_first_start(store.as_ref(), data_dir).await? {
        tracing::info!("token.json: {report}");
    }

    let accounts = store
        .load_accounts()
        .await
        .context("reading the accounts")?;
    let is_public = config.app.public_enabled;
    let wants_demo = args.demo || (args.demo_if_empty && accounts.is_empty());
    if !wants_demo {
        let own = own_mode(is_public);
        let live = Arc::new(live(config, own, accounts)?);
        return Ok(Booted {
            state: assemble(live, None, store),
            store: sqlite,
            simulator: None,
        });
    }

    let simulator = demo::start().await?;
    tracing::info!("demo mode: the built-in simulator answers, nothing leaves this machine");
    let mode = Mode {
        demo: if args.demo {
            Demo::Lasting
        } else {
            Demo::UntilFirstAccount
        },
        is_public: is_public || config.server.is_loopback(),
    };
    let demo = live(demo::config(&config, &simulator)?, mode, demo::accounts())?;
    let after_demo = if mode.demo == Demo::Lasting {
        None
    } else {
        Some(Arc::new(live(config, own_mode(is_public), accounts)?))
    };
    Ok(Booted {
        state: assemble(Arc::new(demo), after_demo, store),
        store: sqlite,
        simulator: Some(simulator),
    })
}

const fn own_mode(is_public: bool) -> Mode {
    Mode {
        demo: Demo::Off,
        is_public,
    }
}

fn assemble(live: Arc<Live>, after_demo: Option<Arc<Live>>, store: Arc<dyn Store>) -> AppState {
    let live = Arc::new(ArcSwap::new(live));
    let gateway = Gateway::new(live.clone(), store.clone());
    let auth: Arc<dyn AuthService> = Arc::new(Sessions::new(store.clone(), live.clone()));
    let accounts = Accounts::new(live.clone(), after_demo, store.clone());
    let admin: Arc<dyn AdminService> = Arc::new(accounts);
    let public: Arc<dyn PublicService> = Arc::new(PublicPages::new(live.clone()));
    AppState {
        leptos: leptos_options(),
        live,
        store,
        gateway,
        auth,
        admin,
        public,
        in_flight: InFlight::default(),
    }
}

/// Builds what depends on the configuration, with a pool of these accounts.
pub(crate) fn live(config: Config, mode: Mode, accounts: Vec<Account>) -> anyhow::Result<Live> {
    let upstream = grok::Client::new(upstream_settings(&config)).context("upstream settings")?;
    let remote_files = RemoteFiles::new(FetchPolicy {
        allow_private: config.upstream.allow_private_fetch,
        proxy: Some(config.proxy.base_proxy_url.clone()).filter(|url| !url.is_empty()),
        ..FetchPolicy::default()
    });
    let pool = Pool::new(policy(&config), rand::rng().random());
    pool.insert(accounts);
    Ok(Live {
        mode,
        pool,
        models: Models::from_config(&config.models),
        api_keys: config.app.api_keys(),
        upstream,
        remote_files,
        config,
    })
}

fn upstream_settings(config: &Config) -> grok::Settings {
    let (upstream, proxy) = (&config.upstream, &config.proxy);
    grok::Settings {
        web_url: upstream.web_url.clone(),
        assets_url: upstream.assets_url.clone(),
        accounts_url: upstream.accounts_url.clone(),
        livekit_url: upstream.livekit_url.clone(),
        ws_url: upstream.ws_url.clone(),
        user_agent: proxy.user_agent.clone(),
        browser: proxy.browser.clone(),
        cf_cookies: proxy.cf_cookies.expose_secret().to_owned(),
        cf_clearance: proxy.cf_clearance.expose_secret().to_owned(),
        base_proxy_url: proxy.base_proxy_url.clone(),
        asset_proxy_url: proxy.asset_proxy_url.clone(),
        skip_proxy_ssl_verify: proxy.skip_proxy_ssl_verify,
        dynamic_statsig: config.app.dynamic_statsig,
        connect_timeout: Duration::from_secs(15),
    }
}

fn policy(config: &Config) -> Policy {
    let token = &config.token;
    Policy {
        fail_threshold: token.fail_threshold.max(1),
        cooldown_429_quota: Duration::from_secs(token.cooldown_429_quota_sec),
        cooldown_429_empty: Duration::from_secs(token.cooldown_429_empty_sec),
        cooldown_error_requests: token.cooldown_error_requests,
    }
}

/// A plaintext `app.app_key` becomes the password's hash and is blanked in the file (decision 4).
async fn adopt_plaintext_password(
    data_dir: &Path,
    config: &mut Config,
    store: &dyn Store,
) -> anyhow::Result<()> {
    let plain = config.app.app_key.expose_secret().to_owned();
    if plain.is_empty() {
        return Ok(());
    }
    if let Err(weakness) = password::check_strength(&plain) {
        bail!(
            "`app.app_key` cannot become the admin password ({weakness}): choose at least {} \
             characters, or leave it empty and run `grok2api admin set-password`",
            password::MIN_CHARS
        );
    }
    password::set(store, plain, false).await?;
    config::blank_app_key(data_dir).context("blanking app.app_key in config.toml")?;
    config.app.app_key = SecretString::default();
    tracing::info!("app.app_key is stored as a hash now; its value in config.toml was blanked");
    Ok(())
}

/// The generated first password, once, on the terminal and not in the log.
fn announce_password(generated: Option<String>) {
    let Some(password) = generated else { return };
    eprintln!();
    eprintln!("  First start: the admin password is  {password}");
    eprintln!("  It is not shown again. Sign in at /admin and change it, or run");
    eprintln!("  `grok2api admin set-password`.");
    eprintln!();
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

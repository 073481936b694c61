//! The layers together: what is accepted, what is reported, what stays hidden.

use std::path::Path;
use std::time::Duration;

use secrecy::ExposeSecret;

use super::*;

fn data_dir(file: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.toml"), file).unwrap();
    folder
}

fn read_with(file: &str, env: &[(&str, &str)]) -> Result<Loaded, ConfigErrors> {
    let env = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load(data_dir(file).path(), env)
}

fn read(file: &str) -> Result<Loaded, ConfigErrors> {
    read_with(file, &[])
}

/// The problems of a file, without the folder's name.
fn problems(file: &str, env: &[(&str, &str)]) -> Vec<String> {
    let errors = read_with(file, env).unwrap_err();
    let line = |problem: &Problem| {
        let text = problem.to_string();
        let start = text.find("config.toml").unwrap_or_default();
        text.get(start..).unwrap().to_owned()
    };
    errors.0.iter().map(line).collect()
}

#[test]
fn the_committed_file_lists_every_key_with_its_default() {
    let rendered = template::render();
    if std::env::var_os("UPDATE_CONFIG_TEMPLATE").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config/config.default.toml");
        std::fs::write(path, &rendered).unwrap();
    }
    assert_eq!(
        file::DEFAULT,
        rendered,
        "run this test with UPDATE_CONFIG_TEMPLATE=1 and look at the difference"
    );
}

#[test]
fn the_committed_file_with_every_key_in_force_is_the_built_in_configuration() {
    let every_key = template::uncommented(file::DEFAULT);
    assert!(
        every_key
            .lines()
            .filter(|line| line.contains(" = "))
            .count()
            > 100
    );
    let loaded = read(&every_key).unwrap();
    assert_eq!(
        format!("{:#?}", loaded.config),
        format!("{:#?}", Config::default())
    );
    assert_eq!(loaded.warnings, [""; 0]);
}

#[test]
fn a_first_start_creates_the_file_for_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("new/data");
    let first = load(&data_dir, []).unwrap();
    assert!(first.created);
    let path = data_dir.join("config.toml");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), file::DEFAULT);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    assert!(!load(&data_dir, []).unwrap().created);
    assert_eq!(
        std::fs::read_dir(&data_dir).unwrap().count(),
        1,
        "no temporary file is left"
    );
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let file = "[chat]\nconcurrent = 60\nstream_timeout = 9\n[server]\nport = 9000\n";
    let env = [
        ("grok2api_chat__concurrent", "70"),
        ("GROK2API_APP__FILTER_TAGS", "a, b ,"),
        ("GROK2API_APP__STREAM", "yes"),
        ("GROK2API_SERVER__HOST", "127.0.0.1"),
        ("SERVER_HOST", "0.0.0.0"),
        ("SERVER_PORT", ""),
        ("LOG_LEVEL", "DEBUG"),
        ("PATH", "/bin"),
        ("GROK2API_SECRET_KEY", "elsewhere"),
    ];
    let Loaded {
        config,
        warnings,
        created,
    } = read_with(file, &env).unwrap();
    assert!(!created);
    assert_eq!(warnings, [""; 0]);
    assert_eq!(config.chat.concurrent, 70);
    assert_eq!(config.chat.stream_timeout, Duration::from_secs(9));
    assert_eq!(config.chat.stream_total_timeout, Duration::from_secs(600));
    assert_eq!(config.app.filter_tags, ["a", "b"]);
    assert!(config.app.stream);
    assert_eq!(
        (config.server.host.as_str(), config.server.port),
        ("127.0.0.1", 9000)
    );
    assert!(config.server.is_loopback());
    assert_eq!(config.server.log_level, "DEBUG");
}

#[test]
fn all_problems_are_reported_at_once_with_place_range_and_nearest_name() {
    let file = r#"
[chat]
concurent = 5
concurrent = 0
stream_timeout = "soon"

[servr]
port = 1

[retry]
retry_status_codes = [401, 42]
retry_backoff_factor = 99

[app]
ttl_seconds = 5
thinking_format = "loud"
"#;
    let env = [
        ("GROK2API_SERVER__PORT", "99999"),
        ("GROK2API_TOKEN__NOTHING", "1"),
    ];
    assert_eq!(
        problems(file, &env),
        [
            "config.toml line 3: unknown key chat.concurent; did you mean chat.concurrent?",
            "config.toml line 4: chat.concurrent = 0: expected a whole number from 1 to 1000000",
            "config.toml line 5: chat.stream_timeout = \"soon\": \
             expected 1 to 86400 seconds, or 0 = no limit",
            "config.toml line 7: unknown section [servr]; did you mean [server]?",
            "config.toml line 11: retry.retry_status_codes = [401, 42]: \
             expected a list of whole numbers from 400 to 599",
            "config.toml line 12: retry.retry_backoff_factor = 99: expected a number from 1 to 10",
            "config.toml line 15: unknown key app.ttl_seconds; \
             did you mean conversation.ttl_seconds?",
            "config.toml line 16: app.thinking_format = \"loud\": \
             expected one of \"reasoning_content\", \"think_tags\"",
            "variable GROK2API_SERVER__PORT: server.port = \"99999\": \
             expected a whole number from 0 to 65535",
            "variable GROK2API_TOKEN__NOTHING: unknown key token.nothing",
        ]
    );
}

#[test]
fn a_broken_file_is_reported_by_line_together_with_the_variables() {
    let file = "[chat]\nconcurrent = \n[app\n";
    let found = problems(file, &[("SERVER_PORT", "x")]);
    assert!(
        found[0].starts_with("config.toml line 2: not valid TOML: "),
        "{found:?}"
    );
    assert!(
        found
            .last()
            .unwrap()
            .starts_with("variable SERVER_PORT: server.port"),
        "{found:?}"
    );
}

#[test]
fn keys_outside_a_section_and_values_in_place_of_a_section_are_explained() {
    assert_eq!(
        problems("api_key = \"planted\"\nchat = 3\nmodels = 1\n", &[]),
        [
            "config.toml line 1: unknown key api_key; did you mean app.api_key?",
            "config.toml line 2: chat = (hidden): expected a section [chat]",
            "config.toml line 3: models = 1: expected entries that begin with [[models]]",
        ]
    );
}

#[test]
fn old_keys_sections_and_variables_give_one_warning_each() {
    let file = "[image]\nblocked_parallel_attempts = 5\n[proxy]\nenabled = true\n\
                flaresolverr_url = \"http://solver\"\n[grok]\ntemporary = false\n";
    let env = [("FLARESOLVERR_URL", "http://x"), ("GROK2API_PORT", "1")];
    let warnings = read_with(file, &env).unwrap().warnings;
    let named = [
        "image.blocked_parallel_attempts",
        "proxy.enabled",
        "proxy.flaresolverr_url",
    ];
    assert_eq!(warnings.len(), 6, "{warnings:#?}");
    for (warning, name) in warnings.iter().zip(named) {
        assert!(
            warning.contains(name) && warning.contains("config.toml line"),
            "{warning}"
        );
    }
    assert!(
        warnings[3].contains("section [grok] is ignored"),
        "{}",
        warnings[3]
    );
    assert!(warnings[4].contains("FLARESOLVERR_URL"), "{}", warnings[4]);
    assert!(
        warnings[5].contains("GROK2API_<SECTION>__<KEY>"),
        "{}",
        warnings[5]
    );
}

#[test]
fn the_file_of_an_older_release_is_accepted() {
    let file = r#"
[app]
app_url = "http://127.0.0.1:8000"
app_key = "my-own-password"
api_key = "sk-a,sk-b"
stream = true
video_format = "html"
[proxy]
cf_clearance = "abc"
browser = "chrome136"
[retry]
retry_backoff_base = 0.5
[chat]
stream_timeout = 0
"#;
    let config = read(file).unwrap().config;
    let keys: Vec<_> = config
        .app
        .api_keys()
        .iter()
        .map(|k| k.expose_secret().to_owned())
        .collect();
    assert_eq!(keys, ["sk-a", "sk-b"]);
    assert_eq!(config.app.app_key.expose_secret(), "my-own-password");
    assert_eq!(config.retry.retry_backoff_base, Duration::from_millis(500));
    assert_eq!(config.chat.stream_timeout, OFF, "0 switches a timeout off");
}

#[test]
fn api_keys_may_be_one_text_or_a_list() {
    for (written, expected) in [
        (r#""sk-a""#, vec!["sk-a"]),
        (r#"["sk-a", " sk-b ", ""]"#, vec!["sk-a", "sk-b"]),
        (r#""""#, vec![]),
    ] {
        let config = read(&format!("[app]\napi_key = {written}\n"))
            .unwrap()
            .config;
        let keys: Vec<_> = config
            .app
            .api_key
            .iter()
            .map(ExposeSecret::expose_secret)
            .collect();
        assert_eq!(keys, expected, "{written}");
    }
}

#[test]
fn models_are_added_and_overridden_by_id() {
    let file = r#"
[[models]]
id = "grok-4"
cost = "high"

[[models]]
id = "grok-5"
model_name = "grok-5"
tier = "super"
"#;
    let models = read(file).unwrap().config.models;
    assert_eq!(models.len(), 17);
    let (changed, added) = (&models[3], &models[16]);
    assert_eq!(
        (changed.id.as_str(), changed.cost),
        ("grok-4", Effort::High)
    );
    assert_eq!(
        changed.model_mode, "MODEL_MODE_GROK_4",
        "what is not written stays"
    );
    assert_eq!(
        (added.tier, added.cost, added.kind),
        (ModelTier::Super, Effort::Low, ModelKind::Chat)
    );

    let bad = "[[models]]\nid = \"x\"\nteir = \"super\"\n[[models]]\nmodel_name = \"a b\"\n";
    assert_eq!(
        problems(bad, &[]),
        [
            "config.toml line 3: unknown key models[0].teir; did you mean tier?",
            "config.toml line 1: models[0].model_name is missing",
            "config.toml line 5: models[1].model_name = \"a b\": \
             expected a name without blanks, not empty",
            "config.toml line 4: models[1].id is missing",
        ]
    );
}

#[test]
fn secrets_are_in_neither_debug_nor_errors_nor_warnings() {
    let file = r#"
[app]
api_key = ["planted-1", "planted-2"]
app_key = "planted-3"
public_key = "planted-4"
session_secret = "planted-5"
[proxy]
cf_cookies = "planted-6"
cf_clearance = "planted-7"
base_proxy_url = "http://user:planted-8@proxy:1"
[server]
storage_url = "mysql://user:planted-9@db/x"
"#;
    let loaded = read(file).unwrap();
    let shown = format!("{loaded:?} {:?}", loaded.warnings);
    assert!(!shown.contains("planted"), "{shown}");
    assert!(shown.contains("(hidden)"));

    let wrong = "[app]\napi_key = { a = \"planted\" }\napp_key = [\"planted\"]\n\
                 [proxy]\nbase_proxy_url = \"planted\"\n[planted]\n";
    let errors = problems(
        wrong,
        &[("GROK2API_PROXY__ASSET_PROXY_URL", "ftp://planted")],
    );
    assert_eq!(errors.len(), 5, "{errors:#?}");
    let shown = errors.join("\n").replace("unknown section [planted]", "");
    assert!(!shown.contains("planted"), "{shown}");
}

#[test]
fn the_old_default_password_is_refused_wherever_it_stands() {
    let in_file = read("[app]\napp_key = \"grok2api\"\n").unwrap_err();
    assert!(matches!(
        in_file.0.as_slice(),
        [Problem::DefaultPassword {
            place: Place::Line { line: 2, .. },
            ..
        }]
    ));
    let env = [("GROK2API_APP__APP_KEY", "grok2api")];
    let in_env = read_with("[app]\napp_key = \"fine-password\"\n", &env).unwrap_err();
    assert!(matches!(
        in_env.0.as_slice(),
        [Problem::DefaultPassword {
            place: Place::Variable(_),
            ..
        }]
    ));
}

#[test]
fn blanking_the_password_keeps_everything_else_of_the_file() {
    let file = "# mine\n[app] # head\napi_key = 'x'\napp_key =  \"old pass\" # why\n\n[chat]\n";
    let folder = data_dir(file);
    assert!(blank_app_key(folder.path()).unwrap());
    let after = std::fs::read_to_string(folder.path().join("config.toml")).unwrap();
    assert_eq!(after, file.replace("\"old pass\"", "\"\""));
    assert!(!blank_app_key(folder.path()).unwrap(), "already blank");
    assert!(
        !blank_app_key(data_dir("[app]\n").path()).unwrap(),
        "no such key"
    );
    assert!(
        !blank_app_key(&folder.path().join("nowhere")).unwrap(),
        "no such file"
    );
}

#[test]
fn addresses_hosts_dates_and_networks_are_checked() {
    let file = r#"
[upstream]
web_url = "grok.com"
ws_url = "https://grok.com"
[server]
host = "example.org"
trusted_proxies = ["10.0.0.0/8", "::1", "10.0.0.0/33"]
[account]
birth_date = "1990-02-30"
[imagine_fast]
size = "1x1"
"#;
    assert_eq!(problems(file, &[]).len(), 6);
    let good = r#"
[upstream]
web_url = "http://127.0.0.1:9/"
ws_url = "ws://127.0.0.1:9"
[server]
host = "::1"
trusted_proxies = ["10.0.0.0/8", "::1"]
[account]
birth_date = "1990-02-28"
"#;
    let config = read(good).unwrap().config;
    assert!(config.server.is_loopback());
    assert!(config.upstream.ws_url.is_some());
}

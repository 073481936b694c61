//! The layers together: what is accepted, and what is reported.

use std::time::Duration;

use secrecy::ExposeSecret;

use super::{from_file_name, problems, read, read_with};
use crate::{Limit, Loaded};

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
    let Loaded { config, warnings } = read_with(file, &env).unwrap();
    assert_eq!(warnings, [""; 0]);
    assert_eq!(config.chat.concurrent, 70);
    assert_eq!(config.chat.stream_timeout, Limit::from_secs(9));
    assert_eq!(config.chat.stream_total_timeout, Limit::from_secs(600));
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
fn the_keys_of_the_old_grok_section_are_read_where_they_have_moved() {
    let file = "[grok]\ntemporary = false\nmax_retry = 7\ncf_clearance = \"planted\"\n\
                stream_timeout = 45\nno_such_key = 1\n[retry]\nmax_retry = 5\n";
    let loaded = read(file).unwrap();
    let config = &loaded.config;
    assert!(!config.app.temporary);
    assert_eq!(config.retry.max_retry, 5, "its own place wins");
    assert_eq!(config.proxy.cf_clearance.expose_secret(), "planted");
    assert_eq!(config.chat.stream_timeout, Limit::from_secs(45));
    let warnings = loaded.warnings.join("\n");
    assert!(
        warnings.contains("grok.temporary has moved and is read as app.temporary"),
        "{warnings}"
    );
    assert!(
        warnings.contains("grok.no_such_key is ignored"),
        "{warnings}"
    );
    assert!(!warnings.contains("planted"), "{warnings}");
}

#[test]
fn a_bad_value_in_the_old_grok_section_is_a_problem_of_the_key_that_it_sets() {
    let file = "[retry]\nmax_retry = 4\n[grok]\ntemporary = 3\nmax_retry = 9\n";
    let problems = problems(file, &[]);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0].starts_with("config.toml line 4: app.temporary = 3"),
        "{problems:?}"
    );
}

#[test]
fn a_section_that_stands_twice_is_explained() {
    let problems = problems("[chat]\nconcurrent = 5\n[chat]\nconcurrent = 6\n", &[]);
    assert!(
        problems[0].starts_with("config.toml line 3"),
        "{problems:?}"
    );
    assert!(problems[0].contains("it stands twice"), "{problems:?}");
}

#[test]
fn old_keys_and_variables_give_one_warning_each() {
    let file = "[image]\nblocked_parallel_attempts = 5\n[proxy]\nenabled = true\n\
                flaresolverr_url = \"http://solver\"\n[logs]\nmax_len = 2000\n";
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
    assert!(warnings[3].contains("logs.max_len"), "{}", warnings[3]);
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
        .api_key
        .iter()
        .map(|k| k.expose_secret().to_owned())
        .collect();
    assert_eq!(keys, ["sk-a", "sk-b"]);
    assert_eq!(config.app.app_key.expose_secret(), "my-own-password");
    assert_eq!(config.retry.retry_backoff_base, Duration::from_millis(500));
    let limit = config.chat.stream_timeout;
    assert_eq!(limit.as_duration(), None, "0 switches a timeout off");
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

#[test]
fn a_key_without_an_effect_is_accepted_checked_and_warned_about() {
    let file = "[token]\nsave_delay_ms = 7\nfail_threshold = 3\n";
    let env = [
        ("GROK2API_ASSET__DOWNLOAD_TIMEOUT", "5"),
        ("LOG_LEVEL", "debug"),
    ];
    let Loaded { config, warnings } = read_with(file, &env).unwrap();
    assert_eq!(config.token.save_delay_ms, 7);
    let warnings: Vec<_> = warnings.iter().map(|line| from_file_name(line)).collect();
    assert_eq!(
        warnings,
        [
            "config.toml line 2: token.save_delay_ms has no effect in this version",
            "variable GROK2API_ASSET__DOWNLOAD_TIMEOUT: asset.download_timeout has no effect in this version",
        ]
    );
    assert_eq!(
        problems("[voice]\ntimeout = 0\n", &[]),
        ["config.toml line 2: voice.timeout = 0: expected 1 to 3600 seconds"]
    );
}

#[test]
fn every_problem_is_one_short_line_whatever_the_file_says() {
    let long = "x".repeat(500);
    let file = format!(
        "\"a\\nb\" = 1\n[retry]\nretry_status_codes = [\n  401,\n  42,\n]\n\
         [account]\nbirth_date = \"{long}\"\n"
    );
    let found = problems(&file, &[("GROK2API_SERVER__PORT", "1\n2")]);
    assert_eq!(
        found[..2],
        [
            "config.toml line 1: unknown key a b",
            "config.toml line 3: retry.retry_status_codes = [ 401, 42, ]: \
             expected a list of whole numbers from 400 to 599",
        ]
    );
    assert_eq!(found.len(), 4);
    for line in found {
        assert!(!line.contains('\n') && line.len() < 200, "{line}");
    }
    let warned = read_with("", &[("GROK2API_A\nB", "1")]).unwrap().warnings;
    assert!(warned[0].starts_with("variable GROK2API_A B is ignored"));
}

#[test]
fn time_limits_are_seconds_or_switched_off() {
    for (written, expected) in [
        ("0", Some(Limit::OFF)),
        ("0.0", Some(Limit::OFF)),
        ("1", Some(Limit::from_secs(1))),
        ("86400", Some(Limit::from_secs(86_400))),
        ("0.5", None),
        ("86401", None),
        ("-1", None),
    ] {
        let read = read(&format!("[chat]\nstream_timeout = {written}\n")).ok();
        let limit = read.map(|loaded| loaded.config.chat.stream_timeout);
        assert_eq!(limit, expected, "{written}");
    }
    assert_eq!(Limit::from_secs(0), Limit::OFF);
    let nine = Limit::from_secs(9).as_duration();
    assert_eq!(nine, Some(Duration::from_secs(9)));
}

#[test]
fn tools_that_are_switched_on_need_a_key_and_a_path_of_their_own() {
    let missing = problems("[mcp]\nenabled = true\n", &[]);
    assert_eq!(missing.len(), 1, "{missing:?}");
    assert!(
        missing[0].contains("mcp.enabled needs a key: set mcp.api_key"),
        "{missing:?}"
    );
    let file = "[mcp]\nenabled = true\n";
    let key = [("GROK2API_MCP__API_KEY", "one,two")];
    let read = read_with(file, &key).unwrap().config.mcp;
    assert_eq!((read.enabled, read.api_key.len()), (true, 2));
    for path in ["/mcp", "/tools/grok-1", "/MCP_2"] {
        let file = format!("[mcp]\nmount_path = {path:?}\n");
        assert!(read_with(&file, &[]).is_ok(), "{path}");
    }
    for path in [
        "", "/", "mcp", "/mcp/", "/a//b", "/a/../b", "/{x}", "/a*", "/v1/mcp", "/admin", "/api/x",
    ] {
        let refused = problems(&format!("[mcp]\nmount_path = {path:?}\n"), &[]);
        assert!(refused[0].contains("expected a path such as"), "{path}");
    }
}

//! What the demo takes over from the operator's configuration.

use url::Url;

use crate::Config;
use crate::declare::Raw;

/// A configuration in which every key that can hold this word does.
fn planted() -> Config {
    let mut config = Config::default();
    let texts = [
        "planted",
        "https://user:planted@planted.test",
        "wss://user:planted@planted.test",
    ];
    for (section, keys) in Config::KEYS {
        for key in keys() {
            let section = config.section_mut(section).unwrap();
            // A key that takes none of them holds a number, a choice, a date or an IP address.
            let _ = texts
                .iter()
                .any(|text| section.set(key, Raw::Text(text)).is_ok());
        }
    }
    config
}

fn keys_with_planted(config: &Config) -> Vec<String> {
    let sections = config.sections().into_iter();
    sections
        .flat_map(|(name, section)| {
            let written = section.written().into_iter();
            let found = written.filter(|written| written.value.contains("planted"));
            found.map(move |written| format!("{name}.{}", written.key))
        })
        .collect()
}

#[test]
fn the_demo_takes_no_secret_and_no_address_that_is_not_listed_here() {
    let own = planted();
    assert!(keys_with_planted(&own).len() > 20, "the test plants");
    let demo = own.for_demo(Url::parse("http://127.0.0.1:9").unwrap());
    assert_eq!(
        keys_with_planted(&demo),
        [
            // Who may call this server, and where it is reached.
            "app.app_url",
            "app.api_key",
            "app.public_key",
            // What every answer is asked for and cleaned of.
            "app.custom_instruction",
            "app.filter_tags",
            "server.allowed_hosts",
            "server.log_level",
            // Who may call its tools.
            "mcp.api_key",
        ]
    );
}

#[test]
fn every_upstream_address_of_the_demo_is_the_simulators() {
    let simulator = Url::parse("http://127.0.0.1:9").unwrap();
    let upstream = planted().for_demo(simulator.clone()).upstream;
    let all = [
        upstream.web_url,
        upstream.assets_url,
        upstream.accounts_url,
        upstream.livekit_url,
        upstream.ws_url.unwrap(),
    ];
    for url in &all {
        assert_eq!(url.authority(), simulator.authority());
    }
    let schemes = all.each_ref().map(Url::scheme);
    assert_eq!(schemes, ["http", "http", "http", "ws", "ws"]);
}

#[test]
fn the_demo_keeps_limits_and_models_of_the_operator_but_no_personal_data() {
    let mut own = Config::default();
    own.chat.concurrent = 7;
    own.retry.max_retry = 9;
    own.server.max_body_mb = 3;
    own.app.temporary = false;
    own.models.truncate(2);
    own.account.birth_date = "1990-02-28".to_owned();
    let demo = own.for_demo(Url::parse("https://127.0.0.1:9").unwrap());
    assert_eq!((demo.chat.concurrent, demo.retry.max_retry), (7, 9));
    assert_eq!((demo.server.max_body_mb, demo.app.temporary), (3, false));
    assert_eq!(demo.models.len(), 2);
    assert_eq!(demo.account.birth_date, "");
    assert_eq!(demo.upstream.livekit_url.scheme(), "wss");
}

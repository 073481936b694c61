//! What is secret stays hidden, and the password is blanked.

use secrecy::ExposeSecret;

use super::{data_dir, problems, read, read_with};
use crate::blank_app_key;

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
                 [proxy]\nbase_proxy_url = \"planted\"\n[planted]\n\
                 [upstream]\nweb_url = \"http://u:planted@internal:99999\"\nws_url = \"planted\"\n";
    let unquoted = problems("[app]\napp_key = planted-10\napi_key = \"planted\n", &[]);
    assert!(!unquoted.is_empty() && !unquoted.concat().contains("planted"));
    let env = [
        ("GROK2API_PROXY__ASSET_PROXY_URL", "ftp://planted"),
        ("GROK2API_APP__APP_URL", "planted"),
    ];
    let errors = problems(wrong, &env);
    assert_eq!(errors.len(), 8, "{errors:#?}");
    let shown = errors.join("\n").replace("unknown section [planted]", "");
    assert!(!shown.contains("planted"), "{shown}");
}

#[test]
fn the_old_default_password_is_refused_wherever_it_stands() {
    let why = "is the published default of older releases; choose another password";
    let in_file = "[app]\napp_key = \"grok2api\"\n";
    assert_eq!(
        problems(in_file, &[]),
        [format!("config.toml line 2: app.app_key {why}")]
    );
    let in_env = [("GROK2API_APP__APP_KEY", "grok2api")];
    let variable = "variable GROK2API_APP__APP_KEY";
    assert_eq!(
        problems("[app]\napp_key = \"fine-password\"\n", &in_env),
        [format!("{variable}: app.app_key {why}")]
    );
    let good = [("GROK2API_APP__APP_KEY", "fine-password")];
    let config = read_with(in_file, &good).unwrap().config;
    assert_eq!(config.app.app_key.expose_secret(), "fine-password");
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

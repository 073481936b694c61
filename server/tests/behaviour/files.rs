//! The predecessor's files both ways, moving between stores, backup: the real commands.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use test_support::Launch;

use crate::support::{BINARY, Setup, body, open_store};

/// A command in a data folder.
fn run(data_dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(BINARY);
    command.args(args).env_clear().env("DATA_DIR", data_dir);
    command.env("LOG_LEVEL", "error").output().unwrap()
}

/// What a command that succeeds prints.
fn printed(data_dir: &Path, args: &[&str]) -> String {
    let output = run(data_dir, args);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{args:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// Exit code and the one line of a command that fails.
fn refused(data_dir: &Path, args: &[&str]) -> (i32, String) {
    let output = run(data_dir, args);
    let error = String::from_utf8(output.stderr).unwrap();
    let last = error.lines().last().unwrap_or_default().to_owned();
    (output.status.code().unwrap(), last)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The files of an installation that was in use a moment ago, on a clock 8 hours ahead of UTC.
fn files() -> [(&'static str, Value); 5] {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let second = now.as_secs() - 100;
    let clock = time::OffsetDateTime::from_unix_timestamp(second as i64 + 8 * 3600).unwrap();
    let (hour, minute, secs) = clock.time().as_hms();
    let day = clock.date().to_string();
    let token = |token: &str, note: &str| {
        json!({"token": token, "status": "active", "quota": 73, "created_at": 1770000000000_i64,
            "last_used_at": 1772700012345_i64, "use_count": 7, "fail_count": 0, "last_fail_at": null,
            "last_fail_reason": null, "last_sync_at": 1772690000000_i64, "tags": ["nsfw"],
            "note": note, "last_asset_clear_at": null, "cooldown_until": null,
            "cooldown_reason": null})
    };
    let log = |id: u64, status: u16, error: &str, key_name: &str, masked: &str| {
        json!({"id": id.to_string(), "time": format!("{day} {hour:02}:{minute:02}:{secs:02}"),
            "timestamp": second as f64 + 0.25, "ip": "192.0.2.7", "model": "grok-4", "duration": 1.234,
            "status": status, "key_name": key_name, "key_masked": masked, "token_suffix": "c2ln",
            "error": error, "stream": true})
    };
    let conversation = json!({"conversation_id": "c1", "last_response_id": "r1",
        "created_at": second as f64 + 0.5, "updated_at": second as f64 + 0.75, "message_count": 3,
        "token": "cookie-0001", "history_hash": "0123456789abcdef", "share_link_id": ""});
    let key = |key: &str, name: &str, is_active: bool| {
        let created = second + u64::from(!is_active);
        json!({"key": key, "name": name, "created_at": created, "is_active": is_active,
            "usage_count": 7, "last_used_at": second})
    };
    [
        (
            "token.json",
            json!({"ssoBasic": [token("cookie-0001", "team A"), token("cookie-0002", "")],
                "ssoSuper": [token("cookie-0003", "")]}),
        ),
        (
            "api_keys.json",
            json!([
                key("sk-abcdefgh-0001", "team", true),
                key("sk-abcdefgh-0002", "guest", false)
            ]),
        ),
        (
            "stats.json",
            json!({"hourly": {format!("{day}T{hour:02}"): {"total": 4, "success": 2, "failed": 1}},
                "daily": {day.clone(): {"total": 4, "success": 2, "failed": 1}},
                "models": {"grok-4": 3, "grok-3": 1}}),
        ),
        (
            "logs.json",
            json!([
                log(second * 1000 + 250, 200, "", "team", "sk-a...0001"),
                log(
                    second * 1000 + 250,
                    502,
                    "upstream_error",
                    "sk-z...9999",
                    "sk-z...9999"
                )
            ]),
        ),
        (
            "conversations.json",
            json!({"conversations": {"conv-1": conversation},
                "token_conversations": {"cookie-0001": ["conv-1"]}}),
        ),
    ]
}

fn write_files(folder: &Path) {
    for (name, file) in files() {
        fs::write(folder.join(name), file.to_string()).unwrap();
    }
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn the_predecessors_files_go_in_once_and_come_out_equal() {
    let (data, old, out) = (folder(), folder(), folder());
    write_files(old.path());
    let before = files().map(|(name, _)| fs::read(old.path().join(name)).unwrap());
    let import = ["import", text(old.path())];
    let dry = printed(data.path(), &["import", text(old.path()), "--dry-run"]);
    let first = printed(data.path(), &import);
    assert_eq!(dry.replace("would be imported", "imported"), first);
    for line in [
        "token.json: 3 account(s) imported, 0 already known, 0 unusable",
        "api_keys.json: 2 key(s) imported, 0 already known, 0 unusable",
        "logs.json: 2 request(s) imported, 0 already known, 0 unusable",
        "stats.json: 4 count(s) imported, 0 already known, 0 unusable",
        "conversations.json: 1 conversation(s) imported, 0 already known, 0 unusable",
    ] {
        assert!(first.contains(line), "{line}: {first}");
    }
    let second = printed(data.path(), &import);
    assert_eq!(second.matches(" 0 unusable").count(), 5, "{second}");
    for known in ["3", "2", "4", "1"] {
        assert!(
            second.contains(&format!("imported, {known} already known")),
            "{second}"
        );
    }
    printed(data.path(), &["export", text(out.path())]);
    for ((name, _), before) in files().into_iter().zip(before) {
        let written = read(&out.path().join(name));
        let read: Value = serde_json::from_slice(&before).unwrap();
        assert_eq!(written, read, "{name}");
        assert_eq!(
            fs::read(old.path().join(name)).unwrap(),
            before,
            "never modified"
        );
    }
    let keys = printed(data.path(), &["keys", "list"]);
    assert!(
        keys.contains("sk-a...0001  active") && keys.contains("sk-a...0002  off"),
        "{keys}"
    );
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_pipe_is_not_waited_for_and_one_file_may_be_named() {
    let (data, old) = (folder(), folder());
    write_files(old.path());
    let one = old.path().join("api_keys.json");
    let report = printed(data.path(), &["import", text(&one)]);
    assert_eq!(
        report.trim(),
        "api_keys.json: 2 key(s) imported, 0 already known, 0 unusable"
    );
    let other = old.path().join("notes.txt");
    fs::write(&other, "").unwrap();
    let (code, error) = refused(data.path(), &["import", text(&other)]);
    assert!(
        code != 0 && error.contains("a folder is expected"),
        "{error}"
    );

    let pipe = old.path().join("token.json");
    fs::remove_file(&pipe).unwrap();
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let output = run(data.path(), &["import", text(old.path())]);
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success());
    assert!(
        report.contains("token.json: it is not a regular file"),
        "{report}"
    );
    assert!(report.contains("2 request(s) imported"), "{report}");
}

#[test]
fn broken_entries_are_named_and_the_others_imported() {
    let (data, old) = (folder(), folder());
    let tokens = |at: usize| match at % 20 {
        7 => json!({"token": "planted secret"}),
        _ => json!({"token": format!("cookie-{at:04}")}),
    };
    let logs = |at: usize| match at % 20 {
        9 => json!({"id": at.to_string(), "error": "planted secret"}),
        _ => json!({"id": at.to_string(), "timestamp": 1_772_700_000 + at, "status": 200}),
    };
    let keys = |at: usize| match at % 20 {
        3 => json!({"key": "planted secret"}),
        _ => json!({"key": format!("sk-{at:04}")}),
    };
    let list = |entry: &dyn Fn(usize) -> Value| (0..100).map(entry).collect::<Vec<_>>();
    let token_json = json!({"ssoBasic": list(&tokens)});
    fs::write(old.path().join("token.json"), token_json.to_string()).unwrap();
    fs::write(old.path().join("logs.json"), json!(list(&logs)).to_string()).unwrap();
    fs::write(
        old.path().join("api_keys.json"),
        json!(list(&keys)).to_string(),
    )
    .unwrap();
    let report = printed(data.path(), &["import", text(old.path())]);
    for what in ["account", "key", "request"] {
        assert!(
            report.contains(&format!(
                "95 {what}(s) imported, 0 already known, 5 unusable"
            )),
            "{report}"
        );
    }
    for at in (7..100).step_by(20) {
        assert!(
            report.contains(&format!("\n  ssoBasic[{at}]: ")),
            "{report}"
        );
    }
    for at in (9..100).step_by(20) {
        assert!(
            report.contains(&format!("\n  [{at}]: `timestamp` is missing")),
            "{report}"
        );
    }
    assert!(!report.contains("planted"), "{report}");
    fs::write(old.path().join("stats.json"), "{").unwrap();
    let (code, error) = refused(data.path(), &["import", text(old.path())]);
    assert_eq!(
        (code, error.as_str()),
        (1, "grok2api: not every file could be read")
    );
}

#[test]
fn an_export_replaces_its_own_files_alone() {
    let (data, old, out) = (folder(), folder(), folder());
    write_files(old.path());
    printed(data.path(), &["import", text(old.path())]);
    let export = ["export", text(out.path())];
    printed(data.path(), &export);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(out.path().join("token.json"))
            .unwrap()
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
    }
    printed(data.path(), &export);
    fs::write(out.path().join("logs.json"), "[]").unwrap();
    let (code, error) = refused(data.path(), &export);
    assert!(
        code == 1 && error.contains("--force replaces it"),
        "{error}"
    );
    printed(data.path(), &["export", text(out.path()), "--force"]);
    assert_eq!(
        read(&out.path().join("logs.json"))
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn keys_of_the_file_open_the_api_and_one_that_is_off_does_not() {
    let key = |key: &str, is_active: bool| json!({"key": key, "name": "n", "is_active": is_active});
    let keys = json!([
        key("sk-abcdefgh-0001", true),
        key("sk-abcdefgh-0002", false)
    ]);
    let setup = Setup::accounts(["only-account-0001"]).file("api_keys.json", &keys.to_string());
    let server = setup.start().await;
    let ask = async |key: Option<&str>| {
        let request = server.client.post(server.url("/v1/chat/completions"));
        let request = match key {
            Some(key) => request.bearer_auth(key),
            None => request,
        };
        request.json(&body("Hello?")).send().await.unwrap().status()
    };
    assert_eq!(ask(None).await, 401, "no longer open");
    assert_eq!(ask(Some("sk-abcdefgh-0002")).await, 401);
    server.count_request();
    assert_eq!(ask(Some("sk-abcdefgh-0001")).await, 200);
    let out = folder();
    printed(server.data_dir(), &["export", text(out.path())]);
    let exported = read(&out.path().join("api_keys.json"));
    assert_eq!(exported[0]["usage_count"], 1, "counted here");
    assert_eq!(read(&out.path().join("logs.json"))[0]["key_name"], "n");
    let left = server.end_with_all().await;
    assert!(left.requests[0].key.as_ref().unwrap().starts_with("key-"));
}

#[tokio::test]
async fn a_store_moves_to_another_that_a_server_can_use() {
    let (data, old, other) = (folder(), folder(), folder());
    write_files(old.path());
    printed(data.path(), &["import", text(old.path())]);
    let to = format!("sqlite:{}", text(&other.path().join("moved.db")));
    let migrate = ["migrate-store", "--from", "sqlite:", "--to", &to];
    let same = refused(
        data.path(),
        &["migrate-store", "--from", "", "--to", "sqlite:"],
    );
    assert_eq!(
        same,
        (1, "grok2api: both URLs name the same store".to_owned())
    );
    let none = refused(
        data.path(),
        &["migrate-store", "--from", "sqlite:none/x.db", "--to", &to],
    );
    assert!(none.0 == 2 && none.1.contains("the source: "), "{none:?}");
    let moved = printed(data.path(), &migrate);
    assert!(moved.contains("the same in both stores"), "{moved}");
    let (code, error) = refused(data.path(), &migrate);
    assert!(
        code == 1 && error.contains("the target holds data already"),
        "{error}"
    );
    let back = folder();
    let home = format!("sqlite:{}", text(&back.path().join("home.db")));
    printed(
        data.path(),
        &["migrate-store", "--from", &to, "--to", &home],
    );
    let out = folder();
    let mut export = Command::new(BINARY);
    export.args(["export", text(out.path())]).env_clear();
    export
        .env("DATA_DIR", data.path())
        .env("SERVER_STORAGE_URL", &home);
    assert!(export.status().unwrap().success());
    assert_eq!(read(&out.path().join("token.json")), files()[0].1);
}

#[tokio::test]
async fn a_backup_beside_the_running_server_starts_another_machine() {
    let server = Setup::accounts(["backed-up-account-0001"]).start().await;
    assert_eq!(server.chat().await.status, 200);
    let (kept, new) = (folder(), folder());
    let file = kept.path().join("backup");
    let passphrase = kept.path().join("passphrase");
    fs::write(&passphrase, "correct horse battery\n").unwrap();
    let args = |command: &'static str| {
        [command, text(&file), "--passphrase-file", text(&passphrase)].map(str::to_owned)
    };
    let run_with = |data: &Path, args: &[String]| {
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        printed(data, &args)
    };
    let written = run_with(server.data_dir(), &args("backup"));
    assert!(
        written.contains("accounts 1, ") || written.contains("accounts 1\n"),
        "{written}"
    );
    assert!(
        written.contains("Generated media are not in it"),
        "{written}"
    );
    let bytes = fs::read(&file).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("backed-up-account"));
    let (code, error) = refused(new.path(), &["restore", text(&file)]);
    assert!(
        code == 1 && error.contains("made with a passphrase"),
        "{error}"
    );
    assert!(
        !new.path().join("grok2api.db").exists(),
        "nothing was written"
    );
    let restored = run_with(new.path(), &args("restore"));
    assert!(restored.contains("secret.key was restored"), "{restored}");
    assert_eq!(
        fs::read(new.path().join("secret.key")).unwrap(),
        fs::read(server.data_dir().join("secret.key")).unwrap()
    );
    let store = open_store(new.path()).await;
    let accounts = store.load_accounts().await.unwrap().accounts;
    assert_eq!(accounts[0].credential.expose(), "backed-up-account-0001");
    store.close().await;
    let args = args("restore");
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    let (code, error) = refused(new.path(), &args);
    assert!(
        code == 1 && error.contains("--force replaces all of it"),
        "{error}"
    );
    let launch = Launch::new(BINARY, new.path()).upstream(&server.simulator.url());
    let mut other = launch.start().await.unwrap();
    assert!(other.stop().await.unwrap().success());
    server.end().await;
}

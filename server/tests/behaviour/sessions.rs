//! When a session begins and ends, and what is kept of it.

use base64::{Engine, engine::general_purpose};
use http::header::CONTENT_TYPE;
use store::DATABASE_FILE;
use test_support::Gateway;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    browser::{Browser, start},
    support::{Setup, open_store},
};

const PASSWORD: &str = "correct horse battery";
const NEW_PASSWORD: &str = "staple of a new battery";
const SESSION: &str = "grok2api_session";

async fn signed_in(gateway: &Gateway, password: &str) -> Browser {
    let browser = Browser::new(gateway);
    assert_eq!(browser.sign_in(password).await.status, 200);
    assert!(browser.is_admin().await);
    browser
}

async fn change_password(browser: &Browser, from: &str, to: &str) {
    let (from, to) = (from.replace(' ', "+"), to.replace(' ', "+"));
    let form = format!("current={from}&new={to}&repeated={to}");
    let said = browser.form("/api/change_password", form).await;
    assert_eq!(said.status, 200, "{said:?}");
}

/// A chat whose body is held back: the request is under way, with the cookies of this moment.
struct HeldChat(TcpStream);

const BODY: &str = r#"{"model":"no-such-model","messages":[{"role":"user","content":"Hi"}]}"#;

impl HeldChat {
    /// When this returns, the server has checked the session and waits for the body.
    async fn begin(gateway: &Gateway, browser: &Browser) -> Self {
        let mut stream = TcpStream::connect(&gateway.address).await.unwrap();
        let session = browser.cookie(SESSION).unwrap();
        let head = format!(
            "POST /v1/public/chat/completions HTTP/1.1\r\nhost: {}\r\ncookie: {SESSION}={session}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\
             connection: close\r\n\r\n",
            gateway.address,
            BODY.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // Asked for when the handler reads the body, which it does after the check.
        let mut asked = [0; 25];
        stream.read_exact(&mut asked).await.unwrap();
        assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
        Self(stream)
    }

    /// The whole answer.
    async fn end(mut self) -> String {
        self.0.write_all(BODY.as_bytes()).await.unwrap();
        let mut answer = String::new();
        self.0.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

#[tokio::test]
async fn a_request_held_over_a_password_change_does_not_bring_its_session_back() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = start(folder.path(), &[("GROK2API_APP__APP_KEY", PASSWORD)]).await;
    let thief = signed_in(&gateway, PASSWORD).await;
    let operator = signed_in(&gateway, PASSWORD).await;
    let stolen = thief.cookie(SESSION);
    let held = HeldChat::begin(&gateway, &thief).await;
    change_password(&operator, PASSWORD, NEW_PASSWORD).await;
    assert!(operator.is_admin().await, "with the session that it got");
    let answer = held.end().await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(!answer.contains(&stolen.clone().unwrap()), "{answer}");
    thief.set_cookie(SESSION, stolen);
    assert!(!thief.is_admin().await);
}

#[tokio::test]
async fn signing_out_while_another_request_is_under_way_stays_signed_out() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = start(folder.path(), &[("GROK2API_APP__APP_KEY", PASSWORD)]).await;
    let browser = signed_in(&gateway, PASSWORD).await;
    let session = browser.cookie(SESSION).unwrap();
    let held = HeldChat::begin(&gateway, &browser).await;
    assert_eq!(
        browser.form("/api/sign_out", String::new()).await.status,
        200
    );
    assert_eq!(browser.cookie(SESSION), None, "the cookie is gone");
    let answer = held.end().await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(!answer.contains(&session), "{answer}");
    browser.set_cookie(SESSION, Some(session));
    assert!(!browser.is_admin().await);
}

#[tokio::test]
async fn using_a_session_moves_its_end_and_sends_no_cookie_again() {
    let folder = tempfile::tempdir().unwrap();
    let env = [("GROK2API_APP__APP_KEY", PASSWORD)];
    let mut gateway = start(folder.path(), &env).await;
    let session = signed_in(&gateway, PASSWORD).await.cookie(SESSION).unwrap();
    gateway.stop().await.unwrap();
    let store = open_store(folder.path()).await;
    let fresh = store.load_session(&session, 0).await.unwrap().unwrap();
    // As if it had been used last an hour ago.
    let earlier = fresh.expires_at_ms - 3_600_000;
    assert!(store.touch_session(&session, earlier).await.unwrap());
    store.close().await;
    let mut gateway = start(folder.path(), &env).await;
    let browser = Browser::new(&gateway);
    browser.set_cookie(SESSION, Some(session.clone()));
    let request = browser.post("/api/get_viewer");
    let request = request.header(CONTENT_TYPE, "application/json").body("{}");
    let response = request.send().await.unwrap();
    assert_eq!(response.headers().get("set-cookie"), None);
    assert!(browser.is_admin().await);
    gateway.stop().await.unwrap();
    let store = open_store(folder.path()).await;
    let used = store.load_session(&session, 0).await.unwrap().unwrap();
    assert!(used.expires_at_ms >= fresh.expires_at_ms);
    assert_eq!(used.data, fresh.data);
    store.close().await;
}

#[tokio::test]
async fn nothing_in_the_database_is_the_session_of_a_browser_in_any_form() {
    let folder = tempfile::tempdir().unwrap();
    let env = [("GROK2API_APP__APP_KEY", PASSWORD)];
    let mut gateway = start(folder.path(), &env).await;
    let browser = signed_in(&gateway, PASSWORD).await;
    let id = browser.cookie(SESSION).unwrap();
    gateway.stop().await.unwrap();
    let bytes = general_purpose::URL_SAFE_NO_PAD.decode(&id).unwrap();
    let number: [u8; 16] = bytes.as_slice().try_into().unwrap();
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
    let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
    let forms = [
        id.clone(),
        general_purpose::STANDARD.encode(&bytes),
        general_purpose::STANDARD_NO_PAD.encode(&bytes),
        i128::from_le_bytes(number).to_string(),
        u128::from_le_bytes(number).to_string(),
        hex(&bytes),
        hex(&reversed),
    ];
    let database = std::fs::read(folder.path().join(DATABASE_FILE)).unwrap();
    let holds = |wanted: &[u8]| database.windows(wanted.len()).any(|part| part == wanted);
    assert!(holds(b"started_at_ms"), "sessions are in this file");
    for form in &forms {
        assert!(!holds(form.as_bytes()), "{form}");
    }
    assert!(!holds(&bytes) && !holds(&reversed), "as bytes");
}

#[tokio::test]
async fn a_visitors_session_ends_with_the_key_that_it_was_made_with() {
    let server = Setup::accounts(["only-account"])
        .config("[app]\npublic_enabled = true\npublic_key = \"first-key\"\n")
        .with("GROK2API_APP__APP_KEY", PASSWORD)
        .start()
        .await;
    let visitor = Browser::new(&server.gateway);
    assert_eq!(visitor.visit("first-key").await.status, 200);
    assert_eq!(visitor.viewer().await["may_chat"], true);
    let operator = signed_in(&server.gateway, PASSWORD).await;
    let text = "[app]\npublic_enabled = true\npublic_key = \"second-key\"\n";
    std::fs::write(server.data_dir().join("config.toml"), text).unwrap();
    let has_ended = async || visitor.viewer().await["may_chat"] == false;
    server
        .wait_until("the visitor's session ended", has_ended)
        .await;
    assert!(operator.is_admin().await);
    assert_eq!(visitor.visit("first-key").await.status, 401);
    assert_eq!(visitor.visit("second-key").await.status, 200);
    assert_eq!(visitor.viewer().await["may_chat"], true);
    server.end().await;
}

#[tokio::test]
async fn a_password_of_the_environment_is_adopted_once() {
    let folder = tempfile::tempdir().unwrap();
    let old = [("GROK2API_APP__APP_KEY", PASSWORD)];
    let mut gateway = start(folder.path(), &old).await;
    let browser = signed_in(&gateway, PASSWORD).await;
    gateway.stop().await.unwrap();
    let reopen = |gateway: &Gateway| {
        let again = Browser::new(gateway);
        again.set_cookie(SESSION, browser.cookie(SESSION));
        again
    };

    // The same value again changes nothing.
    let mut gateway = start(folder.path(), &old).await;
    assert!(!gateway.log().contains("app.app_key is ignored"));
    let browser = reopen(&gateway);
    assert!(browser.is_admin().await, "the session goes on");
    change_password(&browser, PASSWORD, NEW_PASSWORD).await;
    gateway.stop().await.unwrap();

    // Nor does it bring back what was changed meanwhile.
    let mut gateway = start(folder.path(), &old).await;
    assert!(gateway.log().contains("app.app_key is ignored"));
    assert!(!gateway.log().contains(PASSWORD));
    assert_eq!(Browser::new(&gateway).sign_in(PASSWORD).await.status, 401);
    let browser = signed_in(&gateway, NEW_PASSWORD).await;
    gateway.stop().await.unwrap();

    // A new value is adopted, and ends the sessions of the old one.
    let new = [("GROK2API_APP__APP_KEY", "a third password")];
    let gateway = start(folder.path(), &new).await;
    let again = Browser::new(&gateway);
    again.set_cookie(SESSION, browser.cookie(SESSION));
    assert!(!again.is_admin().await);
    assert_eq!(again.sign_in(NEW_PASSWORD).await.status, 401);
    signed_in(&gateway, "a third password").await;
}

#[tokio::test]
async fn cookies_that_are_no_sessions_leave_no_lines_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let env = [("GROK2API_APP__APP_KEY", PASSWORD)];
    let gateway = start(folder.path(), &env).await;
    for bogus in ["nonsense", "AAAAAAAAAAAAAAAAAAAAAA"] {
        let browser = Browser::new(&gateway);
        browser.set_cookie(SESSION, Some(bogus.to_owned()));
        let viewer = browser.viewer().await;
        assert_eq!(viewer["is_admin"], false);
        assert_eq!(viewer["version"], "", "strangers do not learn it");
    }
    let log = gateway.log();
    assert!(!log.contains("suspicious"), "{log}");
    let admin = signed_in(&gateway, PASSWORD).await.viewer().await;
    assert_ne!(admin["version"], "");
}

/// Its texts name folders, hosts and values.
#[tokio::test]
async fn only_the_operators_browser_is_told_what_is_wrong_with_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = start(folder.path(), &[("GROK2API_APP__APP_KEY", PASSWORD)]).await;
    let operator = signed_in(&gateway, PASSWORD).await;
    let stranger = operator.another();
    let bad = "[upstream]\nweb_url = \"http://u:s3cret@internal-host:99999\"\n[servr]\n";
    std::fs::write(folder.path().join("config.toml"), bad).unwrap();
    gateway.signal("HUP").unwrap();
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    let told = loop {
        let told = stranger.get("/readyz").await.text().await.unwrap();
        if told.contains("configuration: ") {
            break told;
        }
        assert!(tokio::time::Instant::now() < deadline, "{told}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert!(told.contains("configuration: 2 problem(s)"), "{told}");
    let folder_name = folder.path().to_str().unwrap();
    for secret in ["s3cret", "internal-host", "servr", folder_name] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
    let by_session = operator.get("/readyz").await.text().await.unwrap();
    let program = reqwest::Client::new().get(format!("{}/readyz", gateway.url()));
    let by_password = program.bearer_auth(PASSWORD).send().await.unwrap();
    let by_password = by_password.text().await.unwrap();
    for told in [&by_session, &by_password] {
        for known in ["upstream.web_url", "servr", folder_name] {
            assert!(told.contains(known), "{known} not in {told}");
        }
    }
    for text in [by_session, by_password, gateway.log()] {
        assert!(
            !text.contains("s3cret") && !text.contains("internal-host"),
            "{text}"
        );
    }
}

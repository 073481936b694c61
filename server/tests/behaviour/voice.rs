//! Tokens for voice rooms: what a visitor gets, and what became of the account.

use grok_sim::{Operation, Recorded, Reply};
use pool::Status;
use serde_json::{Value, json};

use crate::support::{Plain, Server, Setup};

const ONE: &str = "voice-account-1";
const BOTH: [&str; 2] = [ONE, "voice-account-2"];
const OPEN: &str = "[app]\npublic_enabled = true\n";
const ROOMS: &str = "ws://127.0.0.1:9/rooms";

fn setup<const N: usize>(accounts: [&str; N]) -> Setup {
    Setup::accounts(accounts)
        .config(OPEN)
        .with("GROK2API_UPSTREAM__LIVEKIT_URL", ROOMS)
}

async fn ask(server: &Server, query: &str) -> Plain {
    server.count_request();
    let url = server.url(&format!("/v1/public/voice/token{query}"));
    Plain::read(server.client.get(url).send().await.unwrap()).await
}

fn asked(server: &Server) -> Vec<Recorded> {
    server.simulator.requests_of(Operation::Voice)
}

fn script(server: &Server, replies: impl IntoIterator<Item = Reply>) {
    server.simulator.script_for("*", Operation::Voice, replies);
}

#[tokio::test]
async fn a_token_costs_one_unit_and_leaves_a_record_and_no_lease() {
    let server = setup([ONE]).start().await;
    let answer = ask(&server, "?voice=leo&personality=storyteller&speed=1.5").await;
    assert_eq!(answer.status, 200, "{:?}", answer.json);
    let token = answer.json["token"].as_str().unwrap().to_owned();
    assert_eq!(token.split('.').count(), 3, "a JSON Web Token");
    let expected = json!({"token": token, "url": ROOMS, "participant_name": "", "room_name": ""});
    assert_eq!(answer.json, expected);
    let body = &asked(&server)[0].body;
    let session: Value = serde_json::from_str(body["sessionPayload"].as_str().unwrap()).unwrap();
    let expected = json!({
        "voice": "leo", "personality": "storyteller", "playback_speed": 1.5,
        "enable_vision": false, "turn_detection": {"type": "server_vad"},
    });
    assert_eq!(session, expected);
    assert_eq!(body["livekitUrl"], ROOMS);
    let left = server.end_with_all().await;
    let account = &left.accounts[ONE];
    assert_eq!((account.quota, account.use_count), (79, 1));
    let row = &left.requests[0];
    assert_eq!(row.endpoint, "public.voice.token");
    assert_eq!((row.status, row.cost), (200, 1));
}

#[tokio::test]
async fn a_mistake_names_its_field_and_asks_nobody() {
    let server = setup([ONE]).start().await;
    for (query, field) in [
        ("?voice=bob", "voice"),
        ("?personality=pirate", "personality"),
        ("?speed=3", "speed"),
    ] {
        let answer = ask(&server, query).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json["error"]["param"], field);
        assert_eq!(answer.json["error"]["code"], "invalid_value");
    }
    assert!(asked(&server).is_empty());
    server.end().await;
}

#[tokio::test]
async fn another_account_opens_the_room_when_the_first_is_refused() {
    let server = setup(BOTH).start().await;
    script(&server, [Reply::Unauthorized]);
    let answer = ask(&server, "").await;
    assert_eq!(answer.status, 200, "{:?}", answer.json);
    assert_eq!(asked(&server).len(), 2);
    let left = server.end_with_all().await;
    let mut used: Vec<_> = left
        .accounts
        .values()
        .map(|one| (one.use_count, one.quota))
        .collect();
    used.sort_unstable();
    assert_eq!(
        used,
        [(0, 80), (1, 79)],
        "nothing is billed to the account that did not serve"
    );
    assert_eq!(left.requests[0].attempts.len(), 2);
}

#[tokio::test]
async fn a_rate_limited_account_cools_down_and_then_there_is_no_token() {
    let server = setup([ONE]);
    let server = server.with("GROK2API_RETRY__MAX_RETRY", 1).start().await;
    script(&server, [Reply::rate_limited()]);
    let answer = ask(&server, "").await;
    assert_eq!(answer.status, 503, "{:?}", answer.json);
    assert_eq!(answer.json["error"]["code"], "no_token");
    let again = ask(&server, "").await;
    assert_eq!(
        (again.status, &again.json["error"]["code"]),
        (503, &json!("no_token"))
    );
    assert_eq!(asked(&server).len(), 1, "the account rests");
    let left = server.end_with_all().await;
    assert_eq!(left.accounts[ONE].status, Status::Cooling);
}

#[tokio::test]
async fn an_answer_without_a_token_is_the_upstreams_failure() {
    let server = setup([ONE]).start().await;
    script(&server, [Reply::http(200, "{}")]);
    let answer = ask(&server, "").await;
    assert_eq!(answer.status, 502, "{:?}", answer.json);
    let left = server.end_with_all().await;
    assert_eq!(left.accounts[ONE].use_count, 0);
}

#[tokio::test]
async fn a_silent_upstream_is_left_after_the_voice_timeout() {
    let server = setup([ONE])
        .with("GROK2API_VOICE__TIMEOUT", 1)
        .start()
        .await;
    script(&server, [Reply::Hang]);
    let answer = ask(&server, "").await;
    assert_eq!(answer.status, 502, "{:?}", answer.json);
    server.end().await;
}

#[tokio::test]
async fn strangers_and_other_sites_get_no_token() {
    let server = Setup::accounts([ONE])
        .config("[app]\npublic_enabled = true\npublic_key = \"visitors-only\"\n")
        .start()
        .await;
    let url = server.url("/v1/public/voice/token");
    let stranger = server.client.get(&url).send().await.unwrap();
    assert_eq!(stranger.status(), 401);
    for headers in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ] {
        let request = server.client.get(&url).header(headers.0, headers.1);
        assert_eq!(request.send().await.unwrap().status(), 403);
    }
    assert!(asked(&server).is_empty());
    server.end().await;
}

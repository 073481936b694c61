//! Tokens for voice rooms.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use grok_sim::{Operation, Reply};
use reqwest::Response;
use serde_json::{Value, json};

use crate::caller::{Caller, start};

fn body(session: &Value) -> Value {
    json!({
        "sessionPayload": session.to_string(),
        "requestAgentDispatch": false,
        "livekitUrl": "wss://livekit.grok.com",
        "params": {"enable_markdown_transcript": "true"},
    })
}

fn session() -> Value {
    json!({
        "voice": "ara", "personality": "assistant", "playback_speed": 1.0, "enable_vision": false,
        "turn_detection": {"type": "server_vad"},
    })
}

async fn ask(caller: &Caller, account: &str, body: &Value) -> Response {
    let request = caller.post("/rest/livekit/tokens", account).json(body);
    request.send().await.unwrap()
}

#[tokio::test]
async fn a_token_names_a_room_and_costs_one_unit() {
    let (simulator, caller) = start().await;
    let answer = ask(&caller, "voice-account", &body(&session())).await;
    assert_eq!(answer.status(), 200);
    let answer: Value = answer.json().await.unwrap();
    let claims = answer["token"].as_str().unwrap().split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    assert_eq!(claims["video"]["roomJoin"], true);
    assert!(
        !claims.to_string().contains("voice-account"),
        "a browser sees the token"
    );
    assert_eq!(simulator.quota("voice-account"), 79);
    simulator.stop().await;
}

#[tokio::test]
async fn a_token_is_refused_by_name_and_by_script() {
    let (simulator, caller) = start().await;
    for (account, status) in [("a-401-b", 401), ("a-429-b", 429), ("a-503-b", 503)] {
        let answer = ask(&caller, account, &body(&session())).await;
        assert_eq!(answer.status().as_u16(), status, "{account}");
    }
    let answer = ask(&caller, "a-notoken-b", &body(&session())).await;
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({}));
    simulator.script_for("*", Operation::Voice, [Reply::Unauthorized]);
    let answer = ask(&caller, "voice-account", &body(&session())).await;
    assert_eq!(answer.status(), 401);
    simulator.stop().await;
}

#[tokio::test]
async fn a_body_that_is_not_the_documented_one_is_refused() {
    let (simulator, caller) = start().await;
    let mut bodies = Vec::new();
    for (field, value) in [
        ("voice", json!("bob")),
        ("personality", json!("pirate")),
        ("playback_speed", json!(3)),
        ("enable_vision", json!(true)),
        ("turn_detection", json!({})),
    ] {
        let mut session = session();
        session[field] = value;
        bodies.push(body(&session));
    }
    for (field, value) in [
        ("sessionPayload", session()),
        ("requestAgentDispatch", json!(true)),
        ("livekitUrl", json!("https://livekit.grok.com")),
        ("params", json!({"enable_markdown_transcript": true})),
    ] {
        let mut body = body(&session());
        body[field] = value;
        bodies.push(body);
    }
    for body in bodies {
        let answer = ask(&caller, "voice-account", &body).await;
        assert_eq!(answer.status(), 400, "{body}");
    }
    assert_eq!(simulator.quota("voice-account"), 80);
    simulator.stop().await;
}

/// What LiveKit's client asks when a room does not open.
async fn validate(caller: &Caller, token: &str) -> Response {
    let url = format!("{}/rtc/validate?access_token={token}", caller.url);
    caller.client.get(url).send().await.unwrap()
}

async fn token_of(caller: &Caller, account: &str) -> String {
    let answer = ask(caller, account, &body(&session())).await;
    let answer: Value = answer.json().await.unwrap();
    answer["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_room_opens_for_its_own_token_and_refuses_by_name_and_by_script() {
    let (simulator, caller) = start().await;
    let good = token_of(&caller, "voice-account").await;
    assert_eq!(validate(&caller, &good).await.status(), 200);
    let forged = format!("{good}x");
    assert_eq!(validate(&caller, &forged).await.status(), 401);
    let refused = token_of(&caller, "a-nojoin-b").await;
    assert_eq!(validate(&caller, &refused).await.status(), 401);
    simulator.script_for("voice-account", Operation::Room, [Reply::server_error(503)]);
    let busy = token_of(&caller, "voice-account").await;
    assert_eq!(validate(&caller, &busy).await.status(), 503);
    simulator.stop().await;
}

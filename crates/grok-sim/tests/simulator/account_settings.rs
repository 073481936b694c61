//! Terms, birth date and adult content.

use grok_sim::{Operation, Reply};
use reqwest::{RequestBuilder, Response};
use serde_json::json;

use crate::caller::{Caller, start};

const TERMS: &str = "/auth_mgmt.AuthManagement/SetTosAcceptedVersion";
const FEATURES: &str = "/auth_mgmt.AuthManagement/UpdateUserFeatureControls";

fn grpc(caller: &Caller, path: &str, body: &'static [u8]) -> RequestBuilder {
    caller
        .post(path, "one-account")
        .header("content-type", "application/grpc-web+proto")
        .header("x-grpc-web", "1")
        .header("cache-control", "no-cache")
        .header("pragma", "no-cache")
        .body(body)
}

async fn said(request: RequestBuilder) -> (u16, Vec<u8>) {
    let response: Response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, response.bytes().await.unwrap().to_vec())
}

#[tokio::test]
async fn grpc_calls_are_answered_with_a_message_and_trailers() {
    let (simulator, caller) = start().await;
    let (status, body) = said(grpc(&caller, TERMS, b"\0\0\0\0\x02\x10\x01")).await;
    assert_eq!(status, 200);
    let trailers = b"grpc-status:0\r\ngrpc-message:\r\n";
    assert_eq!(body[..10], [0, 0, 0, 0, 0, 0x80, 0, 0, 0, 30]);
    assert_eq!(&body[10..], trailers);
    let features = b"\0\0\0\0\x20\x0a\x02\x10\x01\x12\x1a\x0a\x18always_show_nsfw_content";
    let refused = Reply::Grpc {
        code: 16,
        message: "who are you".to_owned(),
    };
    simulator.script_for("one-account", Operation::FeatureControls, [refused]);
    let (_, body) = said(grpc(&caller, FEATURES, features)).await;
    assert!(body.ends_with(b"grpc-status:16\r\ngrpc-message:who%20are%20you\r\n"));
    let requests = simulator.requests();
    assert_eq!(requests[0].body, json!({"grpc_web": "00000000021001"}));
    assert_eq!(requests[1].reply, "grpc");
    simulator.stop().await;
}

#[tokio::test]
async fn other_messages_and_dates_are_refused() {
    let (simulator, caller) = start().await;
    let (status, _) = said(grpc(&caller, FEATURES, b"\0\0\0\0\0")).await;
    assert_eq!(status, 400);
    let bare = caller.post(TERMS, "one-account").body("x");
    assert_eq!(said(bare).await.0, 400, "without the headers");
    for (path, body, expected) in [
        ("set-tos-accepted", json!({"tosVersion": 5}), 200),
        ("set-tos-accepted", json!({"tosVersion": 4}), 400),
        (
            "set-birth-date",
            json!({"birthDate": "1990-02-28T16:00:00.000Z"}),
            204,
        ),
        ("set-birth-date", json!({"birthDate": "1990-02-28"}), 400),
        ("set-birth-date", json!({}), 400),
    ] {
        let request = caller.post(&format!("/rest/auth/{path}"), "one-account");
        let (status, _) = said(request.json(&body)).await;
        assert_eq!(status, expected, "{path} {body}");
    }
    simulator.stop().await;
}

//! Videos: what a caller gets and when, what became of the account, and how often the upstream was
//! asked.

mod chats;
mod faults;
mod jobs;
mod restarts;

use grok_sim::{Operation, Recorded, Reply};
use pool::{Account, Status};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Plain, Server};

const ONE: &str = "video-account-1";
const BOTH: [&str; 2] = [ONE, "video-account-2"];
/// What one part of a video takes from an account.
const COST: u64 = 4;
/// A picture as base64.
pub(crate) const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAIAAAA=";

/// A call without a body, or with a JSON one; it leaves a record.
async fn call(server: &Server, method: Method, path: &str, body: Option<&Value>) -> Plain {
    server.count_request();
    let request = server.client.request(method, server.url(path));
    let request = match body {
        Some(body) => request.json(body),
        None => request,
    };
    Plain::read(request.send().await.unwrap()).await
}

async fn get(server: &Server, path: &str) -> Plain {
    call(server, Method::GET, path, None).await
}

async fn post(server: &Server, path: &str, body: &Value) -> Plain {
    call(server, Method::POST, path, Some(body)).await
}

/// Asks for a video, whose making leaves a record of its own; its id.
async fn create(server: &Server, body: &Value) -> String {
    let answer = post(server, "/v1/videos", body).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    server.count_request();
    answer.json["id"].as_str().unwrap().to_owned()
}

/// Waits until the video is like this; how it is then.
async fn wait_for(server: &Server, id: &str, status: &str) -> Value {
    let path = format!("/v1/videos/{id}");
    let is_so = async || get(server, &path).await.json["status"] == status;
    server.wait_until(&format!("{id} is {status}"), is_so).await;
    get(server, &path).await.json
}

/// Waits until a video whose reply is held has told how far it is: the upstream has been asked.
async fn wait_until_held(server: &Server, id: &str) {
    let path = format!("/v1/videos/{id}");
    let is_told = async || get(server, &path).await.json["progress"] == 42;
    server.wait_until("its progress is told", is_told).await;
}

/// A video that is made, as the API shows it.
async fn made(server: &Server, body: &Value) -> Value {
    let id = create(server, body).await;
    wait_for(server, &id, "completed").await
}

/// The file of a video.
async fn content(server: &Server, id: &str) -> Vec<u8> {
    server.count_request();
    let url = server.url(&format!("/v1/videos/{id}/content"));
    let response = server.client.get(url).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.bytes().await.unwrap().to_vec()
}

/// Pictures of an MP4 file: 24 for each second.
fn seconds_of(file: &[u8]) -> u32 {
    let at = file.windows(4).position(|four| four == b"mvhd").unwrap() + 4;
    let number = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().unwrap());
    number(at + 16) / number(at + 12)
}

/// The requests for videos that reached the upstream.
fn asked(server: &Server) -> Vec<Recorded> {
    server.simulator.requests_of(Operation::Video)
}

fn script(server: &Server, replies: impl IntoIterator<Item = Reply>) {
    server.simulator.script_for("*", Operation::Video, replies);
}

/// Images that wait for their videos.
fn images(server: &Server) -> usize {
    let folder = server.data_dir().join("media/references").read_dir();
    folder.map_or(0, Iterator::count)
}

fn sailing() -> Value {
    json!({"prompt": "it sails", "input_reference": format!("data:image/png;base64,{PNG}")})
}

fn boat() -> Value {
    json!({"prompt": "a paper boat"})
}

fn assert_used(account: &Account, units: u64) {
    assert_eq!(account.status, Status::Active);
    let quota = 80 - u32::try_from(units).unwrap();
    assert_eq!((account.quota, account.use_count), (quota, units));
}

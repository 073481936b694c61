//! A process that is killed while videos and pictures are made and stored.

use std::{process::Command, time::Duration};

use futures::future::join_all;
use grok_sim::{Operation, Options, Pace, Reply};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{BINARY, Server, Setup};

const VIDEOS: usize = 20;
const DOWNLOADS: usize = 50;
const ACCOUNTS: [&str; 4] = [
    "killed-account-1",
    "killed-account-2",
    "killed-account-3",
    "killed-account-4",
];

async fn get(server: &Server, path: &str) -> Value {
    let response = server.client.get(server.url(path)).send().await.unwrap();
    response.json().await.unwrap()
}

async fn create(server: &Server, n: usize) -> String {
    let body = json!({"prompt": format!("boat {n}")});
    let request = server.client.post(server.url("/v1/videos")).json(&body);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    answer["id"].as_str().expect("an id").to_owned()
}

/// Asks for a picture whose file must be downloaded; its address, if it came that far.
async fn picture(server: &Server, n: usize) -> Option<String> {
    let body = json!({"prompt": format!("fox {n}")});
    let request = server.client.post(server.url("/v1/images/generations"));
    let answer: Value = request.json(&body).send().await.ok()?.json().await.ok()?;
    Some(answer["data"][0]["url"].as_str()?.to_owned())
}

/// Every file that lies where files are served from is what its name says.
fn assert_whole(server: &Server) -> usize {
    let mut count = 0;
    for kind in ["image", "video"] {
        for entry in server
            .data_dir()
            .join("media")
            .join(kind)
            .read_dir()
            .unwrap()
        {
            let place = entry.unwrap().path();
            let hash = format!("{:x}", Sha256::digest(std::fs::read(&place).unwrap()));
            let name = place.file_name().unwrap().to_str().unwrap();
            assert!(
                hash.starts_with(name.split('.').next().unwrap()),
                "{name} is not whole"
            );
            count += 1;
        }
    }
    count
}

fn verify(server: &Server) -> (Option<i32>, String) {
    let mut command = Command::new(BINARY);
    command
        .args(["media", "verify", "--data-dir"])
        .arg(server.data_dir());
    let output = command.env("LOG_LEVEL", "error").output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

#[tokio::test]
async fn no_half_file_is_served_and_every_video_goes_on_or_says_why_not() {
    let slow = Options {
        pace: Pace::Interval(Duration::from_millis(40)),
        strict: false,
        ..Options::for_tests()
    };
    let setup = Setup::accounts(ACCOUNTS).simulator(slow);
    let setup = setup.with("GROK2API_IMAGE__CONCURRENT", DOWNLOADS);
    let mut server = setup.start().await;
    let linked = vec![Reply::LinkedPictures; DOWNLOADS];
    server.simulator.script_for("*", Operation::Imagine, linked);
    let videos = join_all((0..VIDEOS).map(|n| create(&server, n))).await;
    let pictures = async {
        let all = (0..DOWNLOADS).map(|n| picture(&server, n));
        join_all(all).await
    };
    let is_busy = async {
        // In the middle of it: some files are there, others on their way.
        let has_some = async || assert_whole(&server) > 5;
        server.wait_until("some files are stored", has_some).await;
    };
    tokio::select! {
        _ = pictures => {}
        () = is_busy => {}
    }
    server.kill_and_start().await;
    assert_whole(&server);
    for id in &videos {
        let path = format!("/v1/videos/{id}");
        let is_over = async || {
            let status = get(&server, &path).await["status"].clone();
            status == "completed" || status == "failed"
        };
        server.wait_until("every video has ended", is_over).await;
        let video = get(&server, &path).await;
        if video["status"] == "failed" {
            let why = video["error"]["message"].as_str().unwrap();
            assert!(why.contains("restarted"), "{why}");
        }
    }
    let served = picture(&server, DOWNLOADS).await.expect("it serves again");
    assert_eq!(
        server.client.get(served).send().await.unwrap().status(),
        200
    );
    assert!(assert_whole(&server) > 5);
    let exit = server.gateway.stop().await.unwrap();
    assert!(exit.success(), "{exit}");
    let (code, report) = verify(&server);
    assert_eq!(code, Some(0), "{report}");
}

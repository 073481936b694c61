//! A process that is killed while videos and pictures are made and stored.

use std::{process::Command, time::Duration};

use futures::future::join_all;
use grok_sim::{Operation, Options, Pace, Reply};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{BINARY, Server, Setup};

/// Videos whose download has begun before the kill, and videos that are not made by then.
const LOADING: usize = 16;
const BEGUN: usize = 4;
const PICTURES: usize = 50;
/// Of these, the first that are downloaded whole, and those after them that stay half there.
const WHOLE: usize = 10;
const HALF: usize = 5;
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

/// The requests of this kind that the upstream got.
fn count(server: &Server, operation: Operation) -> usize {
    server.simulator.requests_of(operation).len()
}

/// Videos of which the upstream has made some, whose files are half here, and not the others; their ids.
async fn begin_videos(server: &Server) -> Vec<String> {
    let made = vec![Reply::Answer; LOADING];
    let begun = vec![Reply::Answer.held(); BEGUN];
    let replies = made.into_iter().chain(begun);
    let simulator = &server.simulator;
    simulator.script_for("*", Operation::Video, replies);
    let halves = vec![Reply::stall(); LOADING];
    simulator.script_for("*", Operation::Download, halves);
    let videos = join_all((0..LOADING + BEGUN).map(|n| create(server, n))).await;
    let is_so = async || {
        let asked = count(server, Operation::Video);
        (asked, count(server, Operation::Download)) == (LOADING + BEGUN, LOADING)
    };
    server.wait_until("the videos are half here", is_so).await;
    videos
}

/// Asks for pictures until some are here, some are half here and the others on their way.
async fn begin_pictures(server: &Server) {
    let linked = vec![Reply::LinkedPictures; PICTURES];
    let simulator = &server.simulator;
    simulator.script_for("*", Operation::Imagine, linked);
    let whole = vec![Reply::Answer; WHOLE];
    let halves = vec![Reply::stall(); HALF];
    let replies = whole.into_iter().chain(halves);
    simulator.script_for("*", Operation::Download, replies);
    let pictures = join_all((0..PICTURES).map(|n| picture(server, n)));
    let is_busy = async {
        let is_so = async || {
            let downloads = count(server, Operation::Download) - LOADING;
            assert_whole(server) >= WHOLE && downloads >= WHOLE + HALF
        };
        server.wait_until("some pictures are stored", is_so).await;
    };
    tokio::select! {
        _ = pictures => panic!("pictures that are half here cannot be done"),
        () = is_busy => {}
    }
}

#[tokio::test]
async fn no_half_file_is_served_and_every_video_goes_on_or_says_why_not() {
    let slow = Options {
        pace: Pace::Interval(Duration::from_millis(40)),
        strict: false,
        ..Options::for_tests()
    };
    let setup = Setup::accounts(ACCOUNTS).simulator(slow);
    let setup = setup.with("GROK2API_IMAGE__CONCURRENT", PICTURES);
    let mut server = setup.start().await;
    let videos = begin_videos(&server).await;
    begin_pictures(&server).await;
    let downloads = server.simulator.requests_of(Operation::Download);
    let half = downloads.iter().filter(|one| !one.finished).count();
    assert!(half >= LOADING + HALF, "{half} downloads are under way");
    server.kill_and_start().await;
    assert_whole(&server);
    let mut completed = 0;
    for id in &videos {
        let path = format!("/v1/videos/{id}");
        let is_over = async || {
            let status = get(&server, &path).await["status"].clone();
            status == "completed" || status == "failed"
        };
        server.wait_until("every video has ended", is_over).await;
        let video = get(&server, &path).await;
        if video["status"] == "completed" {
            completed += 1;
        } else {
            let why = video["error"]["message"].as_str().unwrap();
            assert!(why.contains("restarted"), "{why}");
        }
    }
    assert_eq!(completed, LOADING, "those whose download had begun");
    assert_eq!(count(&server, Operation::Video), LOADING + BEGUN);
    let served = picture(&server, PICTURES).await.expect("it serves again");
    assert_eq!(
        server.client.get(served).send().await.unwrap().status(),
        200
    );
    assert!(assert_whole(&server) > LOADING);
    let exit = server.gateway.stop().await.unwrap();
    assert!(exit.success(), "{exit}");
    let (code, report) = verify(&server);
    assert_eq!(code, Some(0), "{report}");
}

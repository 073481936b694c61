//! Instances that have one folder of media in common.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use grok_sim::{Operation, Reply};
use reqwest::Method;
use serde_json::{Value, json};
use test_support::databases::Engine;
use tokio::time::{Instant, sleep};

use super::world::World;
use crate::{browser::Browser, uploaded_files::Caller, videos::PNG};

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let place = entry.unwrap().path();
        match place.is_dir() {
            true => files.extend(self::files(&place)),
            false => files.push(place),
        }
    }
    files
}

#[tokio::test]
async fn a_start_takes_nothing_that_another_instance_is_writing_or_has_just_kept() {
    let media = tempfile::tempdir().unwrap();
    let world = World::start_sharing(Engine::Redis, 2, media.path()).await;
    let [writing, starting, _] = &world.instances[..] else {
        unreachable!("three instances");
    };
    let (unfinished, references) = (
        media.path().join("unfinished"),
        media.path().join("references"),
    );
    let simulator = &world.simulator;
    simulator.script_for("*", Operation::Download, [Reply::stall()]);
    let asked = world.client.post(format!("{}/v1/videos", writing.url()));
    let asked = asked.json(&json!({"prompt": "a paper boat"})).send().await;
    assert_eq!(asked.unwrap().status(), 200);
    let deadline = Instant::now() + Duration::from_secs(20);
    while files(&unfinished).is_empty() {
        assert!(Instant::now() < deadline, "the video is not half here");
        sleep(Duration::from_millis(20)).await;
    }
    // A run that waits to be watched: no row tells of its image.
    let gateway = writing.gateway.lock().await;
    let page = Browser::new(gateway.as_ref().unwrap());
    let image = json!({"prompt": "it sails", "aspect_ratio": "16:9", "video_length": 6,
        "resolution_name": "480p", "preset": "normal",
        "image_url": format!("data:image/png;base64,{PNG}")});
    let run = page
        .post("/v1/public/video/start")
        .json(&image)
        .send()
        .await;
    let run: Value = run.unwrap().json().await.unwrap();
    assert!(run["task_id"].is_string(), "{run}");
    drop(gateway);
    let before = [files(&unfinished), files(&references)];
    assert_eq!(before.each_ref().map(Vec::len), [1, 1]);
    starting.kill().await;
    starting.start().await;
    assert_eq!([files(&unfinished), files(&references)], before);
    world.stop().await;
}

/// Every instance knows a file that was uploaded at one of them; its content they have if they share a
/// folder.
async fn a_file_is_known_everywhere(engine: Engine, is_shared: bool) {
    let media = tempfile::tempdir().unwrap();
    let world = match is_shared {
        true => World::start_sharing(engine, 1, media.path()).await,
        false => World::start(engine, 1).await,
    };
    let urls: Vec<_> = world.instances.iter().map(|one| one.url()).collect();
    let at = |place: usize| Caller {
        url: &urls[place],
        client: &world.client,
        key: "sk-anything",
    };
    let file = at(0).upload("a.txt", b"hello").await;
    let path = format!("/v1/files/{}", file["id"].as_str().unwrap());
    let id = file["id"].as_str().unwrap();
    assert_eq!(at(1).ask(Method::GET, &path).await.json, file);
    assert_eq!(at(0).content(id).await.1, "hello");
    match is_shared {
        true => assert_eq!(at(1).content(id).await.1, "hello"),
        false => {
            let elsewhere = at(1).ask(Method::GET, &format!("{path}/content")).await;
            elsewhere.assert_error(409, "file_elsewhere");
            assert!(elsewhere.message().contains("another instance"));
        }
    }
    assert_eq!(at(1).ask(Method::DELETE, &path).await.status, 200);
    let gone = at(0).ask(Method::GET, &format!("{path}/content")).await;
    gone.assert_error(404, "file_not_found");
    world.stop().await;
}

#[tokio::test]
async fn uploaded_files_are_known_at_every_instance_redis() {
    a_file_is_known_everywhere(Engine::Redis, false).await;
}

#[tokio::test]
async fn uploaded_files_in_a_common_folder_are_read_at_every_instance_postgres() {
    a_file_is_known_everywhere(Engine::Postgres, true).await;
}

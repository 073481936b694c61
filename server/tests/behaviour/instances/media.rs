//! Instances that have one folder of media in common.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use grok_sim::{Operation, Reply};
use serde_json::{Value, json};
use test_support::databases::Engine;
use tokio::time::{Instant, sleep};

use super::world::World;
use crate::{browser::Browser, videos::PNG};

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

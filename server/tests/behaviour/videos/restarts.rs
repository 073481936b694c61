//! A process that ends while videos are made.

use grok_sim::{Operation, Reply};
use serde_json::json;

use super::*;
use crate::support::Setup;

#[tokio::test]
async fn what_was_waiting_is_made_and_what_was_begun_has_failed() {
    let mut server = Setup::accounts([ONE])
        .with("GROK2API_VIDEO__CONCURRENT", 1)
        .start()
        .await;
    script(&server, [Reply::Answer.held()]);
    let begun = create(&server, &boat()).await;
    wait_until_held(&server, &begun).await;
    let waiting = create(&server, &json!({"prompt": "an owl"})).await;
    server.restart().await;
    // The one that waits has a record for each of the processes.
    server.count_request();
    let failed = wait_for(&server, &begun, "failed").await;
    let message = failed["error"]["message"].as_str().unwrap();
    assert!(message.contains("restarted"), "{message}");
    let made = wait_for(&server, &waiting, "completed").await;
    assert_eq!(made["prompt"], "an owl");
    assert_used(&server.end_with_one().await, COST);
}

#[tokio::test]
async fn a_finished_video_is_downloaded_and_not_made_again() {
    let mut server = Setup::accounts(BOTH).start().await;
    server
        .simulator
        .script_for("*", Operation::Download, [Reply::stall()]);
    let id = create(&server, &boat()).await;
    let is_loading = |requests: &[Recorded]| {
        let mut downloads = requests.iter();
        downloads.any(|one| one.operation == Operation::Download)
    };
    server
        .simulator
        .wait_for_requests("the download", is_loading)
        .await
        .unwrap();
    server.restart().await;
    server.count_request();
    wait_for(&server, &id, "completed").await;
    assert_eq!(asked(&server).len(), 1);
    let downloads = server.simulator.requests_of(Operation::Download);
    assert!(
        downloads
            .iter()
            .all(|one| one.account == downloads[0].account)
    );
    let used: u64 = server.end().await.values().map(|one| one.use_count).sum();
    assert_eq!(used, COST);
}

#[tokio::test]
async fn a_longer_video_goes_on_with_the_part_that_was_not_finished() {
    let mut server = Setup::accounts(BOTH).start().await;
    script(&server, [Reply::Answer, Reply::Answer.held()]);
    let id = create(&server, &json!({"prompt": "a paper boat", "seconds": 12})).await;
    let path = format!("/v1/videos/{id}");
    let is_half = async || get(&server, &path).await.json["progress"].as_u64() > Some(50);
    server.wait_until("the second part is begun", is_half).await;
    server.restart().await;
    server.count_request();
    wait_for(&server, &id, "completed").await;
    assert_eq!(seconds_of(&content(&server, &id).await), 12);
    assert_eq!(asked(&server).len(), 3, "two parts, the second one twice");
    let used: u64 = server.end().await.values().map(|one| one.use_count).sum();
    assert_eq!(used, 2 * COST);
}

#[tokio::test]
async fn an_image_waits_on_disk_and_also_for_the_next_process() {
    let mut server = Setup::accounts([ONE])
        .with("GROK2API_VIDEO__CONCURRENT", 1)
        .start()
        .await;
    script(&server, [Reply::Answer.held()]);
    let begun = create(&server, &boat()).await;
    wait_until_held(&server, &begun).await;
    let waiting = create(&server, &sailing()).await;
    let cancelled = create(&server, &sailing()).await;
    assert_eq!(images(&server), 2);
    let memory = server.ready().await["limits"]["attachment_bytes"].clone();
    assert_eq!(memory["used"], 0, "{memory}");
    let path = format!("/v1/videos/{cancelled}/cancel");
    let answer = post(&server, &path, &json!({})).await;
    assert_eq!(answer.json["status"], "cancelled");
    server
        .wait_until("its image is gone", async || images(&server) == 1)
        .await;
    let orphan = server.data_dir().join("media/references/orphan");
    std::fs::write(orphan, "left by a crash").unwrap();
    server.restart().await;
    server.count_request();
    let video = wait_for(&server, &waiting, "completed").await;
    assert_eq!(video["prompt"], "it sails");
    assert_eq!(server.simulator.requests_of(Operation::Upload).len(), 1);
    server
        .wait_until("no image is left", async || images(&server) == 0)
        .await;
    assert_used(&server.end_with_one().await, COST);
}

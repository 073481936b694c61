//! What goes wrong, and what it costs.

use grok_sim::{Operation, Reply};
use serde_json::json;

use super::*;
use crate::{
    attachments::{Files, answer},
    support::Setup,
};

async fn failed(server: &Server, body: &Value) -> Value {
    let id = create(server, body).await;
    wait_for(server, &id, "failed").await
}

#[tokio::test]
async fn a_moderated_video_is_asked_for_once() {
    let server = Setup::accounts(BOTH).start().await;
    for reply in [Reply::moderated_in_stream(), Reply::moderated()] {
        script(&server, [reply]);
        let before = asked(&server).len();
        let video = failed(&server, &boat()).await;
        assert_eq!(video["error"]["code"], "content_policy_violation");
        assert_eq!(asked(&server).len(), before + 1);
        let content = format!("/v1/videos/{}/content", video["id"].as_str().unwrap());
        let refused = get(&server, &content).await;
        refused.assert_error(409, "video_not_ready");
    }
    for account in server.end().await.values() {
        assert_used(account, 0);
    }
}

#[tokio::test]
async fn another_account_makes_what_the_first_did_not() {
    for reply in [Reply::retry_after(7), Reply::cut(), Reply::NoAnswer] {
        let server = Setup::accounts(BOTH).start().await;
        let is_limited = reply == Reply::retry_after(7);
        script(&server, [reply]);
        made(&server, &boat()).await;
        let asked = asked(&server);
        assert_eq!(asked.len(), 2);
        assert_ne!(asked[0].account, asked[1].account);
        if is_limited {
            server.wait_for_quota_question().await;
        }
        let used: u64 = server.end().await.values().map(|one| one.use_count).sum();
        assert_eq!(used, COST);
    }
}

#[tokio::test]
async fn a_video_that_stands_still_fails_in_time() {
    let server = Setup::accounts([ONE])
        .with("GROK2API_VIDEO__STREAM_TIMEOUT", 1)
        .start()
        .await;
    script(&server, [Reply::stall()]);
    let video = failed(&server, &boat()).await;
    assert_eq!(video["error"]["code"], "video_generation_failed");
    let message = video["error"]["message"].as_str().unwrap();
    assert!(message.contains("video.stream_timeout"), "{message}");
    server.simulator.wait_aborted(ONE).await.unwrap();
    assert_eq!(server.end_with_one().await.use_count, 0);
}

#[tokio::test]
async fn a_download_that_breaks_off_is_taken_up_again_and_the_video_not_made_again() {
    let server = Setup::accounts(BOTH).start().await;
    server
        .simulator
        .script_for("*", Operation::Download, [Reply::cut()]);
    made(&server, &boat()).await;
    assert_eq!(asked(&server).len(), 1);
    let used: u64 = server.end().await.values().map(|one| one.use_count).sum();
    assert_eq!(used, COST);
}

#[tokio::test]
async fn a_file_that_cannot_be_kept_fails_the_video_without_charging() {
    let huge = Reply::HugePicture {
        size_bytes: 3 << 20,
    };
    for (reply, word) in [
        (Reply::WrongType, "something else than a video"),
        (Reply::http(404, ""), "404"),
        (huge, "video.max_file_mb"),
    ] {
        let server = Setup::accounts([ONE])
            .with("GROK2API_VIDEO__MAX_FILE_MB", 1)
            .start()
            .await;
        server
            .simulator
            .script_for("*", Operation::Download, [reply]);
        let video = failed(&server, &boat()).await;
        let message = video["error"]["message"].as_str().unwrap();
        assert!(message.contains(word), "{message}");
        let unfinished = server.data_dir().join("media/unfinished");
        assert_eq!(unfinished.read_dir().unwrap().count(), 0);
        assert_eq!(server.end_with_one().await.use_count, 0);
    }
}

#[tokio::test]
async fn a_video_without_its_first_picture_is_a_video() {
    let server = Setup::accounts([ONE]).start().await;
    let replies = [Reply::Answer, Reply::http(404, "")];
    server
        .simulator
        .script_for("*", Operation::Download, replies);
    let video = made(&server, &boat()).await;
    let path = format!("/v1/videos/{}/content", video["id"].as_str().unwrap());
    let picture = get(&server, &format!("{path}?variant=thumbnail")).await;
    picture.assert_error(404, "not_found");
    server.end_with_one().await;
}

#[tokio::test]
async fn cancelling_and_deleting_end_the_upstream_call_and_give_the_account_back() {
    for method in [Method::POST, Method::DELETE] {
        let server = Setup::accounts([ONE]).start().await;
        script(&server, [Reply::Answer.held()]);
        let id = create(&server, &boat()).await;
        wait_until_held(&server, &id).await;
        let path = format!("/v1/videos/{id}");
        if method == Method::POST {
            let cancel = format!("{path}/cancel");
            let cancelled = post(&server, &cancel, &json!({})).await;
            assert_eq!(cancelled.json["status"], "cancelled");
            let later = get(&server, &path).await;
            assert_eq!(later.json["status"], "cancelled");
        } else {
            let deleted = call(&server, method, &path, None).await;
            assert_eq!(deleted.json["deleted"], true);
            get(&server, &path).await.assert_error(404, "not_found");
        }
        server.simulator.wait_aborted(ONE).await.unwrap();
        assert_used(&server.end_with_one().await, 0);
    }
}

#[tokio::test]
async fn more_videos_than_may_wait_are_refused_and_the_others_take_turns() {
    let server = Setup::accounts([ONE])
        .with("GROK2API_VIDEO__CONCURRENT", 1)
        .with("GROK2API_VIDEO__MAX_QUEUED", 1)
        .start()
        .await;
    script(&server, [Reply::Answer.held()]);
    let first = create(&server, &boat()).await;
    wait_until_held(&server, &first).await;
    let second = create(&server, &boat()).await;
    let third = post(&server, "/v1/videos", &boat()).await;
    third.assert_error(503, "at_capacity");
    assert!(third.message().contains("video.max_queued"));
    let waiting = get(&server, &format!("/v1/videos/{second}")).await;
    assert_eq!(waiting.json["status"], "queued");
    server.simulator.release(ONE);
    wait_for(&server, &first, "completed").await;
    wait_for(&server, &second, "completed").await;
    assert_used(&server.end_with_one().await, 2 * COST);
}

#[tokio::test]
async fn a_video_whose_image_is_still_fetched_has_its_place() {
    let server = Setup::accounts([ONE])
        .with("GROK2API_UPSTREAM__ALLOW_PRIVATE_FETCH", true)
        .with("GROK2API_VIDEO__CONCURRENT", 1)
        .with("GROK2API_VIDEO__MAX_QUEUED", 0)
        .start()
        .await;
    let files = Files::start().await;
    let body = json!({"prompt": "it sails", "input_reference": files.url("1.png")});
    let waiting = create(&server, &body);
    let meanwhile = async {
        let request = files.request().await;
        let refused = post(&server, "/v1/videos", &boat()).await;
        refused.assert_error(503, "at_capacity");
        answer(request).await;
    };
    let (id, ()) = tokio::join!(waiting, meanwhile);
    wait_for(&server, &id, "completed").await;
    let is_free = async || server.ready().await["limits"]["videos"]["waiting"] == 0;
    server.wait_until("its place is free", is_free).await;
    // A place that was taken in vain comes back.
    let odd = json!({"prompt": "x", "input_reference": "data:image/png;base64,QUJD"});
    let odd = post(&server, "/v1/videos", &odd).await;
    odd.assert_error(400, "invalid_image_type");
    server.wait_until("that place is free", is_free).await;
    made(&server, &boat()).await;
    assert_used(&server.end_with_one().await, 2 * COST);
}

#[tokio::test]
async fn an_image_that_cannot_be_kept_until_its_turn_is_told_at_once() {
    let server = Setup::accounts([ONE]).start().await;
    // Whoever may write everything cannot make this folder.
    std::fs::write(server.data_dir().join("media/references"), "").unwrap();
    let refused = post(&server, "/v1/videos", &sailing()).await;
    refused.assert_error(503, "media_unavailable");
    assert!(refused.message().contains("disk"), "{}", refused.message());
    assert_eq!(get(&server, "/v1/videos").await.json["data"], json!([]));
    server.end_with_one().await;
}

#[tokio::test]
async fn an_image_that_is_gone_fails_the_video_and_harms_no_account() {
    let server = Setup::accounts(BOTH)
        .with("GROK2API_VIDEO__CONCURRENT", 1)
        .start()
        .await;
    script(&server, [Reply::Answer.held()]);
    let first = create(&server, &boat()).await;
    wait_until_held(&server, &first).await;
    let second = create(&server, &sailing()).await;
    std::fs::remove_dir_all(server.data_dir().join("media/references")).unwrap();
    let accounts = asked(&server);
    server
        .simulator
        .release(accounts[0].account.as_deref().unwrap());
    wait_for(&server, &first, "completed").await;
    let failed = wait_for(&server, &second, "failed").await;
    let message = failed["error"]["message"].as_str().unwrap();
    assert!(message.contains("not on this server any more"), "{message}");
    assert_eq!(asked(&server).len(), 1);
    for account in server.end().await.into_values() {
        assert_eq!((account.status, account.fail_count), (Status::Active, 0));
    }
}

#[tokio::test]
async fn nothing_is_left_of_a_video_that_is_cancelled_when_it_is_here() {
    let server = Setup::accounts([ONE]).start().await;
    // The video, and its first picture.
    let replies = [Reply::Answer, Reply::stall()];
    let simulator = &server.simulator;
    simulator.script_for("*", Operation::Download, replies);
    let id = create(&server, &boat()).await;
    let is_here = |requests: &[Recorded]| {
        let downloads = requests.iter();
        let downloads = downloads.filter(|one| one.operation == Operation::Download);
        downloads.count() == 2
    };
    let waiting = simulator.wait_for_requests("the first picture", is_here);
    waiting.await.unwrap();
    let path = format!("/v1/videos/{id}/cancel");
    let cancelled = post(&server, &path, &json!({})).await;
    assert_eq!(cancelled.json["status"], "cancelled");
    for folder in ["video", "image", "unfinished"] {
        let folder = server.data_dir().join("media").join(folder);
        let is_empty = async || folder.read_dir().unwrap().count() == 0;
        server.wait_until("nothing is left", is_empty).await;
    }
    assert_used(&server.end_with_one().await, 0);
}

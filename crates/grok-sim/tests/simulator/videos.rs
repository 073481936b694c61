//! Videos: both forms, the files, and what an account may do with them.

use grok_sim::{Generation, Operation, Options, Reply, Simulator};
use reqwest::Response;
use serde_json::{Value, json};

use crate::caller::{Caller, ask, parse, start, start_with};

const ACCOUNT: &str = "video-super-1";

fn newer(prompt: &str, seconds: u32) -> Value {
    json!({
        "modelName": "imagine-video-gen", "message": format!("{prompt} --mode=custom"),
        "kind": "CONVERSATION_KIND_IMAGINE",
        "mediaGenInput": {"textToVideo": {"prompt": prompt, "aspectRatio": "16:9",
            "duration": seconds, "resolutionName": "720p"}},
    })
}

fn older(post: &str, config: &Value) -> Value {
    let mut body = ask("grok-3", "", "a paper boat --mode=normal");
    body["modelMode"] = Value::Null;
    body["toolOverrides"] = json!({"videoGen": true});
    let mut all = json!({"aspectRatio": "3:2", "parentPostId": post, "resolutionName": "480p",
        "videoLength": 6});
    for (name, value) in config.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    body["responseMetadata"]["modelConfigOverride"] =
        json!({"modelMap": {"videoGenModelConfig": all}});
    body
}

/// What the stream said of the video.
async fn facts(response: Response) -> Vec<Value> {
    assert_eq!(response.status(), 200);
    let lines = parse(&response.text().await.unwrap());
    let facts = lines
        .iter()
        .map(|line| &line["result"]["response"]["streamingVideoGenerationResponse"]);
    facts.filter(|fact| fact.is_object()).cloned().collect()
}

async fn post(caller: &Caller) -> String {
    let body = json!({"mediaType": "MEDIA_POST_TYPE_VIDEO", "prompt": "a paper boat"});
    let request = caller.post("/rest/media/post/create", ACCOUNT).json(&body);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    answer["post"]["id"].as_str().unwrap().to_owned()
}

fn download(caller: &Caller, path: &str, account: &str) -> reqwest::RequestBuilder {
    let request = caller.client.get(format!("{}/{path}", caller.url));
    request
        .header("origin", &caller.url)
        .header("referer", format!("{}/", caller.url))
        .header("user-agent", "Mozilla/5.0")
        .header("cookie", format!("sso={account}; sso-rw={account}"))
}

/// Makes a video; where its file and its first picture are.
async fn made(simulator: &Simulator, caller: &Caller) -> (String, String) {
    let response = caller.chat(ACCOUNT, &newer("a paper boat", 6)).await;
    let facts = facts(response.unwrap()).await;
    assert_eq!(simulator.requests_of(Operation::Video).len(), 1);
    let place = |name: &str| facts.last().unwrap()[name].as_str().unwrap().to_owned();
    (place("videoUrl"), place("thumbnailImageUrl"))
}

#[tokio::test]
async fn a_video_tells_how_far_it_is_and_then_where_it_is() {
    let (simulator, caller) = start().await;
    let response = caller.chat(ACCOUNT, &newer("a paper boat", 8)).await;
    let facts = facts(response.unwrap()).await;
    let progress: Vec<_> = facts.iter().map(|one| one["progress"].clone()).collect();
    assert_eq!(progress, [0, 20, 42, 67, 90, 100]);
    assert!(facts[..5].iter().all(|one| one.get("videoUrl").is_none()));
    assert_eq!(simulator.quota(ACCOUNT), 140 - 4);
    for seconds in [0, 16] {
        let refused = caller.chat(ACCOUNT, &newer("a boat", seconds)).await;
        assert_eq!(refused.unwrap().status(), 400);
    }
}

#[tokio::test]
async fn the_file_plays_in_parts_and_only_for_its_account() {
    let (simulator, caller) = start().await;
    let (video, poster) = made(&simulator, &caller).await;
    let file = download(&caller, &video, ACCOUNT).send().await.unwrap();
    assert_eq!(file.headers()["content-type"], "video/mp4");
    let file = file.bytes().await.unwrap();
    assert_eq!(&file[4..8], b"ftyp");
    let part = download(&caller, &video, ACCOUNT).header("range", "bytes=4-7");
    let part = part.send().await.unwrap();
    assert_eq!(part.status(), 206);
    let whole = format!("bytes 4-7/{}", file.len());
    assert_eq!(part.headers()["content-range"], whole.as_str());
    assert_eq!(part.bytes().await.unwrap(), "ftyp");
    let beyond = download(&caller, &video, ACCOUNT).header("range", "bytes=99999999-");
    assert_eq!(beyond.send().await.unwrap().status(), 416);
    let foreign = download(&caller, &video, "another").send().await.unwrap();
    assert_eq!(foreign.status(), 403);
    let picture = download(&caller, &poster, ACCOUNT).send().await.unwrap();
    assert_eq!(picture.headers()["content-type"], "image/jpeg");
}

#[tokio::test]
async fn downloads_fail_as_they_are_told_to() {
    let (simulator, caller) = start().await;
    let (video, _) = made(&simulator, &caller).await;
    let get = async |reply: Reply| {
        simulator.script_for("*", Operation::Download, [reply]);
        download(&caller, &video, ACCOUNT).send().await.unwrap()
    };
    let page = get(Reply::WrongType).await;
    assert_eq!(page.headers()["content-type"], "text/html");
    let cut = get(Reply::cut()).await;
    assert!(cut.bytes().await.is_err());
    let huge = Reply::HugePicture {
        size_bytes: 1 << 20,
    };
    let huge = get(huge).await.bytes().await.unwrap();
    assert!(huge.len() > 900_000);
    assert_eq!(get(Reply::http(404, "")).await.status(), 404);
}

#[tokio::test]
async fn the_older_form_hangs_on_a_post_of_the_account_and_can_be_extended() {
    let options = Options {
        generation: Generation::February,
        ..Options::for_tests()
    };
    let (_simulator, caller) = start_with(options).await;
    let refused = caller.chat(ACCOUNT, &newer("a boat", 6)).await.unwrap();
    assert_eq!(refused.status(), 400, "today's form is not known");
    let first = post(&caller).await;
    let unknown = caller.chat(ACCOUNT, &older("unknown", &json!({}))).await;
    assert_eq!(unknown.unwrap().status(), 400);
    let response = caller.chat(ACCOUNT, &older(&first, &json!({}))).await;
    let facts_of_first = facts(response.unwrap()).await;
    assert_eq!(facts_of_first[0]["videoPostId"], first.as_str());
    let extension = json!({
        "isVideoExtension": true, "videoExtensionStartTime": 6.0 + 1.0 / 24.0,
        "extendPostId": first, "stitchWithExtendPostId": true, "originalPrompt": "a paper boat",
        "originalPostId": first, "originalRefType": "ORIGINAL_REF_TYPE_VIDEO_EXTENSION",
        "mode": "normal", "isVideoEdit": false,
    });
    let second = post(&caller).await;
    let response = caller.chat(ACCOUNT, &older(&second, &extension)).await;
    let extended = facts(response.unwrap()).await;
    let size = async |facts: &[Value]| {
        let path = facts.last().unwrap()["videoUrl"]
            .as_str()
            .unwrap()
            .to_owned();
        let file = download(&caller, &path, ACCOUNT).send().await.unwrap();
        file.bytes().await.unwrap().len()
    };
    assert!(size(&extended).await > size(&facts_of_first).await * 19 / 10);
    let mut gap = extension.clone();
    gap["videoExtensionStartTime"] = 7.into();
    let refused = caller.chat(ACCOUNT, &older(&second, &gap)).await.unwrap();
    assert_eq!(refused.status(), 400);
}

#[tokio::test]
async fn a_moderated_video_has_no_address() {
    let (_simulator, caller) = start().await;
    let response = caller.chat(ACCOUNT, &newer("something moderated", 6)).await;
    let facts = facts(response.unwrap()).await;
    let last = facts.last().unwrap();
    assert_eq!(
        (&last["moderated"], last.get("videoUrl")),
        (&json!(true), None)
    );
}

#[tokio::test]
async fn free_accounts_get_the_small_file_which_can_be_made_larger() {
    const FREE: &str = "video-free-1";
    let (simulator, caller) = start().await;
    let response = caller.chat(FREE, &newer("a paper boat", 6)).await.unwrap();
    let facts = facts(response).await;
    let last = facts.last().unwrap();
    let request = caller.post("/rest/media/video/upscale", FREE);
    let request = request.json(&json!({"videoId": last["videoId"]}));
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    let large = answer["hdMediaUrl"].as_str().unwrap();
    let large = large.strip_prefix(&format!("{}/", caller.url)).unwrap();
    let size = async |path: &str| {
        let file = download(&caller, path, FREE).send().await.unwrap();
        file.bytes().await.unwrap().len()
    };
    let small = last["videoUrl"].as_str().unwrap();
    assert!(size(large).await > size(small).await);
    simulator.script_for(
        FREE,
        Operation::Upscale,
        [Reply::ServerError { status: 500 }],
    );
    let request = caller.post("/rest/media/video/upscale", FREE);
    let request = request.json(&json!({"videoId": last["videoId"]}));
    assert_eq!(request.send().await.unwrap().status(), 500);
}

#[tokio::test]
async fn files_are_listed_page_by_page_and_deleted() {
    let (_simulator, caller) = start().await;
    for n in 0..3 {
        let body = newer(&format!("boat {n}"), 6);
        facts(caller.chat(ACCOUNT, &body).await.unwrap()).await;
    }
    let call = |method: reqwest::Method, path: &str| {
        let like = caller
            .post(path, ACCOUNT)
            .header("content-type", "application/json");
        let mut request = like.build().unwrap();
        *request.method_mut() = method;
        caller.client.execute(request)
    };
    let list = async |path: &str| -> Value {
        let answer = call(reqwest::Method::GET, path).await.unwrap();
        answer.json().await.unwrap()
    };
    let first = list("/rest/assets?pageSize=2").await;
    assert_eq!(first["assets"].as_array().unwrap().len(), 2);
    let next = first["nextPageToken"].as_str().unwrap();
    let second = list(&format!("/rest/assets?pageSize=2&pageToken={next}")).await;
    assert_eq!(second["assets"].as_array().unwrap().len(), 1);
    assert!(second.get("nextPageToken").is_none());
    let id = first["assets"][0]["assetId"].as_str().unwrap();
    let path = format!("/rest/assets-metadata/{id}");
    for status in [200, 404] {
        let deleted = call(reqwest::Method::DELETE, &path).await.unwrap();
        assert_eq!(deleted.status(), status);
    }
    assert_eq!(
        list("/rest/assets").await["assets"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

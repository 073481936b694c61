//! Videos, through `POST /rest/app-chat/conversations/new` (protocol 2.6, and 8.5 for today's form), and
//! `POST /rest/media/video/upscale`.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::header,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{Call, chat, text};
use crate::{
    film::Film,
    memory::MadeVideo,
    names,
    options::Generation,
    refusal::{self, Refusal},
    reply::Reply,
    scripts::Operation,
    state::Shared,
    stream::{MediaAnswer, held, media_steps, take_permit},
};

/// Name of today's model.
const MODEL: &str = "imagine-video-gen";
const CONFIG: &str = "/responseMetadata/modelConfigOverride/modelMap/videoGenModelConfig";
/// Lengths that the older form takes, in seconds.
const OLDER_LENGTHS: [u64; 3] = [6, 10, 15];
/// Longest video of today's form, in seconds.
const LONGEST: u64 = 15;
/// Points of a video's way, in percent, at which something is told.
const PROGRESS: [u32; 5] = [0, 20, 42, 67, 90];
/// Queries that a video takes from the quota.
const COST: u32 = 4;

/// Whether a call to the address of chats asks for a video.
pub(super) fn is_asked(json: &Value) -> bool {
    json["modelName"] == MODEL || json["toolOverrides"]["videoGen"] == true
}

/// What is to be made.
struct Asked {
    prompt: String,
    ratio: String,
    resolution: String,
    seconds: u64,
    /// What it hangs on, in the older form.
    post: Option<String>,
}

pub(super) async fn respond(shared: &Shared, call: Call) -> Result<Response, Response> {
    let asked = match read(shared, &call) {
        Ok(asked) => asked,
        Err(refusal) => return Err(call.refuse(refusal)),
    };
    let reply = shared.next_reply(&call.account, Operation::Video);
    let (reply, hold) = reply.unheld();
    let reply = match reply {
        Reply::Answer if asked.prompt.contains(super::MODERATED_WORD) => {
            Reply::moderated_in_stream()
        }
        reply => reply,
    };
    let gate = shared.gates.of(&call.account);
    let waits_first = hold == Some(0) || hold.is_some() && refusal::http_answer(&reply).is_some();
    if waits_first {
        take_permit(Arc::clone(&gate)).await;
    }
    let call = call.common(shared, &reply).await?;
    if !shared.ledger.consume(&call.account, COST) {
        return Err(call.finish(Refusal::too_many_requests()));
    }
    let answer = asked.answer(shared, &call.account);
    let steps = media_steps(&reply, &answer, shared.options.pace);
    let steps = match hold {
        Some(lines) if !waits_first => held(steps, lines, gate),
        _ => steps,
    };
    Ok(chat::send(shared, call, steps))
}

fn read(shared: &Shared, call: &Call) -> Result<Asked, Refusal> {
    let json = &call.json;
    let is_older = shared.options.generation == Generation::February;
    let asked = match json.get("mediaGenInput") {
        Some(_) if is_older => Err(Refusal::bad_request("unknown model imagine-video-gen")),
        Some(input) => newer(json, &input["textToVideo"]),
        None => older(shared, call),
    }?;
    match Film::has_shape(&asked.ratio, &asked.resolution) {
        true => Ok(asked),
        false => Err(Refusal::bad_request(
            "no such aspectRatio or resolutionName",
        )),
    }
}

fn newer(json: &Value, input: &Value) -> Result<Asked, Refusal> {
    if json["kind"] != "CONVERSATION_KIND_IMAGINE" {
        return Err(Refusal::bad_request("field kind"));
    }
    let seconds = input["duration"].as_u64();
    let seconds = seconds.filter(|seconds| (1..=LONGEST).contains(seconds));
    Ok(Asked {
        prompt: text(input, "prompt")?.to_owned(),
        ratio: text(input, "aspectRatio")?.to_owned(),
        resolution: text(input, "resolutionName")?.to_owned(),
        seconds: seconds.ok_or_else(|| Refusal::bad_request("field duration"))?,
        post: None,
    })
}

fn older(shared: &Shared, call: &Call) -> Result<Asked, Refusal> {
    let json = &call.json;
    let message = text(json, "message")?;
    chat::check_fixed_part(json)?;
    if json["modelName"] != "grok-3" || !json["modelMode"].is_null() {
        return Err(Refusal::bad_request("modelName and modelMode of a video"));
    }
    let (prompt, _) = message
        .rsplit_once(" --mode=")
        .ok_or_else(|| Refusal::bad_request("field message has no mode"))?;
    let config = json.pointer(CONFIG);
    let config = config.ok_or_else(|| Refusal::bad_request("videoGenModelConfig is missing"))?;
    let post = text(config, "parentPostId")?;
    if shared.memory.post_of(post).as_deref() != Some(call.account.as_str()) {
        return Err(Refusal::bad_request(format!("unknown post {post}")));
    }
    let seconds = config["videoLength"].as_u64();
    let seconds = seconds.filter(|seconds| OLDER_LENGTHS.contains(seconds));
    let seconds = seconds.ok_or_else(|| Refusal::bad_request("field videoLength"))?;
    Ok(Asked {
        prompt: prompt.to_owned(),
        ratio: text(config, "aspectRatio")?.to_owned(),
        resolution: text(config, "resolutionName")?.to_owned(),
        seconds: seconds + extended(shared, call, config)?,
        // A longer one has a post of its own.
        post: (config["isVideoExtension"] != true).then(|| post.to_owned()),
    })
}

/// Seconds of the video that is extended; 0 when there is none.
fn extended(shared: &Shared, call: &Call, config: &Value) -> Result<u64, Refusal> {
    if config["isVideoExtension"] != true {
        return Ok(0);
    }
    let id = text(config, "extendPostId")?;
    let first = shared.memory.video_of_post(id);
    let first = first.filter(|first| first.account == call.account);
    let first = first.ok_or_else(|| Refusal::bad_request(format!("unknown video post {id}")))?;
    for name in [
        "originalPrompt",
        "originalPostId",
        "originalRefType",
        "mode",
    ] {
        text(config, name)?;
    }
    let start = config["videoExtensionStartTime"].as_f64();
    let start = start.ok_or_else(|| Refusal::bad_request("field videoExtensionStartTime"))?;
    let seconds = f64::from(first.film.seconds);
    // One picture behind the end.
    if config["stitchWithExtendPostId"] != true || (start - seconds - 1.0 / 24.0).abs() > 0.01 {
        return Err(Refusal::bad_request("the extension does not fit the video"));
    }
    Ok(u64::from(first.film.seconds))
}

impl Asked {
    fn answer(&self, shared: &Shared, account: &str) -> MediaAnswer {
        let (ids, id) = (shared.new_ids(), shared.new_id());
        let post = self.post.clone().unwrap_or_else(|| {
            let post = shared.new_id();
            shared.memory.keep_post(&post, account);
            post
        });
        // Free accounts get the small one, which can be made larger.
        let resolution = match names::is_super(account) {
            true => self.resolution.as_str(),
            false => "480p",
        };
        let seconds = u32::try_from(self.seconds).unwrap_or(u32::MAX);
        let film = Film::new(&self.prompt, &self.ratio, resolution, seconds);
        let folder = format!("users/{}/generated/{id}", Shared::user_of(account));
        let account = account.to_owned();
        let video = MadeVideo { account, film };
        shared.memory.keep_video(&id, &post, video);
        let streaming = |progress: u32| json!({"videoId": id, "progress": progress, "videoPostId": post, "moderated": false});
        let wrapped = |inner: Value| json!({"streamingVideoGenerationResponse": inner});
        let progress = PROGRESS.map(|percent| wrapped(streaming(percent)));
        let mut last = streaming(100);
        last["assetId"] = id.as_str().into();
        last["videoUrl"] = format!("{folder}/generated_video.mp4").into();
        last["thumbnailImageUrl"] = format!("{folder}/preview_image.jpg").into();
        let mut withheld = streaming(100);
        withheld["moderated"] = true.into();
        let with = |last: Value| progress.iter().cloned().chain([wrapped(last)]).collect();
        MediaAnswer {
            good: with(last),
            moderated: with(withheld),
            ids,
        }
    }
}

/// The larger form of a video.
pub(super) async fn upscale(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    match respond_upscale(&shared, request).await {
        Ok(response) | Err(response) => response,
    }
}

async fn respond_upscale(shared: &Shared, request: Request) -> Result<Response, Response> {
    let host = request.headers().get(header::HOST).cloned();
    let call = Call::receive_json(shared, Operation::Upscale, request).await?;
    let id = call.json["videoId"].as_str().unwrap_or_default().to_owned();
    let video = shared.memory.video(&id);
    let Some(video) = video.filter(|video| video.account == call.account) else {
        return Err(call.refuse(Refusal::not_found("no such video")));
    };
    let reply = shared.next_reply(&call.account, Operation::Upscale);
    let call = call.common(shared, &reply).await?;
    let host = host.as_ref().and_then(|host| host.to_str().ok());
    let user = Shared::user_of(&video.account);
    let url = format!(
        "http://{}/users/{user}/generated/{id}/generated_video_hd.mp4",
        host.unwrap_or_default()
    );
    Ok(call.finish(Json(json!({"hdMediaUrl": url})).into_response()))
}

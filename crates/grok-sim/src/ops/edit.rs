//! Edits of images, through `POST /rest/app-chat/conversations/new` (protocol 2.7, and 8.5 for today's
//! form).

use axum::response::Response;
use serde_json::{Value, json};

use super::{Call, chat, text};
use crate::{
    hash,
    options::Generation,
    picture::{Format, Picture},
    refusal::Refusal,
    reply::Reply,
    scripts::Operation,
    state::{MODEL_HASH, Shared},
    stream::{MediaAnswer, media_steps},
};

const MODEL: &str = "imagine-image-edit";
/// As many as an older upstream makes of every request.
const OLDER_COUNT: usize = 2;
const OLDER_MAX_INPUTS: usize = 3;
const MAX_INPUTS: usize = 8;
/// Points of a picture's way, in percent, at which something is told.
const PROGRESS: [u32; 3] = [0, 35, 70];

/// What a call to the address of chats is.
pub(super) fn operation_of(json: &Value) -> Operation {
    match json["modelName"] == MODEL {
        true => Operation::Edit,
        false => Operation::Chat,
    }
}

/// What is to be made of which images.
struct Asked {
    prompt: String,
    /// Contents of the images, as a number.
    inputs: u64,
    ratio: String,
    count: usize,
}

pub(super) async fn respond(shared: &Shared, call: Call) -> Result<Response, Response> {
    let asked = match read(shared, &call) {
        Ok(asked) => asked,
        Err(refusal) => return Err(call.refuse(refusal)),
    };
    let reply = shared.next_reply(&call.account, Operation::Edit);
    let reply = match reply {
        Reply::Answer if asked.prompt.contains(super::MODERATED_WORD) => Reply::moderated_picture(),
        reply => reply,
    };
    let call = call.common(shared, &reply).await?;
    if !shared.ledger.consume(&call.account, 1) {
        return Err(call.finish(Refusal::too_many_requests()));
    }
    let answer = asked.answer(shared, &call.account);
    let steps = media_steps(&reply, &answer, shared.options.pace);
    Ok(chat::send(shared, call, steps))
}

fn read(shared: &Shared, call: &Call) -> Result<Asked, Refusal> {
    let json = &call.json;
    let is_older = shared.options.generation == Generation::February;
    match json.get("mediaGenInput") {
        Some(_) if is_older => Err(Refusal::bad_request("unknown field mediaGenInput")),
        Some(input) => newer(shared, call, &input["imageToImage"]),
        None => older(shared, call),
    }
}

fn newer(shared: &Shared, call: &Call, input: &Value) -> Result<Asked, Refusal> {
    let prompt = text(input, "prompt")?.to_owned();
    let ids = input["inputAssets"].as_array().map(Vec::as_slice);
    let ids = ids.unwrap_or_default();
    if ids.is_empty() || ids.len() > MAX_INPUTS {
        return Err(Refusal::bad_request(
            "field inputAssets must be a list of 1 to 8",
        ));
    }
    let ids = ids.iter().map(|id| id.as_str().unwrap_or_default());
    Ok(Asked {
        prompt,
        inputs: contents(shared, call, ids)?,
        ratio: input["aspectRatio"].as_str().unwrap_or("1:1").to_owned(),
        count: 1,
    })
}

fn older(shared: &Shared, call: &Call) -> Result<Asked, Refusal> {
    let json = &call.json;
    let prompt = text(json, "message")?.to_owned();
    chat::check_fixed_part(json)?;
    if json["toolOverrides"]["imageGen"] != true {
        return Err(Refusal::bad_request(
            "field toolOverrides must have imageGen",
        ));
    }
    let path = "/responseMetadata/modelConfigOverride/modelMap/imageEditModelConfig";
    let config = json.pointer(path);
    let config = config.ok_or_else(|| Refusal::bad_request("imageEditModelConfig is missing"))?;
    let urls = config["imageReferences"].as_array().map(Vec::as_slice);
    let urls = urls.unwrap_or_default();
    if urls.is_empty() || urls.len() > OLDER_MAX_INPUTS {
        return Err(Refusal::bad_request(
            "field imageReferences must be a list of 1 to 3",
        ));
    }
    let ids = urls.iter().map(|url| {
        let mut parts = url.as_str().unwrap_or_default().rsplit('/');
        parts.nth(1).unwrap_or_default()
    });
    Ok(Asked {
        prompt,
        inputs: contents(shared, call, ids)?,
        ratio: "1:1".to_owned(),
        count: OLDER_COUNT,
    })
}

/// A number for what the files hold; each must have been uploaded by the same account.
fn contents<'i>(
    shared: &Shared,
    call: &Call,
    ids: impl Iterator<Item = &'i str>,
) -> Result<u64, Refusal> {
    let mut inputs = 0;
    for id in ids {
        let upload = shared.memory.upload(id);
        let upload = upload.filter(|upload| upload.account == call.account);
        let upload = upload.ok_or_else(|| Refusal::bad_request(format!("unknown file {id}")))?;
        inputs = hash::mix(inputs, hash::of_bytes(&upload.content));
    }
    Ok(inputs)
}

impl Asked {
    fn answer(&self, shared: &Shared, account: &str) -> MediaAnswer {
        let ids = shared.new_ids();
        let user = Shared::user_of(account);
        let pictures: Vec<String> = (0..self.count)
            .map(|_| {
                let id = shared.new_id();
                // No two edits look the same, as there.
                let name = format!("{} {} {id}", self.prompt, self.inputs);
                let picture = Picture::new(&name, &self.ratio, Format::Jpeg);
                shared.memory.keep_picture(&id, picture);
                format!("users/{user}/generated/{id}/image.jpg")
            })
            .collect();
        let streaming = |index: usize, fields: Value| {
            let mut inner = json!({"imageIndex": index});
            for (name, value) in fields.as_object().into_iter().flatten() {
                inner[name] = value.clone();
            }
            json!({"streamingImageGenerationResponse": inner})
        };
        let each = |make: &dyn Fn(usize, &str) -> Value| {
            let made = pictures.iter().enumerate();
            made.map(|(index, url)| make(index, url))
                .collect::<Vec<_>>()
        };
        let progress = PROGRESS
            .iter()
            .flat_map(|percent| each(&|index, _| streaming(index, json!({"progress": percent}))));
        let progress: Vec<Value> = progress.collect();
        let finals = each(&|index, url| {
            streaming(
                index,
                json!({"progress": 100, "imageUrl": url, "isFinal": true}),
            )
        });
        let moderated = each(&|index, url| {
            streaming(
                index,
                json!({"progress": 100, "imageUrl": url, "moderated": true}),
            )
        });
        let complete = |urls: &[String]| {
            json!({"modelResponse": {
                "responseId": ids.response,
                "message": "",
                "generatedImageUrls": urls,
                "cardAttachmentsJson": [],
                "metadata": {"llm_info": {"modelHash": MODEL_HASH}},
            }})
        };
        let with = |last: Vec<Value>| {
            let all = progress.iter().cloned().chain(last);
            all.chain([complete(&pictures)]).collect()
        };
        MediaAnswer {
            good: with(finals),
            // The address of a moderated picture appears again at the end.
            moderated: with(moderated),
            ids,
        }
    }
}

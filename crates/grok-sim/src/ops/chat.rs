//! `POST /rest/app-chat/conversations/new` (protocol 2.1) and the follow-up in a conversation that
//! is kept (2.13).

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderValue, header},
    response::Response,
};
use serde_json::Value;

use super::{Call, MODERATED_WORD, edit, text, video};
use crate::{
    directives::SearchKind,
    hash,
    memory::Answered,
    models::{self, Model},
    picture::{Format, Picture},
    prompt::Prompt,
    refusal::{self, Refusal},
    reply::Reply,
    scripts::Operation,
    state::{MODEL_HASH, Shared},
    stream::{Answer, Drawing, Envelope, Ids, PacedBody, Scene, Steps, held, steps, take_permit},
    text as words,
    usual::{self, Asked, Findings, Task, UsualAnswer},
};

/// Pictures that are made at once.
const MAX_PICTURES: usize = 4;
/// What is said behind pictures.
const AFTER_PICTURES: &str = "\n\nSay what to change.";

/// Fields that every caller sends (the complete body of protocol 2.1).
const FLAGS: [&str; 15] = [
    "disableMemory",
    "disableSearch",
    "disableSelfHarmShortCircuit",
    "disableTextFollowUps",
    "enableImageGeneration",
    "enableImageStreaming",
    "enableSideBySide",
    "forceConcise",
    "forceSideBySide",
    "isAsyncChat",
    "isReasoning",
    "returnImageBytes",
    "returnRawGrokInXaiRequest",
    "sendFinalMetadata",
    "temporary",
];

pub(super) async fn new_conversation(
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Response {
    match respond(&shared, request, None).await {
        Ok(response) | Err(response) => response,
    }
}

pub(super) async fn follow_up(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    match respond(&shared, request, Some(id)).await {
        Ok(response) | Err(response) => response,
    }
}

/// A chat that may be answered.
struct Chat {
    model: Model,
    message: String,
    attachments: Vec<String>,
    temporary: bool,
    ids: Ids,
    envelope: Envelope,
    /// Where the upstream may look something up.
    places: Vec<SearchKind>,
    /// How many pictures the upstream may make.
    pictures: usize,
    user: String,
    /// What the answer before answered, in a follow-up.
    before: Option<Asked>,
}

async fn respond(
    shared: &Shared,
    request: Request,
    conversation: Option<String>,
) -> Result<Response, Response> {
    let call = Call::receive_json(shared, Operation::Chat, request).await?;
    if video::is_asked(&call.json) {
        return video::respond(shared, call).await;
    }
    if edit::operation_of(&call.json) == Operation::Edit {
        return edit::respond(shared, call).await;
    }
    let chat = match read(shared, &call, conversation) {
        Ok(chat) => chat,
        Err(refusal) => return Err(call.refuse(refusal)),
    };
    let (reply, hold) = shared.next_reply(&call.account, Operation::Chat).unheld();
    let waits_first = hold == Some(0) || hold.is_some() && refusal::http_answer(&reply).is_some();
    if waits_first {
        take_permit(shared.gates.of(&call.account)).await;
    }
    let call = call.common(shared, &reply).await?;
    if !shared.ledger.consume(&call.account, chat.model.cost) {
        return Err(call.finish(Refusal::too_many_requests()));
    }
    if !chat.temporary {
        let answered = Answered {
            id: chat.ids.response.clone(),
            asked: asked_for_later(&chat),
        };
        shared
            .memory
            .remember(&chat.ids.conversation, &call.account, answered);
    }
    let steps = match hold {
        Some(lines) if !waits_first => {
            let gate = shared.gates.of(&call.account);
            held(stream(shared, chat, &reply), lines, gate)
        }
        _ => stream(shared, chat, &reply),
    };
    Ok(send(shared, call, steps))
}

pub(super) fn send(shared: &Shared, call: Call, steps: Steps) -> Response {
    call.ticket.status(200);
    let per_write = shared.options.events_per_write;
    let body = PacedBody::new(steps, per_write, call.ticket, call.line);
    let mut response = Response::new(Body::new(body));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

fn stream(shared: &Shared, chat: Chat, reply: &Reply) -> Steps {
    let seed = hash::of(&chat.message);
    let pace = shared.options.pace;
    if let (Some(template), Reply::Answer) = (&shared.template, reply) {
        return template.steps(chat.ids, chat.envelope, pace, seed);
    }
    let (mut findings, mut drawing) = (Findings::default(), None);
    let (thinking, tokens) = match reply {
        Reply::Tokens { tokens } => (Vec::new(), tokens.clone()),
        Reply::Text {
            text,
            thinking: Some(steps),
        } => (words::steps(steps), words::tokens(text)),
        Reply::Text {
            text,
            thinking: None,
        }
        | Reply::Paced { text, .. } => (thinking(&chat, seed), words::tokens(text)),
        _ => {
            let (answer, thoughts) = usual_answer(&chat, seed);
            findings = usual::findings(&answer.searches);
            let mut tokens = answer.tokens(&findings, seed);
            if let Some(subject) = &answer.drawn {
                let drawn = draw(shared, &chat, (subject, reply), tokens.len());
                match drawn.is_moderated {
                    true => tokens.clear(),
                    false => tokens.extend(words::tokens(AFTER_PICTURES)),
                }
                drawing = Some(drawn);
            }
            (thoughts, tokens)
        }
    };
    let answer = Answer {
        ids: chat.ids,
        envelope: chat.envelope,
        model_hash: MODEL_HASH.to_owned(),
        thinking,
        tokens,
        lookups: findings.payloads,
        cards: findings.cards,
        drawing,
    };
    steps(reply, &Scene { answer, pace, seed })
}

/// The pictures of an answer behind so many tokens. Moderated ones are its end.
fn draw(
    shared: &Shared,
    chat: &Chat,
    (subject, reply): (&str, &Reply),
    after_tokens: usize,
) -> Drawing {
    let is_moderated = matches!(reply, Reply::ModeratedPicture { .. })
        || *reply == Reply::Answer && subject.contains(MODERATED_WORD);
    let urls = (0..chat.pictures).map(|_| {
        let id = shared.new_id();
        let picture = Picture::new(&format!("{subject} {id}"), "1:1", Format::Jpeg);
        shared.memory.keep_picture(&id, picture);
        format!("users/{}/generated/{id}/image.jpg", chat.user)
    });
    Drawing {
        urls: urls.collect(),
        is_moderated,
        after_tokens,
    }
}

/// The usual answer and the reasoning before it.
fn usual_answer(chat: &Chat, seed: u64) -> (UsualAnswer, Vec<(usize, String)>) {
    let prompt = Prompt::read(&chat.message);
    let asked = Asked::of(&prompt, chat.before.as_ref());
    let answer = usual::answer(&Task {
        message: &chat.message,
        prompt: &prompt,
        asked: &asked,
        attachments: &chat.attachments,
        seed,
        places: &chat.places,
        may_draw: chat.pictures > 0,
    });
    let topic = if prompt.is_shaped() {
        &asked.question
    } else {
        chat.message.as_str()
    };
    (answer, reasoning(chat, topic, seed))
}

fn thinking(chat: &Chat, seed: u64) -> Vec<(usize, String)> {
    reasoning(chat, &chat.message, seed)
}

fn reasoning(chat: &Chat, topic: &str, seed: u64) -> Vec<(usize, String)> {
    if !chat.model.thinks {
        return Vec::new();
    }
    words::steps(&words::reasoning(topic, seed))
}

/// What a follow-up may have to know of this question.
fn asked_for_later(chat: &Chat) -> Option<Asked> {
    if !Prompt::may_be_shaped(&chat.message) {
        return None;
    }
    let prompt = Prompt::read(&chat.message);
    prompt
        .is_shaped()
        .then(|| Asked::of(&prompt, chat.before.as_ref()).kept())
}

fn read(shared: &Shared, call: &Call, conversation: Option<String>) -> Result<Chat, Refusal> {
    let json = &call.json;
    if !json.is_object() {
        return Err(Refusal::bad_request("the body must be a JSON object"));
    }
    let message = text(json, "message")?.to_owned();
    let model = model(json)?;
    let flags = flags(json)?;
    let attachments = attachments(shared, call)?;
    let mut ids = shared.new_ids();
    let (envelope, before) = match conversation {
        None => (Envelope::Nested, None),
        Some(id) => {
            let before = check_follow_up(shared, call, &id)?;
            ids.conversation = id;
            (Envelope::Direct, before)
        }
    };
    Ok(Chat {
        model,
        message,
        attachments,
        temporary: flags.temporary,
        ids,
        envelope,
        places: places(json),
        pictures: pictures(json),
        user: Shared::user_of(&call.account),
        before,
    })
}

/// Where the upstream may search: everywhere, but for what the request switches off.
fn places(json: &Value) -> Vec<SearchKind> {
    let is_on = |name: &str| json["toolOverrides"][name] != Value::Bool(false);
    if json["disableSearch"] == Value::Bool(true) {
        return Vec::new();
    }
    [("webSearch", SearchKind::Web), ("xSearch", SearchKind::X)]
        .into_iter()
        .filter(|(name, _)| is_on(name))
        .map(|(_, kind)| kind)
        .collect()
}

/// How many pictures are wanted where they may be made.
fn pictures(json: &Value) -> usize {
    let is_on = json["enableImageGeneration"] == Value::Bool(true);
    let count = json["imageGenerationCount"].as_u64().unwrap_or(1);
    match is_on {
        true => usize::try_from(count)
            .unwrap_or(MAX_PICTURES)
            .clamp(1, MAX_PICTURES),
        false => 0,
    }
}

fn model(json: &Value) -> Result<Model, Refusal> {
    let name = text(json, "modelName")?;
    let mode = json
        .get("modelMode")
        .and_then(Value::as_str)
        .unwrap_or("null");
    models::find(name, mode).ok_or_else(|| {
        Refusal::bad_request(format!("unknown model: modelName {name}, modelMode {mode}"))
    })
}

struct Flags {
    temporary: bool,
}

/// Checks the fixed part of the body.
pub(super) fn check_fixed_part(json: &Value) -> Result<(), Refusal> {
    flags(json).map(|_| ())
}

fn flags(json: &Value) -> Result<Flags, Refusal> {
    let missing = FLAGS
        .iter()
        .find(|name| !json.get(**name).is_some_and(Value::is_boolean));
    if let Some(name) = missing {
        return Err(Refusal::bad_request(format!(
            "field {name} must be true or false"
        )));
    }
    let objects = ["deviceEnvInfo", "toolOverrides"];
    if let Some(name) = objects
        .iter()
        .find(|name| !json.get(**name).is_some_and(Value::is_object))
    {
        return Err(Refusal::bad_request(format!(
            "field {name} must be an object"
        )));
    }
    if let Some(details) = json.pointer("/responseMetadata/requestModelDetails/modelId")
        && details != &json["modelName"]
    {
        return Err(Refusal::bad_request(
            "requestModelDetails.modelId must be the modelName",
        ));
    }
    Ok(Flags {
        temporary: json["temporary"] == Value::Bool(true),
    })
}

/// Names of the attached files; each must have been uploaded by the same account.
fn attachments(shared: &Shared, call: &Call) -> Result<Vec<String>, Refusal> {
    let Some(list) = call.json.get("fileAttachments").and_then(Value::as_array) else {
        return Err(Refusal::bad_request("field fileAttachments must be a list"));
    };
    let name_of = |id: &Value| {
        let upload = id.as_str().and_then(|id| shared.memory.upload(id));
        upload
            .filter(|upload| upload.account == call.account)
            .map(|upload| upload.name)
    };
    list.iter()
        .map(|id| {
            name_of(id).ok_or_else(|| Refusal::bad_request(format!("unknown file attachment {id}")))
        })
        .collect()
}

/// What the parent of a follow-up answered, if that was kept.
fn check_follow_up(shared: &Shared, call: &Call, id: &str) -> Result<Option<Asked>, Refusal> {
    let conversation = shared
        .memory
        .conversation(id)
        .filter(|conversation| conversation.account == call.account)
        .ok_or_else(|| Refusal::not_found("conversation not found"))?;
    let parent = text(&call.json, "parentResponseId")?;
    let mut responses = conversation.responses.into_iter();
    responses
        .find(|response| response.id == parent)
        .map(|response| response.asked)
        .ok_or_else(|| Refusal::bad_request(format!("unknown parentResponseId {parent}")))
}

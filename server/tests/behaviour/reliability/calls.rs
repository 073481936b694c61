//! The calls, what goes wrong in each, and what a caller sees of it.

use base64::{Engine, engine::general_purpose::STANDARD};
use grok_sim::{Operation, PictureStage, Reply};
use reqwest::Response;
use serde_json::{Value, json};

use super::Fault;
use crate::support::Server;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x02\0\0\0\x03\x08\x02\0\0\0";
/// Larger than a picture or, with the limit of these tests, a video may be.
const HUGE_BYTES: usize = 40 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Chat,
    StreamedChat,
    JsonChat,
    Pictures,
    StreamedPictures,
    Edit,
    Video,
    Voice,
}

impl Call {
    pub(super) fn heading(self) -> &'static str {
        match self {
            Self::Chat => "`POST /v1/chat/completions`",
            Self::StreamedChat => "`POST /v1/chat/completions` with `stream`",
            Self::JsonChat => "`POST /v1/chat/completions` with `response_format`",
            Self::Pictures => "`POST /v1/images/generations`",
            Self::StreamedPictures => "`POST /v1/images/generations` with `stream`",
            Self::Edit => "`POST /v1/images/edits`",
            Self::Video => "`POST /v1/videos`, then its state",
            Self::Voice => "`GET /v1/public/voice/token`",
        }
    }

    pub(super) fn faults(self) -> Vec<Fault> {
        let of = |operation, faults: Vec<(&'static str, Reply)>| {
            let fault = move |(words, reply)| Fault {
                words,
                operation,
                reply,
            };
            faults.into_iter().map(fault).collect::<Vec<_>>()
        };
        match self {
            Self::Chat | Self::StreamedChat => of(Operation::Chat, [refusals(), breaks()].concat()),
            Self::JsonChat => of(Operation::Chat, misfits()),
            Self::Pictures | Self::StreamedPictures => {
                of(Operation::Imagine, [refusals(), pictures()].concat())
            }
            Self::Edit => [
                of(Operation::Edit, [refusals(), breaks()].concat()),
                of(Operation::Upload, uploads()),
                of(Operation::Download, downloads()),
            ]
            .concat(),
            Self::Video => [
                of(Operation::Video, [refusals(), breaks()].concat()),
                of(Operation::Download, downloads()),
            ]
            .concat(),
            Self::Voice => of(Operation::Voice, refusals()),
        }
    }

    /// Makes the call and says what the caller sees.
    pub(super) async fn make(self, server: &Server) -> String {
        let chat = |stream| {
            json!({"model": "grok-4", "stream": stream,
            "messages": [{"role": "user", "content": "Hi"}]})
        };
        let post = async |path: &str, body: &Value| {
            let request = server.client.post(server.url(path)).json(body);
            request.send().await.unwrap()
        };
        match self {
            Self::Chat => whole(post("/v1/chat/completions", &chat(false)).await).await,
            Self::StreamedChat => stream(post("/v1/chat/completions", &chat(true)).await).await,
            Self::JsonChat => {
                let mut body = chat(false);
                body["response_format"] = json!({"type": "json_object"});
                whole(post("/v1/chat/completions", &body).await).await
            }
            Self::Pictures => {
                whole(post("/v1/images/generations", &json!({"prompt": "a fox"})).await).await
            }
            Self::StreamedPictures => {
                let body = json!({"prompt": "a fox", "stream": true});
                stream(post("/v1/images/generations", &body).await).await
            }
            Self::Edit => {
                let image = format!("data:image/png;base64,{}", STANDARD.encode(PNG));
                let body = json!({"prompt": "at night", "image": image});
                whole(post("/v1/images/edits", &body).await).await
            }
            Self::Video => {
                let answer = post("/v1/videos", &json!({"prompt": "a boat"})).await;
                video(server, answer.json().await.unwrap()).await
            }
            Self::Voice => {
                let url = server.url("/v1/public/voice/token");
                whole(server.client.get(url).send().await.unwrap()).await
            }
        }
    }
}

/// Before anything has come.
fn refusals() -> Vec<(&'static str, Reply)> {
    vec![
        ("401", Reply::Unauthorized),
        ("403, a browser challenge", Reply::Challenge),
        ("403, the user is blocked", Reply::BlockedUser),
        ("403, another decision", Reply::Policy),
        ("429", Reply::rate_limited()),
        ("503", Reply::server_error(503)),
        ("400, moderated", Reply::moderated()),
        ("no answer at all", Reply::Hang),
        ("connection reset", Reply::Reset),
    ]
}

/// Of an answer in lines.
fn breaks() -> Vec<(&'static str, Reply)> {
    vec![
        (
            "cut before the first content",
            Reply::Cut { after_lines: 1 },
        ),
        ("cut in the middle", Reply::cut()),
        ("silence in the middle", Reply::stall()),
        ("an end without content", Reply::NoAnswer),
        ("out of quota, told in the answer", Reply::usage_limit()),
        ("anti-bot, told in the answer", Reply::anti_bot()),
        (
            "moderated in the answer",
            Reply::ModeratedInStream { after_lines: 2 },
        ),
    ]
}

/// Of an answer that has to be JSON.
fn misfits() -> Vec<(&'static str, Reply)> {
    vec![
        ("an answer without JSON", Reply::text("Well, let me see.")),
        ("JSON that is cut off", Reply::text("{\"name\": \"Ann")),
    ]
}

fn pictures() -> Vec<(&'static str, Reply)> {
    let moderated = |after| Reply::ModeratedPicture { after };
    vec![
        (
            "socket cut before the first picture",
            Reply::Cut { after_lines: 0 },
        ),
        ("socket cut after a preview", Reply::Cut { after_lines: 1 }),
        ("silence after a preview", Reply::Stall { after_lines: 1 }),
        (
            "error frame, rate limit",
            Reply::socket_error("rate_limit_exceeded"),
        ),
        (
            "error frame, another",
            Reply::socket_error("internal_error"),
        ),
        (
            "moderated after the preview",
            moderated(PictureStage::Preview),
        ),
        (
            "moderated after the medium one",
            moderated(PictureStage::Medium),
        ),
        (
            "moderated after the final one",
            moderated(PictureStage::Final),
        ),
        ("a web page instead of a picture", Reply::WrongType),
        (
            "a picture of 40 MiB",
            Reply::HugePicture {
                size_bytes: HUGE_BYTES,
            },
        ),
    ]
}

fn uploads() -> Vec<(&'static str, Reply)> {
    vec![
        ("upload: 401", Reply::Unauthorized),
        ("upload: 503", Reply::server_error(503)),
        ("upload: moderated", Reply::moderated()),
        ("upload: no answer at all", Reply::Hang),
    ]
}

fn downloads() -> Vec<(&'static str, Reply)> {
    vec![
        ("download: 403", Reply::Policy),
        ("download: 404", Reply::http(404, "")),
        ("download: 503", Reply::server_error(503)),
        ("download: cut", Reply::cut()),
        ("download: a web page", Reply::WrongType),
        (
            "download: 40 MiB",
            Reply::HugePicture {
                size_bytes: HUGE_BYTES,
            },
        ),
    ]
}

async fn whole(response: Response) -> String {
    let status = response.status().as_u16();
    let json: Value = response.json().await.unwrap();
    match json["error"]["code"].as_str() {
        Some(code) => format!("{status} `{code}`"),
        None => status.to_string(),
    }
}

/// The error that came instead of a stream, or how the stream ended.
async fn stream(response: Response) -> String {
    if response.status() != 200 {
        return whole(response).await;
    }
    let text = response.text().await.unwrap();
    let events = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let mut errors = events.filter_map(|data| {
        let json: Value = serde_json::from_str(data).ok()?;
        Some(json["error"]["code"].as_str()?.to_owned())
    });
    match errors.next_back() {
        Some(code) => format!("200, then an event `{code}`"),
        None => "200".to_owned(),
    }
}

async fn video(server: &Server, made: Value) -> String {
    let path = format!("/v1/videos/{}", made["id"].as_str().unwrap());
    let look = async || {
        let response = server.client.get(server.url(&path)).send().await.unwrap();
        response.json::<Value>().await.unwrap()
    };
    let is_over = async || {
        matches!(
            look().await["status"].as_str(),
            Some("completed" | "failed")
        )
    };
    server.wait_until("the video has ended", is_over).await;
    let end = look().await;
    let status = end["status"].as_str().unwrap();
    match end["error"]["code"].as_str() {
        Some(code) => format!("{status}, `{code}`"),
        None => status.to_owned(),
    }
}

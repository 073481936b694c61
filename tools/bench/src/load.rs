//! Closed-loop load: each client sends its next request when the answer has ended.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::JoinSet};

/// The static form of `docs/upstream-protocol.md` 1.7.
const STATSIG: &str = "ZTpUeXBlRXJyb3I6IENhbm5vdCByZWFkIHByb3BlcnRpZXMgb2YgdW5kZWZpbmVkIChyZWFkaW5nICdjaGlsZE5vZGVzJyk=";

/// Where requests go and how a complete answer ends.
#[derive(Clone)]
pub(crate) struct Target {
    address: String,
    method: Method,
    path: String,
    body: Bytes,
    headers: Vec<(&'static str, String)>,
    complete: Complete,
}

/// How a complete answer is known.
#[derive(Clone, Copy)]
enum Complete {
    /// By bytes in its last kilobyte.
    Marker(&'static [u8]),
    /// By its length.
    Length(usize),
}

impl Target {
    /// The upstream's own protocol, for the pass-through.
    pub(crate) fn upstream(address: &str) -> Self {
        let body = serde_json::json!({
            "temporary": true, "modelName": "grok-3", "modelMode": "MODEL_MODE_GROK_3",
            "message": "Say something.", "fileAttachments": [], "imageAttachments": [],
            "disableSearch": false, "enableImageGeneration": true, "returnImageBytes": false,
            "returnRawGrokInXaiRequest": false, "enableImageStreaming": true,
            "imageGenerationCount": 2, "forceConcise": false, "toolOverrides": {},
            "enableSideBySide": true, "sendFinalMetadata": true, "isReasoning": false,
            "disableTextFollowUps": false, "disableMemory": true, "forceSideBySide": false,
            "isAsyncChat": false, "disableSelfHarmShortCircuit": false,
            "deviceEnvInfo": {"darkModeEnabled": false, "devicePixelRatio": 2, "screenWidth": 2056,
                "screenHeight": 1329, "viewportWidth": 2056, "viewportHeight": 1083},
        });
        let origin = format!("http://{address}");
        let headers = vec![
            (
                "cookie",
                "sso=bench-account-0; sso-rw=bench-account-0".to_owned(),
            ),
            ("origin", origin.clone()),
            ("referer", format!("{origin}/")),
            ("user-agent", "Mozilla/5.0 bench".to_owned()),
            ("x-statsig-id", STATSIG.to_owned()),
            (
                "x-xai-request-id",
                "7b0c1d8e-54c8-4d63-9f0d-7a0f4a1f2a11".to_owned(),
            ),
        ];
        Self {
            address: address.to_owned(),
            method: Method::POST,
            path: "/rest/app-chat/conversations/new".to_owned(),
            body: body.to_string().into(),
            headers,
            complete: Complete::Marker(b"isSoftStop"),
        }
    }

    /// The OpenAI-compatible endpoint.
    pub(crate) fn gateway(address: &str) -> Self {
        let body = serde_json::json!({
            "model": "grok-3", "stream": true,
            "messages": [{"role": "user", "content": "Say something."}],
        });
        Self {
            address: address.to_owned(),
            method: Method::POST,
            path: "/v1/chat/completions".to_owned(),
            body: body.to_string().into(),
            headers: Vec::new(),
            complete: Complete::Marker(b"data: [DONE]"),
        }
    }

    /// One picture as base64 in a JSON document.
    pub(crate) fn picture(address: &str) -> Self {
        let body = serde_json::json!({"prompt": "a red fox", "response_format": "b64_json"});
        Self {
            path: "/v1/images/generations".to_owned(),
            body: body.to_string().into(),
            complete: Complete::Marker(b"\"usage\""),
            ..Self::gateway(address)
        }
    }

    /// Asks for a video.
    pub(crate) fn video(address: &str) -> Self {
        let body = serde_json::json!({"prompt": "a paper boat"});
        Self {
            path: "/v1/videos".to_owned(),
            body: body.to_string().into(),
            ..Self::gateway(address)
        }
    }

    /// Lists the videos.
    pub(crate) fn videos(address: &str) -> Self {
        Self::file(address, "/v1/videos?limit=100", 0, false)
    }

    /// A file, or so many bytes from its middle.
    pub(crate) fn file(address: &str, path: &str, bytes: usize, is_part: bool) -> Self {
        let (from, length) = match is_part {
            true => (bytes / 4, bytes / 2),
            false => (0, bytes),
        };
        let range = format!("bytes={from}-{}", from + length - 1);
        Self {
            address: address.to_owned(),
            method: Method::GET,
            path: path.to_owned(),
            body: Bytes::new(),
            headers: is_part.then_some(("range", range)).into_iter().collect(),
            complete: Complete::Length(length),
        }
    }

    /// The same, answered with one JSON document.
    pub(crate) fn with_whole_answers(self) -> Self {
        let body = serde_json::json!({
            "model": "grok-3", "stream": false,
            "messages": [{"role": "user", "content": "Say something."}],
        });
        Self {
            body: body.to_string().into(),
            complete: Complete::Marker(b"\"usage\""),
            ..self
        }
    }

    /// The same server, asked in another way.
    pub(crate) fn asked(self, path: &str, body: &serde_json::Value, end: &'static [u8]) -> Self {
        Self {
            path: path.to_owned(),
            body: body.to_string().into(),
            complete: Complete::Marker(end),
            ..self
        }
    }

    pub(crate) async fn connect(&self) -> anyhow::Result<Connection> {
        let stream = TcpStream::connect(&self.address)
            .await
            .context("connecting")?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        let mut driver = JoinSet::new();
        driver.spawn(async move {
            let _ = connection.await;
        });
        Ok(Connection {
            sender,
            _driver: driver,
        })
    }

    fn request(&self) -> anyhow::Result<Request<Full<Bytes>>> {
        let mut builder = Request::builder()
            .method(self.method.clone())
            .uri(&self.path)
            .header(header::HOST, &self.address);
        if !self.body.is_empty() {
            builder = builder.header(header::CONTENT_TYPE, "application/json");
        }
        for (name, value) in &self.headers {
            builder = builder.header(*name, value);
        }
        Ok(builder.body(Full::new(self.body.clone()))?)
    }
}

/// One keep-alive connection; its driver ends with it.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    _driver: JoinSet<()>,
}

/// Times of one complete answer.
pub(crate) struct Timing {
    pub(crate) first_byte: Duration,
    pub(crate) whole: Duration,
    /// `data:` lines of the answer.
    pub(crate) events: usize,
}

impl Connection {
    /// Sends one request and reads its answer to the end.
    ///
    /// # Errors
    /// The status is not 200 or the answer is incomplete.
    pub(crate) async fn ask(&mut self, target: &Target) -> anyhow::Result<Timing> {
        self.ask_since(target, Instant::now()).await
    }

    /// As [`Connection::ask`], for a client that has waited since `started`.
    pub(crate) async fn ask_since(
        &mut self,
        target: &Target,
        started: Instant,
    ) -> anyhow::Result<Timing> {
        self.sender.ready().await?;
        let response = self.sender.send_request(target.request()?).await?;
        let status = response.status();
        let mut body = response.into_body();
        let mut first_byte = None;
        let (mut events, mut length) = (0, 0);
        let is_marked = matches!(target.complete, Complete::Marker(_));
        let mut tail: Vec<u8> = Vec::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else {
                continue;
            };
            first_byte.get_or_insert_with(|| started.elapsed());
            length += data.len();
            if !is_marked {
                continue;
            }
            events += memchr::memmem::find_iter(&data, b"data: ").count();
            let keep = data.len().min(1024);
            if keep < 1024 && tail.len() > 1024 {
                tail.drain(..tail.len() - 1024);
            }
            tail.extend_from_slice(&data[data.len() - keep..]);
        }
        let is_complete = match target.complete {
            Complete::Marker(marker) => memchr::memmem::find(&tail, marker).is_some(),
            Complete::Length(wanted) => length == wanted,
        };
        if !status.is_success() || !is_complete {
            bail!(
                "{} answered {status}: {}",
                target.path,
                String::from_utf8_lossy(&tail)
            );
        }
        let whole = started.elapsed();
        Ok(Timing {
            first_byte: first_byte.unwrap_or(whole),
            whole,
            events,
        })
    }

    /// The whole body of an answer.
    pub(crate) async fn read(&mut self, target: &Target) -> anyhow::Result<Bytes> {
        self.sender.ready().await?;
        let response = self.sender.send_request(target.request()?).await?;
        Ok(response.into_body().collect().await?.to_bytes())
    }
}

/// How hard to press.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) clients: usize,
    pub(crate) duration: Duration,
}

/// All answers of one or more runs.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) elapsed: Duration,
    pub(crate) first_byte: Vec<Duration>,
    pub(crate) whole: Vec<Duration>,
}

impl Load {
    pub(crate) async fn run(self, target: &Target) -> anyhow::Result<Outcome> {
        let started = Instant::now();
        let mut clients = JoinSet::new();
        for _ in 0..self.clients {
            let target = target.clone();
            clients.spawn(async move {
                let mut connection = target.connect().await?;
                let mut outcome = Outcome::default();
                while started.elapsed() < self.duration {
                    let timing = connection.ask(&target).await?;
                    outcome.add(&timing);
                }
                anyhow::Ok(outcome)
            });
        }
        let mut all = Outcome::default();
        while let Some(outcome) = clients.join_next().await {
            let outcome = outcome??;
            all.first_byte.extend(outcome.first_byte);
            all.whole.extend(outcome.whole);
        }
        all.elapsed = started.elapsed();
        Ok(all)
    }
}

impl Outcome {
    pub(crate) fn add(&mut self, timing: &Timing) {
        self.first_byte.push(timing.first_byte);
        self.whole.push(timing.whole);
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.elapsed += other.elapsed;
        self.first_byte.extend(other.first_byte);
        self.whole.extend(other.whole);
    }

    pub(crate) fn per_second(&self) -> f64 {
        self.whole.len() as f64 / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }

    /// Milliseconds below which `share` of the times lie.
    pub(crate) fn percentile_ms(times: &[Duration], share: f64) -> f64 {
        let mut sorted = times.to_vec();
        sorted.sort_unstable();
        let at = ((sorted.len() as f64 - 1.0) * share).round().max(0.0) as usize;
        sorted
            .get(at)
            .map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
    }
}

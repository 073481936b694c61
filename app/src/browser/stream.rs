//! A request whose answer is a stream of events.

use super::{
    completion::{Failure, FailureKind, read_refusal},
    sse::{SseEvent, SseParser},
};
use crate::dom;
use leptos::prelude::window;
use std::collections::VecDeque;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, FormData, Headers, ReadableStreamDefaultReader, RequestInit, Response,
};

const EVENTS: &str = "text/event-stream";

/// What is sent.
pub(crate) enum RequestBody {
    Json(String),
    /// The browser writes it as `multipart/form-data`.
    Form(FormData),
}

/// Events that are being received. Dropping it ends the request, which frees the account.
pub(crate) struct EventStream {
    reader: ReadableStreamDefaultReader,
    /// `None` once the stream has ended.
    parser: Option<SseParser>,
    events: VecDeque<SseEvent>,
    request: RunningRequest,
}

/// Aborts its request when it is dropped, unless that has ended.
pub(super) struct RunningRequest {
    abort: AbortController,
    has_ended: bool,
}

impl RunningRequest {
    /// Sends a request and waits for the head of an answer that is no refusal.
    pub(super) async fn send(
        path: &str,
        options: &RequestInit,
    ) -> Result<(Response, Self), Failure> {
        let mut request = Self {
            abort: AbortController::new().map_err(unreachable_server)?,
            has_ended: false,
        };
        options.set_signal(Some(&request.abort.signal()));
        let answer = JsFuture::from(window().fetch_with_str_and_init(path, options)).await;
        let response: Response = answer
            .and_then(JsCast::dyn_into)
            .map_err(unreachable_server)?;
        if response.ok() {
            return Ok((response, request));
        }
        let refusal = refusal(&response).await;
        request.has_ended = true;
        Err(refusal)
    }

    /// Nothing is left to abort.
    pub(super) fn end(&mut self) {
        self.has_ended = true;
    }
}

impl Drop for RunningRequest {
    fn drop(&mut self) {
        if !self.has_ended {
            self.abort.abort();
        }
    }
}

impl EventStream {
    /// Sends a request and waits for the head of the answer.
    ///
    /// # Errors
    /// The server's refusal, or that it could not be reached.
    ///
    /// # Cancellation
    /// Dropping the future ends the request.
    pub(crate) async fn open(path: &str, body: RequestBody) -> Result<Self, Failure> {
        let options = request_of("POST", EVENTS, Some(body)).map_err(unreachable_server)?;
        Self::receive_from(path, &options).await
    }

    /// As [`Self::open`], as a client of the API that presents `key`.
    pub(crate) async fn open_as_client(
        path: &str,
        body: RequestBody,
        key: &str,
    ) -> Result<Self, Failure> {
        let options = request_of("POST", EVENTS, Some(body)).map_err(unreachable_server)?;
        become_client(&options, key).map_err(unreachable_server)?;
        Self::receive_from(path, &options).await
    }

    async fn receive_from(path: &str, options: &RequestInit) -> Result<Self, Failure> {
        let (response, request) = RunningRequest::send(path, options).await?;
        let stream = response.body().ok_or_else(|| failed(FailureKind::CutOff))?;
        let reader = stream
            .get_reader()
            .dyn_into()
            .map_err(|_| failed(FailureKind::CutOff))?;
        Ok(Self {
            reader,
            parser: Some(SseParser::default()),
            events: VecDeque::new(),
            request,
        })
    }

    /// The next event; `None` when the server has ended the stream.
    ///
    /// # Errors
    /// [`FailureKind::CutOff`] when the connection breaks.
    pub(crate) async fn next(&mut self) -> Result<Option<SseEvent>, Failure> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(Some(event));
            }
            if self.parser.is_none() {
                return Ok(None);
            }
            self.receive().await?;
        }
    }

    async fn receive(&mut self) -> Result<(), Failure> {
        let cut = |_: JsValue| failed(FailureKind::CutOff);
        let Some(mut parser) = self.parser.take() else {
            return Ok(());
        };
        let read = JsFuture::from(self.reader.read()).await.map_err(cut)?;
        let mut events = Vec::new();
        if js_sys::Reflect::get(&read, &"done".into())
            .map_err(cut)?
            .is_truthy()
        {
            parser.finish(&mut events);
            self.request.has_ended = true;
        } else {
            let value = js_sys::Reflect::get(&read, &"value".into()).map_err(cut)?;
            let bytes = js_sys::Uint8Array::new(&value).to_vec();
            parser
                .push(&bytes, &mut events)
                .map_err(|_| failed(FailureKind::CutOff))?;
            self.parser = Some(parser);
        }
        self.events.extend(events);
        Ok(())
    }
}

/// Makes a request one of a client of the API: with its key if it has one, and without what this browser
/// has for this server, such as the session.
pub(super) fn become_client(options: &RequestInit, key: &str) -> Result<(), JsValue> {
    if !key.is_empty() {
        let headers: Headers = options.get_headers().dyn_into()?;
        headers.set("authorization", &format!("Bearer {key}"))?;
    }
    // By its name: the setter would be a feature of web-sys that nothing else needs.
    js_sys::Reflect::set(options, &"credentials".into(), &"omit".into())?;
    Ok(())
}

/// A request that accepts answers of this type.
pub(super) fn request_of(
    method: &str,
    accept: &str,
    body: Option<RequestBody>,
) -> Result<RequestInit, JsValue> {
    let headers = Headers::new()?;
    headers.set("accept", accept)?;
    let options = RequestInit::new();
    options.set_method(method);
    match body {
        Some(RequestBody::Json(text)) => {
            headers.set("content-type", "application/json")?;
            options.set_body(&JsValue::from_str(&text));
        }
        Some(RequestBody::Form(form)) => options.set_body(&form),
        None => {}
    }
    options.set_headers(&headers);
    Ok(options)
}

/// What an answer says that is no success.
pub(super) async fn refusal(response: &Response) -> Failure {
    let header = |name: &str| response.headers().get(name).ok().flatten();
    let body = match response.text() {
        Ok(text) => JsFuture::from(text)
            .await
            .ok()
            .and_then(|text| text.as_string()),
        Err(_) => None,
    };
    let failure = read_refusal(
        response.status(),
        &body.unwrap_or_default(),
        header("x-request-id"),
        header("retry-after").as_deref(),
    );
    Failure {
        at_ms: dom::now_ms(),
        ..failure
    }
}

/// A failure of which the server has said nothing.
pub(crate) fn failed(kind: FailureKind) -> Failure {
    Failure {
        kind,
        ..Failure::default()
    }
}

/// The server did not answer.
pub(super) fn unreachable_server(_: JsValue) -> Failure {
    failed(FailureKind::Network)
}

//! The streamed answer of `POST /v1/public/chat/completions`.

use crate::dom;

use super::{
    completion::{Failure, FailureKind, Frame, read_frame, read_refusal},
    sse::{SseEvent, SseParser},
};
use leptos::prelude::window;
use std::collections::VecDeque;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Headers, ReadableStreamDefaultReader, RequestInit, Response};

const ENDPOINT: &str = "/v1/public/chat/completions";

/// An answer that is being received. Dropping it ends the request, which frees the account.
pub(crate) struct AnswerStream {
    reader: ReadableStreamDefaultReader,
    parser: Option<SseParser>,
    events: VecDeque<SseEvent>,
    is_done: bool,
    request: RunningRequest,
}

/// Aborts its request when it is dropped, unless that has ended.
struct RunningRequest {
    abort: AbortController,
    has_ended: bool,
}

impl Drop for RunningRequest {
    fn drop(&mut self) {
        if !self.has_ended {
            self.abort.abort();
        }
    }
}

/// Sends a request and waits for the head of the answer.
///
/// # Errors
/// The server's refusal, or that it could not be reached.
///
/// # Cancellation
/// Dropping the future ends the request.
pub(crate) async fn open_answer(body: &str) -> Result<AnswerStream, Failure> {
    let mut request = RunningRequest {
        abort: AbortController::new().map_err(unreachable_server)?,
        has_ended: false,
    };
    let response = send(body, &request.abort)
        .await
        .map_err(unreachable_server)?;
    if !response.ok() {
        let refusal = refusal(&response).await;
        request.has_ended = true;
        return Err(refusal);
    }
    let stream = response.body().ok_or_else(|| failed(FailureKind::CutOff))?;
    let reader = stream
        .get_reader()
        .dyn_into()
        .map_err(|_| failed(FailureKind::CutOff))?;
    Ok(AnswerStream {
        reader,
        parser: Some(SseParser::default()),
        events: VecDeque::new(),
        is_done: false,
        request,
    })
}

impl AnswerStream {
    /// The next frame; `None` after the end mark.
    ///
    /// # Errors
    /// The server's error frame, or [`FailureKind::CutOff`] when the stream ends without its mark.
    pub(crate) async fn next(&mut self) -> Result<Option<Frame>, Failure> {
        loop {
            if self.is_done {
                return Ok(None);
            }
            while let Some(event) = self.events.pop_front() {
                match read_frame(&event.data) {
                    Some(Frame::Done) => {
                        self.is_done = true;
                        self.read_out().await;
                        return Ok(None);
                    }
                    Some(Frame::Failed(failure)) => return Err(failure),
                    Some(frame) => return Ok(Some(frame)),
                    None => {}
                }
            }
            self.receive().await?;
        }
    }

    /// Reads past the end mark, so that the browser sees the request end instead of an abort.
    async fn read_out(&mut self) {
        while self.parser.is_some() {
            if self.receive().await.is_err() {
                return;
            }
        }
        self.request.has_ended = true;
    }

    async fn receive(&mut self) -> Result<(), Failure> {
        let cut = |_: JsValue| failed(FailureKind::CutOff);
        let Some(mut parser) = self.parser.take() else {
            return Err(failed(FailureKind::CutOff));
        };
        let read = JsFuture::from(self.reader.read()).await.map_err(cut)?;
        let mut events = Vec::new();
        if js_sys::Reflect::get(&read, &"done".into())
            .map_err(cut)?
            .is_truthy()
        {
            parser.finish(&mut events);
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

async fn send(body: &str, abort: &AbortController) -> Result<Response, JsValue> {
    let headers = Headers::new()?;
    headers.set("content-type", "application/json")?;
    headers.set("accept", "text/event-stream")?;
    let options = RequestInit::new();
    options.set_method("POST");
    options.set_headers(&headers);
    options.set_body(&JsValue::from_str(body));
    options.set_signal(Some(&abort.signal()));
    let response = JsFuture::from(window().fetch_with_str_and_init(ENDPOINT, &options)).await?;
    response.dyn_into()
}

async fn refusal(response: &Response) -> Failure {
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

fn failed(kind: FailureKind) -> Failure {
    Failure {
        kind,
        ..Failure::default()
    }
}

fn unreachable_server(_: JsValue) -> Failure {
    failed(FailureKind::Network)
}

//! Compresses pages and what their server functions answer.
//!
//! The encoder writes out what it has whenever its source has nothing more for now (`Poll::Pending`),
//! so a page that comes in parts stays one.

use http::{Extensions, HeaderMap, StatusCode, Version, header::CONTENT_TYPE};
use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer, Predicate,
        predicate::{And, SizeAbove},
    },
};

/// Less fits into one packet as it is.
const MIN_BYTES: u16 = 1024;
/// Of brotli and gzip alike. A page of 14 KB takes less than a millisecond; the best levels would
/// take fifty times that for a tenth fewer bytes.
const LEVEL: CompressionLevel = CompressionLevel::Precise(4);

type IsText = fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool;

/// brotli or gzip, as the client likes it, for HTML and JSON of some size. Everything else goes out
/// as it is: event streams must not wait, media and the site's files are compressed already.
pub fn layer() -> CompressionLayer<And<SizeAbove, IsText>> {
    CompressionLayer::new()
        .quality(LEVEL)
        // Not compiled in, but chosen all the same by the layer unless told not to.
        .no_zstd()
        .no_deflate()
        .compress_when(SizeAbove::new(MIN_BYTES).and(is_text as IsText))
}

fn is_text(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .map_or(&b""[..], |kind| kind.as_bytes());
    let essence = kind.split(|byte| *byte == b';').next().unwrap_or_default();
    matches!(essence.trim_ascii(), b"text/html" | b"application/json")
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, sync::Arc};

    use axum::{Router, body::Body, extract::Request, routing::get};
    use bytes::Bytes;
    use futures::{StreamExt, channel::mpsc::UnboundedReceiver};
    use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, VARY};
    use parking_lot::Mutex;
    use tokio::net::TcpListener;
    use tower::ServiceExt;

    use super::*;

    /// What browsers send.
    const BROWSER: &str = "gzip, deflate, br, zstd";

    /// A page whose parts come from `parts`.
    fn page(kind: &'static str, parts: UnboundedReceiver<Bytes>) -> Router {
        let parts = Arc::new(Mutex::new(Some(parts)));
        let page = get(async move || {
            let parts = parts.lock().take().unwrap();
            let body = Body::from_stream(parts.map(Ok::<Bytes, Infallible>));
            ([(CONTENT_TYPE, kind)], body)
        });
        Router::new().route("/", page).layer(layer())
    }

    #[tokio::test]
    async fn each_part_of_a_page_arrives_before_the_next_is_made() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        for encoding in ["br", "gzip"] {
            let (sender, parts) = futures::channel::mpsc::unbounded();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/", listener.local_addr().unwrap());
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let read = async {
                sender.unbounded_send("<p>one</p>".into()).unwrap();
                let request = client.get(url).header(ACCEPT_ENCODING, encoding);
                // Decodes, and takes the header away that said so.
                let mut response = request.send().await.unwrap();
                assert_eq!(response.headers()[VARY], "accept-encoding");
                for (part, next) in [("one", "<p>two</p>"), ("two", "<p>three</p>")] {
                    let arrived = response.chunk().await.unwrap().unwrap();
                    assert_eq!(arrived, format!("<p>{part}</p>"), "{encoding}");
                    sender.unbounded_send(next.into()).unwrap();
                }
            };
            tokio::select! {
                ended = async { axum::serve(listener, page("text/html", parts)).await } => {
                    unreachable!("{ended:?}")
                }
                () = read => {}
            }
        }
    }

    #[tokio::test]
    async fn event_streams_pictures_and_small_answers_go_out_as_they_are() {
        let html = "text/html; charset=utf-8";
        for (kind, size, encoding) in [
            (html, 4096, Some("br")),
            ("application/json", 4096, Some("br")),
            ("application/json", 1000, None),
            ("text/event-stream; charset=utf-8", 4096, None),
            ("image/png", 4096, None),
            ("font/woff2", 4096, None),
            ("application/wasm", 4096, None),
        ] {
            let answer = get(async move || ([(CONTENT_TYPE, kind)], vec![b' '; size]));
            let app = Router::new().route("/", answer).layer(layer());
            let request = Request::get("/").header(ACCEPT_ENCODING, BROWSER);
            let request = request.body(Body::empty()).unwrap();
            let response = app.oneshot(request).await.unwrap();
            let header = |name| {
                response
                    .headers()
                    .get(name)
                    .map(|value| value.to_str().unwrap())
            };
            assert_eq!(header(CONTENT_ENCODING), encoding, "{kind} {size}");
            let vary = encoding.map(|_| "accept-encoding");
            assert_eq!(header(VARY), vary, "{kind} {size}");
        }
    }
}

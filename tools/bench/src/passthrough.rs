//! The least a proxy can do: hyper in, hyper out, bodies untouched.

use anyhow::Context;
use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, combinators::BoxBody};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

type Forward = Client<HttpConnector, Incoming>;

/// Listens on a free port, prints its address and forwards until killed.
pub(crate) async fn run(upstream: &str) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    announce(&listener.local_addr()?.to_string());
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Forward = Client::builder(TokioExecutor::new()).build(connector);
    let tasks = TaskTracker::new();
    let upstream = upstream.trim_end_matches('/').to_owned();
    loop {
        let (stream, _) = listener.accept().await.context("accepting")?;
        stream.set_nodelay(true)?;
        let (client, upstream) = (client.clone(), upstream.clone());
        let service = service_fn(move |request| forward(client.clone(), upstream.clone(), request));
        tasks.spawn(async move {
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn forward(
    client: Forward,
    upstream: String,
    mut request: Request<Incoming>,
) -> anyhow::Result<Response<BoxBody<Bytes, hyper::Error>>> {
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    *request.uri_mut() = format!("{upstream}{path}").parse::<Uri>()?;
    match client.request(request).await {
        Ok(response) => Ok(response.map(BodyExt::boxed)),
        Err(_) => {
            let body = Empty::new().map_err(|never| match never {}).boxed();
            Ok(Response::builder()
                .status(StatusCode::BAD_GATEWAY)
                .body(body)?)
        }
    }
}

#[expect(
    clippy::print_stdout,
    reason = "the parent process reads the address from here"
)]
fn announce(address: &str) {
    println!("{address}");
}

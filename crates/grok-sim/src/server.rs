//! Accepts connections and serves them until told to stop.

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{Request, Response},
};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Service;

use crate::{
    ops,
    state::Shared,
    wire::{Line, Wire},
};

/// After a failed accept (too many open files) the loop rests this long.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// Put into a response to mean: close the connection instead of answering.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoAnswer;

/// The tokens and tasks of a running server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tasks {
    pub(crate) tracker: TaskTracker,
    /// Stop accepting, finish what runs.
    pub(crate) drain: CancellationToken,
    /// Drop what still runs.
    pub(crate) abort: CancellationToken,
}

impl Tasks {
    /// Serves on the listener until drained; returns at once.
    pub(crate) fn serve(&self, listener: TcpListener, shared: Arc<Shared>) {
        let tasks = self.clone();
        let router = ops::router(shared);
        self.tracker.spawn(async move {
            loop {
                let accepted = tokio::select! {
                    () = tasks.drain.cancelled() => return,
                    accepted = listener.accept() => accepted,
                };
                match accepted {
                    Ok((stream, _)) => tasks.connection(stream, router.clone()),
                    Err(error) => {
                        tracing::warn!(%error, "the simulator could not accept a connection");
                        tokio::time::sleep(ACCEPT_REST).await;
                    }
                }
            }
        });
    }

    fn connection(&self, stream: TcpStream, router: Router) {
        let Self { drain, abort, .. } = self.clone();
        self.tracker.spawn(async move {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a peer left before it said anything");
                return;
            }
            let line = Line::new(drain.clone());
            let wire = TokioIo::new(Wire::new(stream, line.clone()));
            let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                answer(router.clone(), line.clone(), request)
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .header_read_timeout(None)
                .serve_connection(wire, service)
                .with_upgrades();
            let mut connection = std::pin::pin!(connection);
            let result = tokio::select! {
                result = connection.as_mut() => result,
                () = abort.cancelled() => return,
                () = drain.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    tokio::select! {
                        result = connection.as_mut() => result,
                        () = abort.cancelled() => return,
                    }
                }
            };
            if let Err(error) = result {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
}

async fn answer(
    mut router: Router,
    line: Line,
    request: Request<hyper::body::Incoming>,
) -> io::Result<Response<Body>> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(line);
    let response: Result<Response<Body>, Infallible> = router.call(request).await;
    match response {
        Ok(response) if response.extensions().get::<NoAnswer>().is_none() => Ok(response),
        _ => Err(io::ErrorKind::ConnectionReset.into()),
    }
}

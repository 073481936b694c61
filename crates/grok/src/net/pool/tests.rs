use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures::{StreamExt, stream};
use http_body_util::StreamBody;
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use url::Url;

use super::*;
use crate::tls::Tls;

const LONG: Duration = Duration::from_secs(20);

/// An upstream with TLS that answers `ok` and then keeps the answer open, and a way to it.
struct Server {
    address: SocketAddr,
    certificate: rustls::pki_types::CertificateDer<'static>,
    connections: Arc<AtomicUsize>,
    tasks: TaskTracker,
}

impl Server {
    async fn start(alpn: &[&[u8]], streams: u32) -> Self {
        Self::leaving(alpn, streams, 0).await
    }

    /// The first connections, as many as `goodbyes`, end before they take a request.
    async fn leaving(alpn: &[&[u8]], streams: u32, goodbyes: usize) -> Self {
        let signed = rcgen::generate_simple_self_signed([
            "upstream.test".to_owned(),
            "127.0.0.1".to_owned(),
        ])
        .unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signed.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![signed.cert.der().clone()], key)
            .unwrap();
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let tasks = TaskTracker::new();
        let (counter, serving) = (Arc::clone(&connections), tasks.clone());
        tasks.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = counter.fetch_add(1, Ordering::SeqCst);
                if number < goodbyes {
                    serving.spawn(take_leave(acceptor.clone(), stream));
                } else {
                    serving.spawn(serve(acceptor.clone(), stream, streams));
                }
            }
        });
        Self {
            address,
            certificate: signed.cert.der().clone(),
            connections,
            tasks,
        }
    }

    fn pool(&self, proxy: Option<&str>) -> Arc<Pool> {
        let proxy = proxy.map(|proxy| Url::parse(proxy).unwrap());
        let mut connector =
            Connector::new(proxy.as_ref(), "k", false, LONG, &Tls::new().unwrap()).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        connector.tls = TlsConnector::from(Arc::new(config));
        Pool::new(connector, 64)
    }

    fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// A proxy that leads to this server, whatever name it is told.
    async fn proxy(&self, handshake: Handshake) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = listener.local_addr().unwrap();
        let (address, tasks) = (self.address, self.tasks.clone());
        self.tasks.spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                tasks.spawn(async move {
                    handshake.play(&mut near).await;
                    let mut far = TcpStream::connect(address).await.unwrap();
                    let _ = copy_bidirectional(&mut near, &mut far).await;
                });
            }
        });
        proxy
    }
}

/// A connection says goodbye when it has answered `/last`.
async fn serve(acceptor: TlsAcceptor, stream: TcpStream, streams: u32) {
    // A client that does not trust the certificate leaves here.
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let io = TokioIo::new(stream);
    if is_http2 {
        let goodbye = Arc::new(tokio::sync::Notify::new());
        let heard = Arc::clone(&goodbye);
        let service = service_fn(move |request: http::Request<Incoming>| {
            if request.uri().path() == "/last" {
                heard.notify_one();
            }
            answer(request)
        });
        let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .max_concurrent_streams(streams)
            .serve_connection(io, service);
        tokio::pin!(connection);
        tokio::select! {
            _ = connection.as_mut() => return,
            () = goodbye.notified() => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    } else {
        let _ = hyper::server::conn::http1::Builder::new()
            .serve_connection(io, service_fn(answer))
            .await;
    }
}

/// Says goodbye at the first request, which it has not looked at, and waits for the other side to go.
async fn take_leave(acceptor: TlsAcceptor, stream: TcpStream) {
    const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
    const GOAWAY: &[u8] = &[0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const HEADERS: u8 = 1;
    let mut stream = acceptor.accept(stream).await.unwrap();
    stream.read_exact(&mut [0; 24]).await.unwrap();
    stream.write_all(SETTINGS).await.unwrap();
    let mut head = [0; 9];
    while stream.read_exact(&mut head).await.is_ok() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        stream.read_exact(&mut payload).await.unwrap();
        if head[3] == HEADERS {
            stream.write_all(GOAWAY).await.unwrap();
        }
    }
}

type Answer =
    StreamBody<stream::BoxStream<'static, Result<Frame<Bytes>, std::convert::Infallible>>>;

async fn answer(
    request: http::Request<Incoming>,
) -> Result<http::Response<Answer>, std::convert::Infallible> {
    let first = stream::iter([Ok(Frame::data(Bytes::from_static(b"ok")))]);
    let body = if request.uri().path() == "/open" {
        first.chain(stream::pending()).boxed()
    } else {
        first.boxed()
    };
    Ok(http::Response::new(StreamBody::new(body)))
}

fn request(url: &str) -> Request {
    Request {
        method: http::Method::POST,
        url: Url::parse(url).unwrap(),
        headers: http::HeaderMap::new(),
        body: Bytes::new(),
    }
}

/// What a proxy is told before it forwards.
#[derive(Clone, Copy)]
enum Handshake {
    Connect,
    Socks5,
    Socks4,
}

impl Handshake {
    async fn play(self, near: &mut TcpStream) {
        match self {
            Self::Connect => {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(near.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
                assert!(
                    head.starts_with("connect upstream.test:443 http/1.1\r\n"),
                    "{head}"
                );
                assert!(
                    head.contains("proxy-authorization: basic dtpw\r\n"),
                    "{head}"
                );
                near.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            }
            Self::Socks5 => {
                // Version, methods; then user and password; then the name and the port.
                expect(near, &[5, 1, 2]).await;
                near.write_all(&[5, 2]).await.unwrap();
                expect(near, b"\x01\x01u\x01p").await;
                near.write_all(&[1, 0]).await.unwrap();
                expect(near, b"\x05\x01\x00\x03\x0dupstream.test\x01\xbb").await;
                near.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
                    .await
                    .unwrap();
            }
            Self::Socks4 => {
                expect(near, &[4, 1, 1, 0xbb, 0, 0, 0]).await;
                // The last byte of an address that says that a name follows.
                assert_ne!(near.read_u8().await.unwrap(), 0);
                expect(near, b"\0upstream.test\0").await;
                near.write_all(&[0, 0x5a, 0, 0, 0, 0, 0, 0]).await.unwrap();
            }
        }
    }
}

async fn expect(near: &mut TcpStream, bytes: &[u8]) {
    let mut received = vec![0; bytes.len()];
    near.read_exact(&mut received).await.unwrap();
    assert_eq!(received, bytes);
}

async fn first_chunk(pool: &Arc<Pool>, url: &str) -> Response {
    let mut response = pool.send(&request(url)).await.unwrap();
    assert_eq!(response.body.chunk().await.unwrap().unwrap(), "ok");
    response
}

#[tokio::test]
async fn every_way_leads_to_the_upstream_and_lets_it_resolve_the_name() {
    let server = Server::start(&[b"h2"], 100).await;
    for (scheme, handshake) in [
        ("http://u:p", Handshake::Connect),
        ("socks5h://u:p", Handshake::Socks5),
        ("socks4a://u", Handshake::Socks4),
    ] {
        let proxy = server.proxy(handshake).await;
        let pool = server.pool(Some(&format!("{scheme}@{proxy}")));
        let _answer = first_chunk(&pool, "https://upstream.test/").await;
    }
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn many_share_one_http2_connection_up_to_what_it_allows() {
    let server = Server::start(&[b"h2"], 4).await;
    let pool = server.pool(None);
    let (open, whole) = (server.url("/open"), server.url("/"));
    let asked: Vec<_> = (0..4).map(|_| first_chunk(&pool, &open)).collect();
    let four = futures::future::join_all(asked).await;
    assert_eq!(
        server.connections(),
        1,
        "who waits for the first dial shares it"
    );
    let fifth = first_chunk(&pool, &open).await;
    assert_eq!(
        server.connections(),
        2,
        "a fifth would queue behind the others"
    );
    drop((four, fifth));
    for _ in 0..8 {
        first_chunk(&pool, &whole).await;
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn http1_over_tls_is_spoken_where_it_is_chosen() {
    let server = Server::start(&[b"http/1.1"], 0).await;
    let pool = server.pool(None);
    let (open, whole) = (server.url("/open"), server.url("/"));
    for _ in 0..3 {
        let mut response = first_chunk(&pool, &whole).await;
        assert_eq!(response.body.chunk().await.unwrap(), None);
    }
    assert_eq!(server.connections(), 1, "it is used again");
    let _open = first_chunk(&pool, &open).await;
    let _other = first_chunk(&pool, &open).await;
    assert_eq!(server.connections(), 2, "one exchange at a time");
}

#[tokio::test]
async fn a_certificate_of_somebody_else_is_refused() {
    let (server, other) = (
        Server::start(&[b"h2"], 100).await,
        Server::start(&[b"h2"], 100).await,
    );
    let pool = other.pool(None);
    let error = pool.send(&request(&server.url("/"))).await.err().unwrap();
    assert_eq!(error.label(), "connect", "{error}");
}

#[tokio::test]
async fn a_connection_that_says_goodbye_costs_no_request() {
    let server = Server::start(&[b"h2"], 100).await;
    let pool = server.pool(None);
    let (last, whole) = (server.url("/last"), server.url("/"));
    for _ in 0..20 {
        first_chunk(&pool, &last).await;
        first_chunk(&pool, &whole).await;
    }
    assert!(server.connections() > 1, "each goodbye ends a connection");
}

#[tokio::test]
async fn a_request_that_a_goodbye_leaves_out_goes_once_to_another_connection() {
    let server = Server::leaving(&[b"h2"], 100, 1).await;
    first_chunk(&server.pool(None), &server.url("/")).await;
    assert_eq!(server.connections(), 2);
    let server = Server::leaving(&[b"h2"], 100, 9).await;
    let error = server.pool(None).send(&request(&server.url("/"))).await;
    assert_eq!(error.err().unwrap().label(), "cut");
    assert_eq!(server.connections(), 2, "not again and again");
}

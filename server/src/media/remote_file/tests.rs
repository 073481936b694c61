use std::net::Ipv4Addr;
use std::sync::Mutex;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Response},
    routing::get,
};
use futures::stream;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use tokio::net::TcpListener;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use super::*;
use crate::media::budget::MediaBudget;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n....";
const INSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

fn share() -> Share {
    MediaBudget::new(64).share()
}

/// A file server on a free port, seen through a network in which `files.test` is 127.0.0.1 (public,
/// for the test) and `inside.test` is 127.0.0.2 (not public).
struct Net {
    port: u16,
    files: RemoteFiles,
    asked: Arc<Mutex<Vec<String>>>,
    requests: Arc<Mutex<Vec<HeaderMap>>>,
    _server: AbortOnDropHandle<()>,
}

impl Net {
    async fn new(policy: FetchPolicy, routes: impl FnOnce(u16) -> Router) -> Self {
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let routes = routes(port).layer(axum::middleware::map_request(
            move |request: axum::extract::Request| {
                seen.lock().unwrap().push(request.headers().clone());
                async move { request }
            },
        ));
        let tracker = TaskTracker::new();
        let serve = axum::serve(listener, routes).into_future();
        let server = AbortOnDropHandle::new(tracker.spawn(serve.map(|_| ())));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let lookup: Lookup = Arc::new(move |host| {
            log.lock().unwrap().push(host.to_owned());
            let found = match host {
                "files.test" => Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]),
                "inside.test" => Ok(vec![INSIDE]),
                "mixed.test" => Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST), INSIDE]),
                _ => Err(io::Error::other("no such name")),
            };
            async move { found }.boxed()
        });
        // Any port may be used, but only one address counts as public.
        let policy = FetchPolicy {
            allow_private: true,
            ..policy
        };
        let files = RemoteFiles::with_network(policy, lookup, |address| address != INSIDE);
        Self {
            port,
            files,
            asked,
            requests,
            _server: server,
        }
    }

    async fn fetch(&self, host: &str, path: &str) -> Result<RemoteFile, FetchError> {
        self.files
            .fetch(&format!("http://{host}:{}{path}", self.port), &mut share())
            .await
    }

    fn request_count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

fn file(mime: &'static str, content: &'static [u8]) -> axum::routing::MethodRouter {
    get(move || async move { ([(CONTENT_TYPE, mime)], content) })
}

fn redirect(to: String) -> axum::routing::MethodRouter {
    get(move || async move {
        Response::builder()
            .status(302)
            .header(LOCATION, to)
            .body(Body::empty())
            .unwrap()
    })
}

#[tokio::test]
async fn a_file_is_fetched_from_the_address_that_was_checked() {
    let net = Net::new(FetchPolicy::default(), |_| {
        Router::new().route("/a/cat.png", file("image/png; x=1", PNG))
    })
    .await;
    let file = net.fetch("files.test", "/a/cat.png?size=1").await.unwrap();
    let expected = RemoteFile {
        name: "cat.png".to_owned(),
        mime: "image/png".to_owned(),
        content: Bytes::from_static(PNG),
    };
    assert_eq!(file, expected);
    assert_eq!(
        *net.asked.lock().unwrap(),
        ["files.test"],
        "the name is resolved once"
    );
    let requests = net.requests.lock().unwrap();
    assert!(requests[0].get("cookie").is_none() && requests[0].get("authorization").is_none());
}

/// Undone, these nine bytes would ask for a window of 1 GiB.
#[tokio::test]
async fn no_compression_is_asked_for_and_none_undone() {
    const BROTLI: &[u8] = &[0x11, 0x1e, 4, 0, 2, b'G', b'I', b'F', 3];
    let net = Net::new(FetchPolicy::default(), |_| {
        let compressed = || async {
            let headers = [(CONTENT_ENCODING, "br"), (CONTENT_TYPE, "text/plain")];
            (headers, BROTLI)
        };
        Router::new().route("/a", get(compressed))
    })
    .await;
    let file = net.fetch("files.test", "/a").await.unwrap();
    assert_eq!(file.content, BROTLI);
    assert!(!net.requests.lock().unwrap()[0].contains_key(ACCEPT_ENCODING));
}

#[tokio::test]
async fn nothing_is_sent_to_a_forbidden_address() {
    let net = Net::new(FetchPolicy::default(), |_| Router::new()).await;
    for host in [
        "inside.test",
        "mixed.test",
        "127.0.0.2",
        "0x7f000002",
        "2130706434",
    ] {
        let error = net.fetch(host, "/").await.unwrap_err();
        assert!(
            matches!(error, FetchError::NoPublicAddress { .. }),
            "{host}: {error:?}"
        );
    }
    let error = net.fetch("unknown.test", "/").await.unwrap_err();
    assert_eq!(
        error,
        FetchError::NoPublicAddress {
            host: "unknown.test".to_owned()
        }
    );
    assert_eq!(net.request_count(), 0);
}

#[tokio::test]
async fn every_redirect_is_checked() {
    let net = Net::new(FetchPolicy::default(), |port| {
        Router::new()
            .route("/ok", redirect("/b.txt".to_owned()))
            .route("/b.txt", file("text/plain", b"hi"))
            .route("/inside", redirect(format!("http://inside.test:{port}/")))
            .route("/literal", redirect(format!("//127.0.0.2:{port}/")))
            .route("/scheme", redirect("file:///etc/passwd".to_owned()))
            .route(
                "/userinfo",
                redirect(format!("http://u:p@files.test:{port}/b.txt")),
            )
            .route("/loop", redirect("/loop".to_owned()))
    })
    .await;
    assert_eq!(net.fetch("files.test", "/ok").await.unwrap().content, "hi");
    let forbidden = |host: &str| FetchError::NoPublicAddress {
        host: host.to_owned(),
    };
    for (path, error) in [
        ("/inside", forbidden("inside.test")),
        ("/literal", forbidden("127.0.0.2")),
        ("/scheme", FetchError::InvalidUrl),
        ("/userinfo", FetchError::Userinfo),
    ] {
        assert_eq!(net.fetch("files.test", path).await, Err(error), "{path}");
    }
    let before = net.request_count();
    assert_eq!(
        net.fetch("files.test", "/loop").await,
        Err(FetchError::TooManyRedirects)
    );
    assert_eq!(net.request_count() - before, MAX_REDIRECTS + 1);
}

#[tokio::test]
async fn the_default_policy_takes_public_web_addresses_only() {
    let files = RemoteFiles::new(FetchPolicy::default());
    let forbidden = |host: &str| FetchError::NoPublicAddress {
        host: host.to_owned(),
    };
    for (url, error) in [
        ("ftp://8.8.8.8/a", FetchError::InvalidUrl),
        ("file:///etc/passwd", FetchError::InvalidUrl),
        ("data:text/plain,x", FetchError::InvalidUrl),
        ("//8.8.8.8/a", FetchError::InvalidUrl),
        ("http://u@8.8.8.8/a", FetchError::Userinfo),
        ("http://8.8.8.8:8080/a", FetchError::Port { port: 8080 }),
        ("https://8.8.8.8:22/a", FetchError::Port { port: 22 }),
        ("http://127.0.0.1/a", forbidden("127.0.0.1")),
        ("http://0/a", forbidden("0.0.0.0")),
        ("http://[::1]/a", forbidden("[::1]")),
        (
            "http://[::ffff:169.254.169.254]/",
            forbidden("[::ffff:a9fe:a9fe]"),
        ),
        (
            "http://169.254.169.254/latest/meta-data/",
            forbidden("169.254.169.254"),
        ),
        ("http://localhost/a", forbidden("localhost")),
    ] {
        assert_eq!(files.fetch(url, &mut share()).await, Err(error), "{url}");
    }
    let long = format!("http://8.8.8.8/{}", "a".repeat(MAX_URL_BYTES));
    assert_eq!(
        files.fetch(&long, &mut share()).await,
        Err(FetchError::UrlTooLong)
    );
}

#[tokio::test]
async fn sizes_are_capped_while_streaming_and_before() {
    let policy = FetchPolicy {
        max_bytes: 10_000,
        ..FetchPolicy::default()
    };
    let net = Net::new(policy, |_| {
        let endless = || async {
            Body::from_stream(stream::repeat_with(|| {
                io::Result::Ok(Bytes::from_static(&[0; 512]))
            }))
        };
        Router::new()
            .route("/endless", get(endless))
            .route("/declared", get(|| async { vec![0u8; 10_001] }))
            .route("/fits", get(|| async { vec![0u8; 10_000] }))
            .route("/empty", get(|| async { "" }))
    })
    .await;
    let too_large = FetchError::TooLarge {
        limit_bytes: 10_000,
    };
    assert_eq!(
        net.fetch("files.test", "/endless").await,
        Err(too_large.clone())
    );
    assert_eq!(net.fetch("files.test", "/declared").await, Err(too_large));
    assert_eq!(
        net.fetch("files.test", "/fits")
            .await
            .unwrap()
            .content
            .len(),
        10_000
    );
    assert_eq!(
        net.fetch("files.test", "/empty").await,
        Err(FetchError::Empty)
    );
}

#[tokio::test]
async fn failures_say_what_happened_and_whose_fault_it_is() {
    let timeout = Duration::from_millis(200);
    let net = Net::new(
        FetchPolicy {
            timeout,
            ..FetchPolicy::default()
        },
        |_| {
            let hang = || async { Body::from_stream(stream::pending::<io::Result<Bytes>>()) };
            Router::new()
                .route("/hang", get(hang))
                .route("/fake.png", file("image/png", b"<html>"))
                .route(
                    "/broken",
                    get(|| async { axum::http::StatusCode::BAD_GATEWAY }),
                )
        },
    )
    .await;
    let timed_out = net.fetch("files.test", "/hang").await.unwrap_err();
    assert_eq!(timed_out, FetchError::Timeout { after: timeout });
    let missing = net.fetch("files.test", "/missing").await.unwrap_err();
    assert_eq!(missing, FetchError::Status { status: 404 });
    let broken = net.fetch("files.test", "/broken").await.unwrap_err();
    assert!(timed_out.is_remote_failure() && broken.is_remote_failure());
    assert!(!missing.is_remote_failure());
    let fake = net.fetch("files.test", "/fake.png").await.unwrap_err();
    assert!(
        matches!(fake, FetchError::ImageMismatch { found: None, .. }),
        "{fake:?}"
    );
    let refused = net
        .files
        .fetch("http://files.test:1/", &mut share())
        .await
        .unwrap_err();
    assert_eq!(
        refused,
        FetchError::Unreachable {
            host: "files.test".to_owned()
        }
    );
}

#[tokio::test]
async fn a_name_that_was_not_checked_is_not_resolved() {
    let lookup: Lookup = Arc::new(|_| async { Ok(vec![INSIDE]) }.boxed());
    let pinned = Pinned {
        host: "files.test".to_owned(),
        addresses: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
        proxy_host: Some("proxy.test".to_owned()),
        lookup,
    };
    assert!(pinned.resolve("other.test".parse().unwrap()).await.is_err());
    let found: Vec<_> = pinned
        .resolve("files.test".parse().unwrap())
        .await
        .unwrap()
        .collect();
    assert_eq!(found, [SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)]);
    assert!(pinned.resolve("proxy.test".parse().unwrap()).await.is_ok());
}

#[test]
fn socks_proxies_get_the_checked_address() {
    assert_eq!(pinning_proxy("socks5h://p:1"), "socks5://p:1");
    assert_eq!(pinning_proxy("socks4a://p:1"), "socks4://p:1");
    assert_eq!(pinning_proxy("http://p:1"), "http://p:1");
}

#[tokio::test]
async fn a_file_that_finds_no_memory_is_given_up() {
    let net = Net::new(FetchPolicy::default(), |_| {
        Router::new().route("/", get(|| async { vec![b'x'; 600 * 1024] }))
    });
    let net = net.await;
    let url = format!("http://files.test:{}/", net.port);
    let mut small = MediaBudget::new(1).share();
    let given_up = net.files.fetch(&url, &mut small).await;
    assert_eq!(given_up, Err(FetchError::NoMemory));
}

#[tokio::test]
async fn behind_a_proxy_that_resolves_names_only_https_is_fetched() {
    let fetch = async |proxy: &str, url: &str| {
        let policy = FetchPolicy {
            proxy: Some(proxy.to_owned()),
            ..FetchPolicy::default()
        };
        let lookup: Lookup = Arc::new(|_| async { Ok(vec![INSIDE]) }.boxed());
        let files = RemoteFiles::with_network(policy, lookup, address::is_public);
        files.fetch(url, &mut share()).await.unwrap_err()
    };
    for proxy in ["http://proxy.test:3128", "https://proxy.test"] {
        let plain = fetch(proxy, "http://files.test/a.png").await;
        assert_eq!(plain, FetchError::PlainBehindProxy, "{proxy}");
        let secure = fetch(proxy, "https://files.test/a.png").await;
        assert!(matches!(secure, FetchError::NoPublicAddress { .. }));
    }
    let socks = fetch("socks5h://proxy.test:1080", "http://files.test/a.png").await;
    assert!(
        matches!(socks, FetchError::NoPublicAddress { .. }),
        "the checked address is sent"
    );
}

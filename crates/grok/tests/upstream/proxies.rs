//! Many proxies: a list, and accounts' own ones. A dead one is passed over, none is gone around.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use grok::{PictureCall, Thresholds};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use super::*;

/// A proxy of every kind: whatever it is asked for, it leads to one upstream.
struct Relay {
    address: String,
    connections: Arc<AtomicUsize>,
    _serving: AbortOnDropHandle<()>,
}

impl Relay {
    async fn start(fake: &Fake) -> Self {
        let upstream = format!("127.0.0.1:{}", fake.url.port().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let tasks = TaskTracker::new();
        let serving = tasks.clone().spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tasks.spawn(relay(stream, upstream.clone()));
            }
        });
        Self {
            address,
            connections,
            _serving: AbortOnDropHandle::new(serving),
        }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn relay(mut stream: TcpStream, upstream: String) -> std::io::Result<()> {
    let mut first = [0; 1];
    stream.peek(&mut first).await?;
    match first {
        [5] => socks5(&mut stream).await?,
        [4] => socks4(&mut stream).await?,
        [b'C'] => {
            read_until(&mut stream, b"\r\n\r\n").await?;
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
        }
        _ => {}
    }
    let mut upstream = TcpStream::connect(upstream).await?;
    copy_bidirectional(&mut stream, &mut upstream).await?;
    Ok(())
}

async fn socks5(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut greeting = [0; 2];
    stream.read_exact(&mut greeting).await?;
    let mut methods = vec![0; greeting[1].into()];
    stream.read_exact(&mut methods).await?;
    stream.write_all(&[5, 0]).await?;
    let mut head = [0; 5];
    stream.read_exact(&mut head).await?;
    assert_eq!(head[3], 3, "the proxy resolves the name");
    let mut name_and_port = vec![0; usize::from(head[4]) + 2];
    stream.read_exact(&mut name_and_port).await?;
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await
}

async fn socks4(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut head = [0; 8];
    stream.read_exact(&mut head).await?;
    assert_eq!(head[4..7], [0, 0, 0], "the proxy resolves the name");
    // User, then name.
    read_until(stream, &[0]).await?;
    read_until(stream, &[0]).await?;
    stream.write_all(&[0, 90, 0, 0, 0, 0, 0, 0]).await
}

async fn read_until(stream: &mut TcpStream, end: &[u8]) -> std::io::Result<()> {
    let mut read = Vec::new();
    while !read.ends_with(end) {
        read.push(stream.read_u8().await?);
    }
    Ok(())
}

/// A port where nobody is.
async fn dead() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

fn listing(proxies: &str) -> Client {
    let client = Client::new(Settings {
        web_url: "http://upstream.test".parse().unwrap(),
        assets_url: "http://files.test".parse().unwrap(),
        proxy_list: "http://list.test".to_owned(),
        proxy_refusals: 2,
        ..Settings::default()
    });
    let client = client.unwrap();
    client.set_proxies(proxies);
    client
}

async fn chat(client: &Client, credential: &str) -> Result<(), UpstreamError> {
    let mut stream = client.start_chat(credential, &call()).await?;
    tokens(&mut stream).await.map(drop)
}

fn picture() -> PictureCall {
    PictureCall {
        prompt: "a bird".to_owned(),
        aspect_ratio: "1:1".to_owned(),
        count: 1,
        is_nsfw_allowed: false,
        is_pro: false,
        thresholds: Thresholds {
            medium_bytes: 1,
            final_bytes: 2,
            final_timeout: LONG,
            blocked_grace: LONG,
        },
    }
}

/// A chat, a socket, a list, an upload and a download.
fn of_every_kind() -> [Reply; 5] {
    [
        Reply::new(200, END),
        Reply::new(403, r#"{"error":{"message":"no"}}"#),
        Reply::new(200, "{}"),
        Reply::new(200, r#"{"fileMetadataId":"f"}"#),
        Reply::new(200, "file"),
    ]
}

async fn call_every_kind(client: &Client, fake: &Fake) {
    chat(client, CREDENTIAL).await.unwrap();
    let refused = client.pictures(CREDENTIAL, &picture()).await.err();
    assert_eq!(refused.unwrap().status(), Some(403));
    client.list_assets(CREDENTIAL, LONG).await.unwrap();
    let file = Upload {
        name: "a".to_owned(),
        mime: "text/plain".to_owned(),
        content: Bytes::from_static(b"a"),
        is_for_imagine: false,
    };
    client.upload(CREDENTIAL, &file, LONG).await.unwrap();
    client.download(CREDENTIAL, "/x.jpg").await.unwrap();
    let received = fake.received();
    let hosts: Vec<_> = received.iter().map(|one| one.header("host")).collect();
    let (web, files) = (Some("upstream.test"), Some("files.test"));
    assert_eq!(hosts, [web, web, web, web, files]);
}

#[tokio::test]
async fn every_call_takes_the_proxy_whatever_its_kind() {
    for scheme in ["http", "socks4", "socks4a", "socks5", "socks5h"] {
        for is_own in [false, true] {
            let fake = Fake::start(of_every_kind()).await;
            let relay = Relay::start(&fake).await;
            let address = format!("{scheme}://{}", relay.address);
            let client = if is_own {
                listing("").by_proxy(Some(&address))
            } else {
                listing(&address)
            };
            call_every_kind(&client, &fake).await;
            assert!(relay.connections() > 0, "{scheme}");
        }
    }
}

#[tokio::test]
async fn a_dead_proxy_of_the_list_is_passed_over_and_set_aside() {
    let fake = Fake::start((0..40).map(|_| Reply::new(200, END))).await;
    let relay = Relay::start(&fake).await;
    let dead = dead().await;
    let client = listing(&format!("{dead}\n{}", relay.address));
    for n in 0..40 {
        chat(&client, &format!("credential-{n}")).await.unwrap();
    }
    let reports = client.proxies([]);
    assert!(reports[0].address.contains(&dead));
    assert_eq!((reports[0].reason, reports[0].failures), ("unreachable", 2));
    assert!(reports[0].aside_for.is_some());
    assert_eq!(reports[1].aside_for, None);
}

#[tokio::test]
async fn a_proxy_that_is_refused_too_often_is_left_for_another() {
    let wall = || Reply::new(403, "<html>just a moment</html>");
    let fakes = [
        Fake::start([wall(), wall()]).await,
        Fake::start([wall(), wall()]).await,
    ];
    let relays = [Relay::start(&fakes[0]).await, Relay::start(&fakes[1]).await];
    let client = listing(&format!("{}\n{}", relays[0].address, relays[1].address));
    for asked in 1..=4 {
        let refused = chat(&client, CREDENTIAL).await.unwrap_err();
        assert_eq!(refused.class(), Class::Clearance);
        let seen: usize = fakes.iter().map(|fake| fake.received().len()).sum();
        assert_eq!(seen, asked, "a refusal is no reason to try another at once");
    }
    for report in client.proxies([]) {
        assert_eq!((report.reason, report.refusals), ("refused", 2));
    }
}

#[tokio::test]
async fn without_a_proxy_nobody_is_asked_around_it() {
    let fake = Fake::start([]).await;
    let settings = Settings {
        web_url: fake.url.clone(),
        proxy_list: "http://list.test".to_owned(),
        connect_timeout: Duration::from_millis(50),
        ..Settings::default()
    };
    let client = Client::new(settings).unwrap();
    assert!(client.awaits_proxies());
    for _ in 0..2 {
        let refused = chat(&client, CREDENTIAL).await.unwrap_err();
        assert_eq!(refused, UpstreamError::NoProxy);
        client.no_proxies_yet();
    }
    let dead = dead().await;
    client.set_proxies(&dead);
    let refused = chat(&client, CREDENTIAL).await.unwrap_err();
    assert_eq!(refused.label(), "connect");
    for own in [&format!("http://{dead}"), "ftp://x"] {
        for _ in 0..3 {
            let refused = chat(&client.by_proxy(Some(own)), CREDENTIAL).await;
            assert_eq!(refused.unwrap_err().label(), "account_proxy");
        }
    }
    assert!(fake.received().is_empty());
}

#[tokio::test]
async fn what_is_no_call_of_ours_goes_by_the_list_too() {
    let client = listing("");
    let none = client.proxy_for("http://a.test/b.png");
    assert_eq!(none, Err(UpstreamError::NoProxy));
    client.set_proxies("me:secret@h:1");
    let proxy = client.proxy_for("http://a.test/b.png").unwrap();
    assert_eq!(proxy.as_deref(), Some("http://me:secret@h:1/"));
    let without = Client::new(Settings::default()).unwrap();
    assert_eq!(without.proxy_for("x"), Ok(None));
}

#[tokio::test]
async fn while_the_list_has_none_the_base_proxy_serves() {
    let base = Fake::start([Reply::new(200, END)]).await;
    let settings = Settings {
        web_url: "http://upstream.test".parse().unwrap(),
        proxy_list: "http://list.test".to_owned(),
        base_proxy_url: base.url.to_string(),
        ..Settings::default()
    };
    let client = Client::new(settings).unwrap();
    client.no_proxies_yet();
    chat(&client, CREDENTIAL).await.unwrap();
    assert_eq!(base.received().len(), 1);
}

#[tokio::test]
async fn an_account_keeps_its_proxy_after_other_settings_have_changed() {
    let ok = || Reply::new(200, END);
    let fake = Fake::start((0..6).map(|_| ok())).await;
    let relays = [
        Relay::start(&fake).await,
        Relay::start(&fake).await,
        Relay::start(&fake).await,
    ];
    let lines: Vec<_> = relays.iter().map(|relay| relay.address.as_str()).collect();
    let mut client = listing(&lines.join("\n"));
    for n in 0..6 {
        chat(&client, CREDENTIAL).await.unwrap();
        let settings = Settings {
            web_url: "http://upstream.test".parse().unwrap(),
            proxy_list: "http://list.test".to_owned(),
            cf_clearance: format!("clearance-{n}"),
            ..Settings::default()
        };
        client = client.with_settings(settings).unwrap();
        assert!(client.has_proxies(), "the list is kept");
    }
    let used = relays.iter().filter(|relay| relay.connections() > 0);
    assert_eq!(used.count(), 1);
    let shown = client.proxies([(CREDENTIAL, None)]);
    let accounts: BTreeSet<_> = shown.iter().map(|report| report.accounts).collect();
    assert_eq!((shown.len(), accounts), (3, BTreeSet::from([0, 1])));
}

#[tokio::test]
async fn a_listed_status_opens_a_fresh_connection_for_the_next_call() {
    for (renew_statuses, connections) in [(vec![429], 2), (vec![], 1)] {
        let fake = Fake::start([Reply::new(429, "{}"), Reply::new(200, END)]).await;
        let settings = Settings {
            web_url: fake.url.clone(),
            renew_statuses,
            ..Settings::default()
        };
        let client = Client::new(settings).unwrap();
        let refused = chat(&client, CREDENTIAL).await.unwrap_err();
        assert_eq!(refused.status(), Some(429));
        chat(&client, CREDENTIAL).await.unwrap();
        let received = fake.received();
        let ports: BTreeSet<_> = received.iter().map(|one| one.peer_port).collect();
        assert_eq!(ports.len(), connections);
    }
}

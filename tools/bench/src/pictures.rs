//! Pictures over the imagine socket: the gateway beside a pass-through of bytes, on an upstream whose
//! frames are always the same.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_tungstenite::{accept_async, client_async, tungstenite::Message};
use tokio_util::task::TaskTracker;

use crate::{
    compare::{Pair, Programs, Proxy},
    load::{Load, Outcome, Target, Timing},
    process::{Gateway, Picturing, announce},
};

/// Clients that ask at the same time.
const CLIENTS: usize = 16;
const TURNS: u32 = 3;
const PATH: &str = "/ws/imagine/listen";

/// What an upstream sends for a picture: three stages and its end.
struct Frames(Vec<String>);

/// Listens on a free port, prints its URL and sends pictures until killed.
pub(crate) async fn run_upstream() -> anyhow::Result<()> {
    let frames = Arc::new(Frames::make());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    announce(&format!("http://{}", listener.local_addr()?));
    let tasks = TaskTracker::new();
    loop {
        let (stream, _) = listener.accept().await.context("accepting")?;
        stream.set_nodelay(true)?;
        let frames = Arc::clone(&frames);
        tasks.spawn(async move { frames.serve(stream).await });
    }
}

/// Forwards bytes until killed.
pub(crate) async fn run_passthrough(upstream: &str) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    announce(&listener.local_addr()?.to_string());
    let upstream = upstream.trim_start_matches("http://").to_owned();
    let tasks = TaskTracker::new();
    loop {
        let (mut client, _) = listener.accept().await.context("accepting")?;
        let upstream = upstream.clone();
        tasks.spawn(async move {
            let mut server = TcpStream::connect(upstream).await?;
            server.set_nodelay(true)?;
            client.set_nodelay(true)?;
            copy_bidirectional(&mut client, &mut server).await?;
            anyhow::Ok(())
        });
    }
}

/// The gateway answers with base64 in JSON; the client of the pass-through speaks the upstream's own
/// protocol. Both open a socket for each picture.
pub(crate) async fn measure(programs: Programs<'_>, time: Duration) -> anyhow::Result<Pair> {
    let upstream = Picturing::start(&["picture-upstream"]).await?;
    let passthrough = Picturing::start(&["picture-passthrough", &upstream.address]).await?;
    let data = tempfile::tempdir()?;
    let settings = [("GROK2API_IMAGE__CONCURRENT", "1000".to_owned())];
    let gateway = Gateway::start_on(data, programs.gateway, &upstream.address, &settings).await?;
    let target = Target::picture(gateway.address());
    let address = passthrough.address.clone();
    let reference = Proxy::Picturing(passthrough);
    let gateway = Proxy::Gateway(gateway);
    let mut pair = Pair::default();
    for _ in 0..TURNS {
        let before = reference.cpu()?;
        pair.reference
            .outcome
            .merge(sockets(&address, time / TURNS).await?);
        pair.reference.cpu += reference.cpu()? - before;
        let load = Load {
            clients: CLIENTS,
            duration: time / TURNS,
        };
        let before = gateway.cpu()?;
        pair.gateway.outcome.merge(load.run(&target).await?);
        pair.gateway.cpu += gateway.cpu()? - before;
    }
    drop(upstream);
    Ok(pair)
}

/// Closed loop over sockets.
async fn sockets(address: &str, time: Duration) -> anyhow::Result<Outcome> {
    let started = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let address = address.to_owned();
        clients.spawn(async move {
            let mut outcome = Outcome::default();
            while started.elapsed() < time {
                outcome.add(&one_picture(&address).await?);
            }
            anyhow::Ok(outcome)
        });
    }
    let mut all = Outcome::default();
    while let Some(outcome) = clients.join_next().await {
        all.merge(outcome??);
    }
    all.elapsed = started.elapsed();
    Ok(all)
}

async fn one_picture(address: &str) -> anyhow::Result<Timing> {
    let asked = Instant::now();
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let url = format!("ws://{address}{PATH}");
    let (mut socket, _) = client_async(url, stream).await?;
    let wish = json!({"item": {"content": [{"type": "input_text"}]}}).to_string();
    socket.send(Message::text(wish)).await?;
    let mut first_byte = None;
    let mut events = 0;
    while let Some(message) = socket.next().await {
        let Message::Text(text) = message? else {
            continue;
        };
        first_byte.get_or_insert_with(|| asked.elapsed());
        events += 1;
        if text.contains("current_status") {
            let whole = asked.elapsed();
            return Ok(Timing {
                first_byte: first_byte.unwrap_or(whole),
                whole,
                events,
            });
        }
    }
    bail!("the socket ended before the picture")
}

impl Frames {
    fn make() -> Self {
        let stage = |percent: u32, kib: usize| {
            let mut file =
                b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x04\0\0\0\x04\0\x08\x02\0\0\0".to_vec();
            file.resize(kib * 1024, 0x55);
            json!({"type": "image", "image_id": "a", "order": 0, "percentage_complete": percent,
                   "blob": STANDARD.encode(file)})
            .to_string()
        };
        let settled = json!({"type": "json", "current_status": "completed", "image_id": "a",
                             "order": 0, "moderated": false});
        Self(vec![
            stage(25, 20),
            stage(60, 80),
            stage(100, 200),
            settled.to_string(),
        ])
    }

    async fn serve(&self, stream: TcpStream) -> anyhow::Result<()> {
        let mut socket = accept_async(stream).await?;
        while let Some(message) = socket.next().await {
            let Message::Text(text) = message? else {
                continue;
            };
            let wish: Value = serde_json::from_str(&text)?;
            if wish["item"]["content"][0]["type"] != "input_text" {
                continue;
            }
            for frame in &self.0 {
                socket.feed(Message::text(frame.as_str())).await?;
            }
            socket.flush().await?;
        }
        Ok(())
    }
}

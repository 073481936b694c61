//! What other instances changed: told on a channel in the script that changes it, remembered here
//! until somebody asks.
//!
//! Channels belong to the whole server, whatever database was chosen, so the name holds its number.
//! What was told while the connection was away is lost: whoever asked before is told to read
//! everything again.

use std::{sync::Arc, time::Duration};

use pool::AccountId;
use redis::{
    AsyncConnectionConfig, Client, ProtocolVersion, PushInfo, PushKind, RedisError, Value,
    aio::MultiplexedConnection, cmd,
};
use tokio::{sync::Notify, time::sleep};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use super::keys::key;
use crate::{Changes, Cursor, ring::Ring, writer::Batch};

/// How long connecting may take, and an answer.
const LIMIT: Duration = Duration::from_secs(3);
/// How often the connection is looked at, which is silent while nothing changes.
const PULSE: Duration = Duration::from_secs(3);
/// Pause before another try to connect; doubles up to the second value.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));
/// Changes that one batch tells. More are told as "everything".
const TOLD: usize = 1000;
const EVERYTHING: &str = "*";
/// What is told of an account, before its id.
const ACCOUNT: &str = "account ";

/// The writer's side.
pub(super) struct Sender {
    /// By which an instance knows its own news.
    instance: Arc<str>,
    channel: String,
}

impl Sender {
    pub(super) fn new(database: i64) -> Self {
        Self {
            instance: Uuid::new_v4().simple().to_string().into(),
            channel: key(&format!("news:{database}")),
        }
    }

    pub(super) fn channel(&self) -> &str {
        &self.channel
    }

    /// What a batch changes, behind who says so; empty when it is nothing of which there are news.
    pub(super) fn text(&self, batch: &Batch<'_>) -> String {
        let changed = batch.changed();
        let told: Vec<_> = changed.iter().map(|id| format!("{ACCOUNT}{id}")).collect();
        if told.is_empty() {
            return String::new();
        }
        if told.len() > TOLD {
            return format!("{} {EVERYTHING}", self.instance);
        }
        // Texts only: this cannot fail.
        let told = serde_json::to_string(&told).unwrap_or_else(|_| EVERYTHING.to_owned());
        format!("{} {told}", self.instance)
    }
}

/// The readers' side: a connection that listens, and what it has heard.
pub(super) struct News {
    heard: Arc<Heard>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

struct Heard {
    instance: Arc<str>,
    ring: Ring,
    lost: Notify,
}

impl News {
    /// Listens to what others tell from now on.
    pub(super) async fn listen(client: &Client, sender: &Sender) -> Result<Self, RedisError> {
        // The third version of the protocol tells news and answers apart on one connection.
        let info = client.get_connection_info().clone();
        let settings = info
            .redis_settings()
            .clone()
            .set_protocol(ProtocolVersion::RESP3);
        let client = Client::open(info.set_redis_settings(settings))?;
        let heard = Arc::new(Heard {
            instance: Arc::clone(&sender.instance),
            ring: Ring::default(),
            lost: Notify::new(),
        });
        let connection = subscribe(&client, &sender.channel, &heard).await?;
        let news = Self {
            heard: Arc::clone(&heard),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        let (stop, channel) = (news.stop.clone(), sender.channel.clone());
        news.tasks.spawn(async move {
            let keeping = keep_listening(client, channel, heard, connection);
            stop.run_until_cancelled(keeping).await
        });
        news.tasks.close();
        Ok(news)
    }

    pub(super) fn since(&self, cursor: Option<Cursor>) -> Changes {
        self.heard.ring.since(cursor)
    }

    pub(super) async fn close(&self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

impl Drop for News {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn keep_listening(
    client: Client,
    channel: String,
    heard: Arc<Heard>,
    mut connection: MultiplexedConnection,
) {
    loop {
        while is_alive(&mut connection, &heard).await {}
        let mut pause = BACKOFF.0;
        connection = loop {
            match subscribe(&client, &channel, &heard).await {
                Ok(connection) => break connection,
                Err(error) => tracing::debug!(%error, "no news of other instances: {error}"),
            }
            sleep(pause).await;
            pause = (pause * 2).min(BACKOFF.1);
        };
        heard.ring.lose();
    }
}

/// Waits for a while; whether the connection answers after it.
async fn is_alive(connection: &mut MultiplexedConnection, heard: &Heard) -> bool {
    tokio::select! {
        () = heard.lost.notified() => false,
        () = sleep(PULSE) => cmd("PING").exec_async(connection).await.is_ok(),
    }
}

async fn subscribe(
    client: &Client,
    channel: &str,
    heard: &Arc<Heard>,
) -> Result<MultiplexedConnection, RedisError> {
    let hearing = Arc::clone(heard);
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(LIMIT))
        .set_response_timeout(Some(LIMIT))
        .set_push_sender(move |push| {
            hearing.hear(push);
            Ok::<_, redis::aio::SendError>(())
        });
    let connecting = client.get_multiplexed_async_connection_with_config(&config);
    let mut connection = connecting.await?;
    connection.subscribe(channel).await?;
    Ok(connection)
}

impl Heard {
    fn hear(&self, push: PushInfo) {
        match push.kind {
            PushKind::Disconnection => self.lost.notify_one(),
            // Channel and text.
            PushKind::Message => match push.data.get(1) {
                Some(Value::BulkString(text)) => self.read(&String::from_utf8_lossy(text)),
                _ => self.ring.lose(),
            },
            _ => {}
        }
    }

    fn read(&self, text: &str) {
        let (instance, told) = text.split_once(' ').unwrap_or_default();
        if instance == &*self.instance {
            return;
        }
        // Also when a newer version tells something in another form.
        let Ok(told) = serde_json::from_str::<Vec<String>>(told) else {
            return self.ring.lose();
        };
        for one in told {
            match one.strip_prefix(ACCOUNT) {
                Some(id) => self.ring.push(AccountId::new(id)),
                None => self.ring.lose(),
            }
        }
    }
}

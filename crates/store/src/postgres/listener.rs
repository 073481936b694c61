//! Listens to other instances, on a connection of its own.

use std::{sync::Arc, time::Duration};

use sqlx::{
    Error, Executor,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::time::{sleep, timeout};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};
use uuid::Uuid;

use crate::{Changes, Cursor, ring::Ring};

use super::{
    connection::{CONNECT_LIMIT, no_answer},
    news::{CHANNEL, News, name},
};

/// How long it may be quiet before we look whether the connection still works.
const QUIET: Duration = Duration::from_secs(15);
/// Pause before a lost connection is made again; doubles up to the second value.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

const SETTINGS: &str = "SET idle_session_timeout = 0; SET tcp_keepalives_idle = 30; \
     SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3";

/// What others change, from the moment on at which it is started.
pub(super) struct Listener {
    ring: Arc<Ring>,
    tasks: TaskTracker,
    stop: CancellationToken,
    _guard: DropGuard,
}

impl Listener {
    /// Listens; changes of `instance` itself are left out.
    pub(super) async fn start(options: &PgConnectOptions, instance: Uuid) -> Result<Self, Error> {
        let connection = listen(options).await?;
        let (ring, stop) = (Arc::<Ring>::default(), CancellationToken::new());
        let tasks = TaskTracker::new();
        let ear = Ear {
            options: options.clone(),
            instance: name(instance),
            ring: Arc::clone(&ring),
        };
        let stopped = stop.clone();
        tasks.spawn(async move {
            tokio::select! {
                () = stopped.cancelled() => {}
                () = ear.run(connection) => {}
            }
        });
        tasks.close();
        Ok(Self {
            ring,
            tasks,
            _guard: stop.clone().drop_guard(),
            stop,
        })
    }

    pub(super) fn since(&self, cursor: Option<Cursor>) -> Changes {
        self.ring.since(cursor)
    }

    pub(super) async fn close(&self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

/// What the task needs.
struct Ear {
    options: PgConnectOptions,
    /// Its own name.
    instance: String,
    ring: Arc<Ring>,
}

impl Ear {
    async fn run(self, mut connection: PgListener) {
        loop {
            self.hear(&mut connection).await;
            tracing::warn!("the connection that brings news of other instances is lost");
            drop(connection);
            connection = self.listen_again().await;
            // What was told in between is not coming any more.
            self.ring.lose();
            tracing::info!("news of other instances arrive again");
        }
    }

    /// Until the connection is lost.
    async fn hear(&self, connection: &mut PgListener) {
        loop {
            match timeout(QUIET, connection.try_recv()).await {
                Ok(Ok(Some(notification))) => self.tell(notification.payload()),
                Ok(Ok(None) | Err(_)) => return,
                Err(_) => match timeout(CONNECT_LIMIT, connection.execute("SELECT 1")).await {
                    Ok(Ok(_)) => {}
                    _ => return,
                },
            }
        }
    }

    fn tell(&self, payload: &str) {
        match News::read(payload) {
            Some(news) if news.from == self.instance => {}
            Some(news) if news.is_incomplete => self.ring.lose(),
            Some(news) => news.changed().for_each(|account| self.ring.push(account)),
            None => tracing::warn!("a notification on channel {CHANNEL} is not one of ours"),
        }
    }

    async fn listen_again(&self) -> PgListener {
        let mut pause = BACKOFF.0;
        loop {
            sleep(pause).await;
            if let Ok(connection) = listen(&self.options).await {
                return connection;
            }
            pause = (pause * 2).min(BACKOFF.1);
        }
    }
}

async fn listen(options: &PgConnectOptions) -> Result<PgListener, Error> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .acquire_timeout(CONNECT_LIMIT)
        .after_connect(|connection, _| {
            Box::pin(async move { connection.execute(SETTINGS).await.map(drop) })
        })
        .connect_lazy_with(options.clone());
    let listening = async {
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.ignore_pool_close_event(true);
        // A lost connection is told, not made again behind our back.
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await?;
        Ok(listener)
    };
    let listened = timeout(CONNECT_LIMIT, listening).await;
    listened.unwrap_or_else(|_| Err(no_answer(CONNECT_LIMIT)))
}

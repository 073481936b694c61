//! The writing connection.

use std::time::Duration;

use async_trait::async_trait;
use redis::{AsyncConnectionConfig, Client, RedisError, aio::MultiplexedConnection};

use crate::writer::{Batch, Done, Engine, WriteError, recall};

use super::{
    error::{classify, outage},
    keys::{PREFIX, key},
    news::Sender,
    pack::pack,
    scripts::BATCH,
};

const CONNECT_LIMIT: Duration = Duration::from_secs(3);
/// How long the answer to a batch is waited for. What comes later was not lost: the mark tells.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// How long the mark of a writer stays behind its last batch: longer than an outage lasts in which
/// that writer still tries. 30 days.
const MARK_SECS: u32 = 30 * 24 * 60 * 60;

pub(super) struct RedisEngine {
    client: Client,
    /// Absent after a failure, until the next batch connects again.
    connection: Option<MultiplexedConnection>,
    news: Sender,
}

impl RedisEngine {
    pub(super) fn new(client: Client, connection: MultiplexedConnection, news: Sender) -> Self {
        Self {
            client,
            connection: Some(connection),
            news,
        }
    }
}

/// For openings and for the writer.
pub(super) async fn connect(client: &Client) -> Result<MultiplexedConnection, RedisError> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_LIMIT))
        .set_response_timeout(Some(ANSWER_LIMIT));
    client
        .get_multiplexed_async_connection_with_config(&config)
        .await
}

#[async_trait]
impl Engine for RedisEngine {
    async fn apply(&mut self, batch: &Batch<'_>) -> Result<Vec<Done>, WriteError> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            None => {
                let connection = connect(&self.client).await;
                self.connection
                    .insert(connection.map_err(|error| outage(&error))?)
            }
        };
        let news = self.news.text(batch);
        let mark = key(&format!("batch:{}", batch.id.writer.simple()));
        let answer: Vec<String> = BATCH
            .run(connection, &mark, |call| {
                call.arg(PREFIX).arg(batch.id.number).arg(MARK_SECS);
                call.arg(self.news.channel()).arg(&news);
                pack(call, batch);
            })
            .await
            .map_err(|error| classify(&error))?;
        match answer.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["done", done] => Ok(recall(done)),
            ["refused", what, id] => Err(WriteError::Refused(format!("{what} has `{id}` already"))),
            _ => Err(WriteError::Unclear(
                "an older batch came after a newer one of the same writer".to_owned(),
            )),
        }
    }

    fn disconnect(&mut self) {
        self.connection = None;
    }

    async fn close(&mut self) {
        self.disconnect();
    }
}

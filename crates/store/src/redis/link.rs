//! The connection that reads: one for all, made when first used and again when it is lost.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use redis::{
    Client, Cmd, FromRedisValue, Pipeline, RedisError,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use tokio::{sync::OnceCell, time::timeout};

use super::error::failed;
use crate::StoreError;

/// How long a try to connect may take, and an answer.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// All of one read.
const READ_LIMIT: Duration = Duration::from_secs(8);

pub(super) struct Link {
    client: Client,
    manager: OnceCell<ConnectionManager>,
    is_closed: AtomicBool,
}

impl Link {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            manager: OnceCell::new(),
            is_closed: AtomicBool::new(false),
        }
    }

    /// Another connection to the same server.
    pub(super) fn another(&self) -> Self {
        Self::new(self.client.clone())
    }

    /// The answer to one command.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: Cmd) -> Result<T, StoreError> {
        let mut pipe = redis::pipe();
        pipe.add_command(command);
        let (answer,) = self.ask_all::<(T,)>(&pipe).await?;
        Ok(answer)
    }

    /// The answers to several commands. Reading twice does no harm: what was on its way when the
    /// connection was lost is asked again on a new one.
    pub(super) async fn ask_all<T: FromRedisValue>(
        &self,
        pipe: &Pipeline,
    ) -> Result<T, StoreError> {
        if self.is_closed.load(Ordering::Acquire) {
            return Err(StoreError::Closed);
        }
        let asking = async {
            match self.try_all(pipe).await {
                Err(error) if error.is_connection_dropped() => self.try_all(pipe).await,
                answer => answer,
            }
        };
        let late = |_| StoreError::Database(format!("no answer within {READ_LIMIT:?}").into());
        timeout(READ_LIMIT, asking)
            .await
            .map_err(late)?
            .map_err(failed)
    }

    async fn try_all<T: FromRedisValue>(&self, pipe: &Pipeline) -> Result<T, RedisError> {
        let connect =
            || async { ConnectionManager::new_lazy_with_config(self.client.clone(), config()) };
        let mut manager = self.manager.get_or_try_init(connect).await?.clone();
        pipe.query_async(&mut manager).await
    }

    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
    }
}

fn config() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_number_of_retries(1)
        .set_min_delay(Duration::from_millis(50))
        .set_max_delay(Duration::from_millis(200))
        .set_connection_timeout(Some(CONNECT_LIMIT))
        .set_response_timeout(Some(ANSWER_LIMIT))
}

//! The scripts that the server runs. They are sent by their hash; a server that has restarted does
//! not know them any more and is given the text again.

use std::sync::LazyLock;

use redis::{
    Cmd, ErrorKind, FromRedisValue, RedisError, Script, ServerErrorKind,
    aio::MultiplexedConnection, cmd,
};

/// A text of ours and its hash.
pub(super) struct Text {
    text: &'static str,
    hash: String,
}

impl Text {
    fn new(text: &'static str) -> Self {
        Self {
            text,
            hash: Script::new(text).get_hash().to_owned(),
        }
    }

    /// Runs it with one key; `fill` adds the arguments.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        connection: &mut MultiplexedConnection,
        key: &str,
        fill: impl Fn(&mut Cmd),
    ) -> Result<T, RedisError> {
        let call = |command: &str, script: &str| {
            let mut call = cmd(command);
            call.arg(script).arg(1).arg(key);
            fill(&mut call);
            call
        };
        match call("EVALSHA", &self.hash).query_async(connection).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                call("EVAL", self.text).query_async(connection).await
            }
            answer => answer,
        }
    }
}

pub(super) static OPEN: LazyLock<Text> =
    LazyLock::new(|| Text::new(include_str!("scripts/open.lua")));

/// Applies a batch; see `begin.lua` for its arguments.
pub(super) static BATCH: LazyLock<Text> = LazyLock::new(|| {
    Text::new(concat!(
        include_str!("scripts/begin.lua"),
        include_str!("scripts/accounts.lua"),
        include_str!("scripts/requests.lua"),
        include_str!("scripts/settings.lua"),
        include_str!("scripts/sessions.lua"),
        include_str!("scripts/locks.lua"),
        include_str!("scripts/video_jobs.lua"),
        include_str!("scripts/media.lua"),
        include_str!("scripts/documents.lua"),
        include_str!("scripts/run.lua"),
    ))
});

//! What a server must be to keep the store: looked at before anything is written.

use std::{collections::HashMap, time::Duration};

use redis::{Client, ErrorKind, RedisError, ServerErrorKind, aio::MultiplexedConnection, cmd};
use tokio::time::{Instant, sleep};

use super::{engine::connect, error};
use crate::StoreError;

/// The oldest version whose scripts are refused before they begin, not in the middle.
const OLDEST: (u32, u32) = (7, 0);
/// How long a server may still load its data.
const LOADING: Duration = Duration::from_secs(6);
const LOADING_PAUSE: Duration = Duration::from_millis(100);
const LOGIN: &str = "it refuses the login; look at user name and password in the URL";

/// Connects, and looks at the server.
pub(super) async fn meet(client: &Client) -> Result<MultiplexedConnection, StoreError> {
    let explain = |error: RedisError| explain(client, &error);
    let end = Instant::now() + LOADING;
    let (mut connection, info) = loop {
        let met = async {
            let mut connection = connect(client).await?;
            let info: String = cmd("INFO").query_async(&mut connection).await?;
            Ok((connection, info))
        };
        match met.await {
            Ok((_, info)) if says(&info, "loading", "1") && Instant::now() < end => {}
            Err(error) if is_loading(&error) && Instant::now() < end => {}
            met => break met.map_err(explain)?,
        }
        sleep(LOADING_PAUSE).await;
    };
    look(&read_info(&info)).map_err(|reason| unusable(client, reason))?;
    warn_of_losses(&read_info(&info), &mut connection).await;
    Ok(connection)
}

fn read_info(info: &str) -> HashMap<&str, &str> {
    info.lines()
        .filter_map(|line| line.trim().split_once(':'))
        .collect()
}

fn says(info: &str, name: &str, value: &str) -> bool {
    read_info(info).get(name) == Some(&value)
}

fn is_loading(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::BusyLoading)
}

/// The error is a sentence.
fn look(info: &HashMap<&str, &str>) -> Result<(), String> {
    let get = |name| info.get(name).copied().unwrap_or_default();
    let version = get("redis_version");
    let mut numbers = version.split('.').map_while(|number| number.parse().ok());
    if (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) < OLDEST {
        let (major, minor) = OLDEST;
        return Err(format!(
            "Redis {version} is too old; upgrade to {major}.{minor} or newer, or to Valkey"
        ));
    }
    if get("cluster_enabled") == "1" {
        return Err(
            "it is part of a Redis Cluster, where only one slot would be used; name a server of its \
             own, or a primary with replicas"
                .to_owned(),
        );
    }
    if get("role") != "master" {
        return Err("it is a replica, which cannot be written; name its primary".to_owned());
    }
    let policy = get("maxmemory_policy");
    if policy != "noeviction" {
        return Err(format!(
            "with maxmemory-policy {policy} it would forget accounts when its memory is full; set it \
             with `CONFIG SET maxmemory-policy noeviction` and in redis.conf"
        ));
    }
    Ok(())
}

/// What a crash of the server would take, and the setting that mends it.
async fn warn_of_losses(info: &HashMap<&str, &str>, connection: &mut MultiplexedConnection) {
    if info.get("aof_enabled") != Some(&"1") {
        tracing::warn!(
            "Redis keeps what it has acknowledged in memory only until its next snapshot: set \
             `appendonly yes`"
        );
        return;
    }
    let mut get = cmd("CONFIG");
    get.arg("GET").arg("appendfsync");
    // Many logins may not ask that; then nothing is known and nothing is said.
    let setting: Result<HashMap<String, String>, _> = get.query_async(connection).await;
    if setting.is_ok_and(|setting| setting.get("appendfsync").is_some_and(|when| when == "no")) {
        tracing::warn!(
            "Redis leaves it to the system when its file is written: set `appendfsync everysec`, \
             or `always` to lose nothing in a power cut"
        );
    }
}

fn unusable(client: &Client, reason: String) -> StoreError {
    StoreError::Unusable {
        server: client.get_connection_info().addr().to_string(),
        reason,
    }
}

/// It takes the connection, or not even that, and says nothing.
pub(super) fn silent(client: &Client) -> StoreError {
    let reason = "it does not answer; look at host, port and firewall, and at how busy it is";
    unusable(client, reason.to_owned())
}

/// What is wrong when an opening fails, in one sentence and with nothing secret.
pub(super) fn explain(client: &Client, error: &RedisError) -> StoreError {
    let detail = error.detail().unwrap_or_default();
    // A refusal while a connection is set up comes in the driver's words, with the server's behind.
    let text = error.to_string();
    let reason = match (error.kind(), error.code().unwrap_or_default()) {
        (ErrorKind::AuthenticationFailed, _) | (_, "WRONGPASS" | "NOAUTH") => LOGIN.to_owned(),
        _ if text.contains("Authentication required") => LOGIN.to_owned(),
        _ if error::is_missing_right(error) => format!(
            "the login lacks a right ({detail}); as an operator of the server run: ACL SETUSER NAME \
             ~{{grok2api}}:* &{{grok2api}}:* +@all -@dangerous +info"
        ),
        (ErrorKind::Io, _) if error.is_timeout() => return silent(client),
        (ErrorKind::Io, _) if text.contains("certificate") => format!(
            "it is not trusted ({text}); `?ca=FILE` behind the URL names the certificate that is"
        ),
        (ErrorKind::Io, _) => format!("it cannot be reached ({text}); look at host and port"),
        (_, "LOADING") => "it still loads its data; try again later".to_owned(),
        _ if text.contains("DB index is out of range") => format!(
            "it has no database {}; look at `databases` in redis.conf",
            client.get_connection_info().redis_settings().db()
        ),
        _ => format!("it answers: {text}"),
    };
    unusable(client, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_refused_for_what_they_are() {
        let good = "redis_version:7.0.0\r\ncluster_enabled:0\r\nrole:master\r\n\
                    maxmemory_policy:noeviction\r\n# comment\r\n";
        let refusal = |from: &str, to: &str| look(&read_info(&good.replace(from, to))).err();
        assert_eq!(refusal("7.0.0", "8.2.1"), None);
        for (from, to, expected) in [
            ("7.0.0", "6.2.14", "Redis 6.2.14 is too old; upgrade to 7.0"),
            ("enabled:0", "enabled:1", "Redis Cluster"),
            ("role:master", "role:slave", "name its primary"),
            ("noeviction", "volatile-ttl", "`CONFIG SET maxmemory-policy"),
        ] {
            let reason = refusal(from, to).unwrap_or_default();
            assert!(reason.contains(expected), "{to}: {reason}");
        }
    }
}

//! What a URL says of the connection.

use std::{fs, time::Duration};

use redis::{
    Client, ConnectionInfo, IntoConnectionInfo, RedisError, TlsCertificates,
    io::tcp::{TcpSettings, socket2::TcpKeepalive},
    parse_redis_url,
};

use crate::StoreError;

/// After so much silence a connection is asked whether its other end is still there, and how often
/// until it counts as lost.
const KEEPALIVE: (Duration, Duration, u32) = (Duration::from_secs(15), Duration::from_secs(5), 3);
/// Names the file of the certificates to trust, for a server with one that no public authority signed.
const CA: &str = "ca";
const FORM: &str = "write `redis://[USER]:PASSWORD@HOST:PORT/DATABASE`, `rediss://…` or \
                    `redis+unix:///SOCKET?db=DATABASE`";

/// Does not connect yet.
pub(super) fn of(url: &str) -> Result<Client, StoreError> {
    let parsed = parse_redis_url(url).ok_or_else(|| bad(FORM))?;
    let ca = parsed.query_pairs().find(|(name, _)| name == CA);
    let ca = ca.map(|(_, file)| file.into_owned());
    let is_encrypted = parsed.scheme() == "rediss";
    let info = parsed
        .into_connection_info()
        .map_err(|error| refused(&error))?;
    let info = info.set_tcp_settings(tcp());
    let client = match ca {
        Some(_) if !is_encrypted => return Err(bad("`ca` is for `rediss://` alone")),
        Some(file) => trusting(info, file)?,
        None => Client::open(info).map_err(|error| refused(&error))?,
    };
    Ok(client)
}

fn tcp() -> TcpSettings {
    let (time, interval, tries) = KEEPALIVE;
    let keepalive = TcpKeepalive::new().with_time(time);
    #[cfg(unix)]
    let keepalive = keepalive.with_interval(interval).with_retries(tries);
    TcpSettings::default()
        .set_nodelay(true)
        .set_keepalive(keepalive)
}

fn trusting(info: ConnectionInfo, file: String) -> Result<Client, StoreError> {
    let root_cert = fs::read(&file).map_err(|cause| StoreError::Files {
        doing: "read the certificates in",
        path: file.into(),
        cause,
    })?;
    let certificates = TlsCertificates {
        client_tls: None,
        root_cert: Some(root_cert),
    };
    Client::build_with_tls(info, certificates).map_err(|error| refused(&error))
}

/// Its own words may repeat a part of the URL: only those that are ours to choose are told.
fn refused(error: &RedisError) -> StoreError {
    let text = error.to_string();
    let reason = match text.split(" - ").next().unwrap_or_default() {
        "Invalid database number" => "the database behind the last `/` is not a number",
        "Missing hostname" => "it names no host",
        "Missing path" => "it names no socket",
        _ => FORM,
    };
    bad(reason)
}

fn bad(reason: &str) -> StoreError {
    StoreError::BadUrl {
        reason: reason.to_owned(),
    }
}

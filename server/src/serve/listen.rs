//! The listening socket.

use std::net::SocketAddr;

use anyhow::Context;
use settings::Config;
use tokio::net::{TcpListener, TcpSocket};

/// Connections that may wait to be accepted. With the usual 128 a thousand clients at once overflow
/// it, and each one that does not fit waits a second before it tries again. The system may allow
/// fewer (`net.core.somaxconn`).
const BACKLOG: u32 = 4096;

/// Listens where `[server]` says.
///
/// # Errors
/// The address is not this machine's, or another program uses the port.
pub(super) async fn bind(config: &Config) -> anyhow::Result<TcpListener> {
    let (host, port) = (config.server.host.as_str(), config.server.port);
    let listen = async {
        let mut last = std::io::ErrorKind::AddrNotAvailable.into();
        for address in tokio::net::lookup_host((host, port)).await? {
            match listen(address) {
                Ok(listener) => return Ok(listener),
                Err(error) => last = error,
            }
        }
        Err(last)
    };
    listen.await.with_context(|| {
        format!(
            "listening on {host}:{port}; is another program using the port? Choose one with \
             SERVER_PORT"
        )
    })
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // Else a restart would have to wait for the connections of the process before.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

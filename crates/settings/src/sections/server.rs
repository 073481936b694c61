//! `[server]`: where this server listens and where it keeps its data.

use std::net::IpAddr;

use crate::choices::StorageType;
use crate::declare::section;
use crate::values::{Text, Texts};

section! {
    /// `[server]`: listening, draining, limits, storage.
    ServerConfig {
        /// Address to listen on; 0.0.0.0 = every network, 127.0.0.1 = this machine only.
        /// Variable: SERVER_HOST.
        host: String = "0.0.0.0".to_owned(), Text::Host, restart;
        /// Port; 0 = any free one. Variable: SERVER_PORT.
        port: u16 = 8000, 0..=65535, restart;
        /// After SIGTERM, how long running streams may take to finish, in seconds.
        drain_secs: u64 = 30, 0..=3600, restart;
        /// Runtime threads; 0 or 1 = one per core. Variable: SERVER_WORKERS.
        workers: u32 = 0, 0..=512, restart;
        /// Reverse proxies whose `X-Forwarded-For` is believed: addresses or networks.
        trusted_proxies: Vec<String> = Vec::new(), Texts::Networks;
        /// Names under which browsers may open the pages (and programs an API without a key), besides
        /// this machine's, IP addresses, names without a dot or of a local network, and app.app_url.
        allowed_hosts: Vec<String> = Vec::new(), Texts::Names;
        /// Connections at the same time; more are refused. Each is a file descriptor, and each
        /// running answer needs one more: a smaller limit of open files lowers this one.
        max_connections: u32 = 10_000, 16..=1_000_000;
        /// Of these, connections from one address (of IPv6: from one /64 network), and never more
        /// than half of all. This machine and trusted proxies may have them all.
        max_connections_per_address: u32 = 1_000, 1..=1_000_000;
        /// Answers over HTTP/2 on their way at the same time that are no streams; more are refused for
        /// a moment. Clients of HTTP/2 may keep them waiting, each in memory.
        max_http2_answers: u32 = 256, 1..=1_000_000;
        /// How long a client may take to send a request's head, or to stay silent between two
        /// requests, in seconds.
        header_timeout_secs: u64 = 30, 1..=3600;
        /// How long a client may pause while it sends a body, in seconds. The whole body may take
        /// twenty times as long.
        body_timeout_secs: u64 = 30, 1..=3600;
        /// How long a client may leave what is sent to it unread, in seconds.
        send_timeout_secs: u64 = 30, 1..=3600;
        /// Largest request body, in MiB.
        max_body_mb: u64 = 32, 1..=4096;
        /// Request bodies in memory at the same time, and what is read of kept responses and conversations,
        /// in MiB; more are refused for a moment.
        bodies_in_memory_mb: u64 = 256, 1..=1_048_576;
        /// ERROR, WARNING, INFO or DEBUG, or a filter such as "info,server=debug".
        /// Variable: LOG_LEVEL.
        log_level: String = "info".to_owned(), Text::Header;
        /// Where accounts and usage are kept: "local" = one SQLite file in the data folder, or
        /// "redis", "mysql" (also MariaDB) or "pgsql", which several instances may share.
        /// Variable: SERVER_STORAGE_TYPE.
        storage_type: StorageType = StorageType::Local, (), restart;
        /// Address of the database. For "local": empty, or "sqlite:PATH" for another file. Else like
        /// "redis://:PASSWORD@HOST:6379/0", "mysql://USER:PASSWORD@HOST:3306/DATABASE" or
        /// "postgresql://USER:PASSWORD@HOST:5432/DATABASE". Variable: SERVER_STORAGE_URL.
        storage_url: String = String::new(), Text::Database, restart;
    }
}

impl ServerConfig {
    /// Whether only this machine can connect.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let address: Result<IpAddr, _> = self.host.parse();
        address.map_or(self.host == "localhost", |address| address.is_loopback())
    }
}

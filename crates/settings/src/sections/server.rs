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
        /// Largest request body, in MiB.
        max_body_mb: u64 = 96, 1..=4096;
        /// ERROR, WARNING, INFO or DEBUG, or a filter such as "info,server=debug".
        /// Variable: LOG_LEVEL.
        log_level: String = "info".to_owned(), Text::Header;
        /// Where accounts and usage are kept: "local" = one SQLite file in the data folder.
        /// Variable: SERVER_STORAGE_TYPE.
        storage_type: StorageType = StorageType::Local, (), reserved;
        /// Address of the database: empty = a file in the data folder, "sqlite:PATH" = another
        /// file. Variable: SERVER_STORAGE_URL.
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

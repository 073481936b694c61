//! Why a file was not stored.

use std::{error::Error, io};

/// Why a file was not stored.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    #[error("it is no picture that this server knows")]
    NotAPicture,
    #[error("it is no video that this server knows")]
    NotAVideo,
    #[error("it is larger than {limit_bytes} bytes")]
    TooLarge { limit_bytes: u64 },
    /// What the file came from broke off.
    #[error("{0}")]
    Source(Box<dyn Error + Send + Sync>),
    #[error("the disk is full, or less than `cache.min_free_mb` would stay free")]
    Full,
    #[error("{0}")]
    Io(#[source] io::Error),
}

impl From<io::Error> for MediaError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Io(error),
        }
    }
}

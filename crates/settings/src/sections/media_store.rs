//! `[media]`: where generated files are kept, and who may open their addresses. `[files]`: what callers
//! upload.

use secrecy::SecretString;

use crate::declare::section;
use crate::values::Text;

section! {
    /// `[media]`: where generated images and videos are kept.
    MediaConfig {
        /// Empty = the folder media of the data folder. "s3://BUCKET" or "s3://BUCKET/PREFIX" = a
        /// bucket of an S3-compatible service. Servers that share it serve each other's files, and each
        /// keeps its own within `cache.limit_mb`.
        url: String = String::new(), Text::Bucket, restart;
        /// Address of the service; empty = `AWS_ENDPOINT_URL`, else Amazon's.
        endpoint: String = String::new(), Text::HttpUrl, restart;
        /// Empty = `AWS_REGION`, else us-east-1.
        region: String = String::new(), Text::Any, restart;
        /// Whether the bucket stands in the path (most services) or before the host's name.
        path_style: bool = true, (), restart;
        /// Empty = `AWS_ACCESS_KEY_ID`.
        access_key_id: SecretString = SecretString::default(), (), restart;
        /// Empty = `AWS_SECRET_ACCESS_KEY`.
        secret_access_key: SecretString = SecretString::default(), (), restart;
        /// Empty = `AWS_SESSION_TOKEN`.
        session_token: SecretString = SecretString::default(), (), restart;
        /// Whether addresses of generated files end, and open only with their signature. Those that
        /// were given out before then open no more.
        signed_links: bool = false, ();
        /// Hours for which such an address opens its file, and up to one more.
        link_lifetime: u32 = 24, 1..=8760;
    }
}

section! {
    /// `[files]`: files that callers upload. They lie where generated files do (`media.url`), and
    /// `cache.min_free_mb` stays free while they come.
    FilesConfig {
        /// Whether callers may upload files to name them in chats by their ids (`/v1/files`).
        enabled: bool = true, ();
        /// Largest file, in MiB. All files of one chat may have 64 MiB together.
        max_file_mb: u64 = 64, 1..=512;
        /// Files of one caller (one key) at once.
        max_files: u32 = 1000, 1..=10_000;
        /// MiB of all files of one caller.
        max_total_mb: u64 = 1024, 1..=1_000_000;
        /// Hours that a file is kept; an upload may ask for less (`expires_after`).
        keep_hours: u32 = 720, 1..=8760;
    }
}

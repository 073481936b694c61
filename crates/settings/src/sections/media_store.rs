//! `[media]`: where generated files are kept, and who may open their addresses.

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

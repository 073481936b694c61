//! Files that callers upload (`crates/openai/src/files`), and generated ones.

#![expect(
    dead_code,
    reason = "shapes are read by the derive and never constructed"
)]

use utoipa::{IntoParams, ToSchema};

use super::common::{ListWord, Order, words};

words! {
    FileWord = "file",
    ProcessedWord = "processed",
    CreatedAtWord = "created_at",
}

/// The form of an upload.
#[derive(ToSchema)]
pub(in crate::http) struct FileUpload {
    /// The file; at most `files.max_file_mb`.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// What it is for.
    purpose: UploadPurpose,
    /// With `expires_after[seconds]`: from when on that counts.
    #[schema(rename = "expires_after[anchor]", inline, nullable = false)]
    anchor: Option<CreatedAtWord>,
    /// After how many seconds the file is deleted.
    #[schema(
        rename = "expires_after[seconds]",
        minimum = 3600,
        maximum = 2592000,
        nullable = false
    )]
    seconds: Option<u64>,
}

/// What a file is for; `assistants` counts as `user_data`.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum UploadPurpose {
    UserData,
    Vision,
    Assistants,
}

/// What a file is for.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum Purpose {
    UserData,
    Vision,
}

/// Which files.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct FilePage {
    /// Files of the page.
    #[param(minimum = 1, maximum = 10000, default = 100)]
    limit: Option<u32>,
    /// The id of the last file of the page before.
    #[param(min_length = 1, max_length = 128, pattern = "^[A-Za-z0-9_-]+$")]
    after: Option<String>,
    /// By the time of the upload.
    #[param(inline)]
    order: Option<Order>,
    /// Only files for this.
    #[param(inline)]
    purpose: Option<UploadPurpose>,
}

/// One file.
#[derive(ToSchema)]
pub(in crate::http) struct File {
    id: String,
    #[schema(inline)]
    object: FileWord,
    bytes: u64,
    /// Unix seconds, as the other time.
    created_at: i64,
    /// `null`: it stays until it is deleted.
    #[schema(required)]
    expires_at: Option<i64>,
    filename: String,
    purpose: Purpose,
    #[schema(inline)]
    status: ProcessedWord,
    /// Always `null`.
    #[schema(required)]
    status_details: Option<String>,
}

/// A page of files.
#[derive(ToSchema)]
pub(in crate::http) struct FileList {
    #[schema(inline)]
    object: ListWord,
    data: Vec<File>,
    #[schema(required)]
    first_id: Option<String>,
    #[schema(required)]
    last_id: Option<String>,
    has_more: bool,
}

/// Where a generated file is.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::http) struct MediaPlace {
    /// What the file is.
    #[param(inline)]
    kind: MediaKind,
    /// Its name, as an answer gave it: a hash and an ending.
    name: String,
}

/// What a generated file is.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum MediaKind {
    Image,
    Video,
}

/// Which picture.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::http) struct ThumbnailPlace {
    /// The name of the picture, as an answer gave it.
    name: String,
}

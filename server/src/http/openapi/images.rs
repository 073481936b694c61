//! Pictures (`crates/openai/src/images`).

#![expect(
    dead_code,
    reason = "shapes are read by the derive and never constructed"
)]

use utoipa::ToSchema;

use super::common::{OneOrMany, words};

words! {
    OpaqueWord = "opaque",
}

/// What pictures are asked for with.
#[derive(ToSchema)]
pub(in crate::http) struct ImageRequest {
    /// A model that makes pictures; the first of the list where nothing is said.
    #[schema(max_length = 256)]
    model: Option<String>,
    /// What is to be seen, in at most 32 KiB without control characters.
    #[schema(min_length = 1, max_length = 32768)]
    prompt: String,
    /// How many pictures; at most 6 with `stream`.
    #[schema(minimum = 1, maximum = 10, default = 1)]
    n: Option<u32>,
    /// The size or the ratio.
    size: Option<ImageSize>,
    /// The ratio, where `size` says nothing.
    aspect_ratio: Option<ImageSize>,
    /// `high` and `hd` ask for the better model.
    quality: Option<ImageQuality>,
    /// Must not be `transparent`.
    background: Option<String>,
    /// How pictures are returned; `app.image_format`, or base64 in events, where nothing is said.
    response_format: Option<ImageFormat>,
    /// Whether the pictures come as events.
    stream: Option<bool>,
    /// Unfinished stages of each picture that events show at most.
    #[schema(minimum = 0, maximum = 3)]
    partial_images: Option<u32>,
    /// `false`: no adult pictures. `true` asks for no more than `image.nsfw` allows.
    nsfw: Option<bool>,
    /// Who asks the caller; has no effect.
    user: Option<String>,
}

/// What an edit is asked for with, as JSON.
#[derive(ToSchema)]
pub(in crate::http) struct ImageEditRequest {
    /// A model that edits pictures; the first of the list where nothing is said.
    #[schema(max_length = 256)]
    model: Option<String>,
    /// What is to be changed, in at most 32 KiB without control characters.
    #[schema(min_length = 1, max_length = 32768)]
    prompt: String,
    /// The image or images, by address, as data URI, or as objects with one of them; up to 16.
    image: Option<ImageInputs>,
    /// The same.
    image_url: Option<ImageInputs>,
    /// The same.
    images: Option<ImageInputs>,
    /// How many pictures; at most 6 with `stream`.
    #[schema(minimum = 1, maximum = 10, default = 1)]
    n: Option<u32>,
    /// The size or the ratio.
    size: Option<ImageSize>,
    /// The ratio, where `size` says nothing.
    aspect_ratio: Option<ImageSize>,
    /// `high` and `hd` ask for the better model.
    quality: Option<ImageQuality>,
    /// Must not be `transparent`.
    background: Option<String>,
    /// How pictures are returned; `app.image_format`, or base64 in events, where nothing is said.
    response_format: Option<ImageFormat>,
    /// Whether the pictures come as events.
    stream: Option<bool>,
    /// Unfinished stages of each picture that events show at most.
    #[schema(minimum = 0, maximum = 3)]
    partial_images: Option<u32>,
    /// `false`: no adult pictures. `true` asks for no more than `image.nsfw` allows.
    nsfw: Option<bool>,
    /// Who asks the caller; has no effect.
    user: Option<String>,
}

/// What an edit is asked for with, as a form.
#[derive(ToSchema)]
pub(in crate::http) struct ImageEditForm {
    /// What is to be changed, in at most 32 KiB without control characters.
    #[schema(min_length = 1, max_length = 32768)]
    prompt: String,
    /// A file of at most 50 MiB, or the address of one. Several: more fields of this name or of `image[]`.
    #[schema(value_type = String, format = Binary)]
    image: Vec<u8>,
    #[schema(max_length = 256, nullable = false)]
    model: Option<String>,
    #[schema(minimum = 1, maximum = 10, default = 1, nullable = false)]
    n: Option<u32>,
    #[schema(nullable = false)]
    size: Option<ImageSize>,
    #[schema(nullable = false)]
    response_format: Option<ImageFormat>,
    #[schema(nullable = false)]
    stream: Option<bool>,
}

/// One image or several.
#[derive(ToSchema)]
#[serde(untagged)]
pub(super) enum ImageInputs {
    Addresses(OneOrMany),
    Object(ImageInput),
    Objects(Vec<ImageInput>),
}

/// An image by its address.
#[derive(ToSchema)]
pub(super) struct ImageInput {
    /// An address or a data URI.
    image_url: String,
}

/// Sizes that are known, and ratios.
#[derive(ToSchema)]
pub(super) enum ImageSize {
    #[schema(rename = "auto")]
    Auto,
    #[schema(rename = "1024x1024")]
    Square1024,
    #[schema(rename = "512x512")]
    Square512,
    #[schema(rename = "256x256")]
    Square256,
    #[schema(rename = "1280x720")]
    Wide1280,
    #[schema(rename = "720x1280")]
    Tall1280,
    #[schema(rename = "1792x1024")]
    Wide1792,
    #[schema(rename = "1024x1792")]
    Tall1792,
    #[schema(rename = "1536x1024")]
    Wide1536,
    #[schema(rename = "1024x1536")]
    Tall1536,
    #[schema(rename = "1:1")]
    RatioSquare,
    #[schema(rename = "16:9")]
    RatioWide,
    #[schema(rename = "9:16")]
    RatioTall,
    #[schema(rename = "3:2")]
    RatioLandscape,
    #[schema(rename = "2:3")]
    RatioPortrait,
}

/// How good a picture is.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum ImageQuality {
    Auto,
    Low,
    Medium,
    Standard,
    High,
    Hd,
}

/// How pictures are returned.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum ImageFormat {
    Url,
    B64Json,
    Base64,
}

/// Pictures of a chat.
#[derive(ToSchema)]
pub(super) struct ImageConfig {
    /// How many.
    #[schema(minimum = 1, maximum = 10)]
    n: Option<u32>,
    size: Option<ImageSize>,
    response_format: Option<ImageFormat>,
}

/// The pictures.
#[derive(ToSchema)]
pub(in crate::http) struct ImageAnswer {
    /// Unix seconds.
    created: i64,
    data: Vec<ImageData>,
    /// Such as `1024x1024`; left out where it is not known.
    #[schema(nullable = false)]
    size: Option<String>,
    #[schema(nullable = false)]
    quality: Option<AnsweredQuality>,
    #[schema(inline, nullable = false)]
    background: Option<OpaqueWord>,
    #[schema(nullable = false)]
    output_format: Option<FileFormat>,
    usage: ImageUsage,
}

/// One picture: its content or its address.
#[derive(ToSchema)]
pub(super) struct ImageData {
    #[schema(nullable = false)]
    b64_json: Option<String>,
    #[schema(nullable = false)]
    url: Option<String>,
    /// By which the gallery has it.
    #[schema(nullable = false)]
    media_id: Option<String>,
}

/// What was asked for.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum AnsweredQuality {
    Auto,
    High,
}

/// What a file is.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum FileFormat {
    Jpeg,
    Png,
    Webp,
    Gif,
}

/// Tokens, estimated.
#[derive(ToSchema)]
pub(super) struct ImageUsage {
    total_tokens: u64,
    input_tokens: u64,
    output_tokens: u64,
    input_tokens_details: ImageTokens,
}

/// Tokens of the request.
#[derive(ToSchema)]
pub(super) struct ImageTokens {
    text_tokens: u64,
    image_tokens: u64,
}

/// One event: `image_generation.partial_image`, `.progress` or `.completed`; of edits `image_edit.…`.
#[derive(ToSchema)]
pub(in crate::http) struct ImageEvent {
    #[schema(rename = "type")]
    kind: String,
    /// Unix seconds.
    created_at: i64,
    /// Which of the pictures.
    index: u32,
    /// Of `progress`: percent.
    #[schema(nullable = false)]
    progress: Option<f64>,
    #[schema(nullable = false)]
    b64_json: Option<String>,
    #[schema(nullable = false)]
    url: Option<String>,
    #[schema(nullable = false)]
    size: Option<String>,
    #[schema(nullable = false)]
    quality: Option<AnsweredQuality>,
    #[schema(inline, nullable = false)]
    background: Option<OpaqueWord>,
    #[schema(nullable = false)]
    output_format: Option<FileFormat>,
    /// Of `partial_image`: which of the stages that were shown.
    #[schema(nullable = false)]
    partial_image_index: Option<u32>,
    #[schema(nullable = false)]
    image_id: Option<String>,
    #[schema(nullable = false)]
    media_id: Option<String>,
    /// `preview`, `medium` or `final`.
    #[schema(nullable = false)]
    stage: Option<String>,
    /// Of `completed`.
    #[schema(nullable = false)]
    usage: Option<ImageUsage>,
}

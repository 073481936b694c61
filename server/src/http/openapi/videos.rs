//! Videos (`crates/openai/src/videos`).

#![expect(
    dead_code,
    reason = "shapes are read by the derive and never constructed"
)]

use utoipa::{IntoParams, ToSchema};

use super::common::{ListWord, Order, words};

words! {
    VideoWord = "video",
}

/// What a video is asked for with, as JSON.
#[derive(ToSchema)]
pub(in crate::http) struct VideoRequest {
    /// A model that makes videos; the first of the list where nothing is said.
    #[schema(max_length = 256)]
    model: Option<String>,
    /// What happens, in at most 32 KiB without control characters.
    #[schema(min_length = 1, max_length = 32768)]
    prompt: String,
    /// How long it is: 4, 6, 8, 10, 12, 15, 16 or 20, as a number or a text; 6 where nothing is said.
    seconds: Option<Seconds>,
    /// The same, where `seconds` says nothing.
    duration: Option<Seconds>,
    /// The size; the two with 720 lines ask for the higher resolution.
    size: Option<VideoSize>,
    /// The ratio, where `size` says nothing.
    aspect_ratio: Option<VideoSize>,
    /// The resolution.
    resolution_name: Option<Resolution>,
    /// The same, where `resolution_name` says nothing.
    resolution: Option<Resolution>,
    /// The same in other words, where both say nothing: `high` and `hd` are 720p.
    quality: Option<VideoQuality>,
    /// How wild it is.
    preset: Option<Preset>,
    /// The image that it begins with: an address or a data URI.
    input_reference: Option<VideoReference>,
    /// The same, where `input_reference` says nothing.
    image_url: Option<VideoReference>,
    /// Who asks the caller; has no effect.
    user: Option<String>,
}

/// What a video is asked for with, as a form.
#[derive(ToSchema)]
pub(in crate::http) struct VideoForm {
    /// What happens, in at most 32 KiB without control characters.
    #[schema(min_length = 1, max_length = 32768)]
    prompt: String,
    #[schema(max_length = 256, nullable = false)]
    model: Option<String>,
    #[schema(nullable = false)]
    seconds: Option<SecondsText>,
    #[schema(nullable = false)]
    size: Option<VideoSize>,
    /// The image that it begins with: a file, or its address.
    #[schema(value_type = Option<String>, format = Binary, nullable = false)]
    input_reference: Option<Vec<u8>>,
}

/// Seconds, as a number or a text.
#[derive(ToSchema)]
#[serde(untagged)]
pub(super) enum Seconds {
    Text(SecondsText),
    Number(u32),
}

/// Seconds as a text.
#[derive(ToSchema)]
pub(super) enum SecondsText {
    #[schema(rename = "4")]
    Four,
    #[schema(rename = "6")]
    Six,
    #[schema(rename = "8")]
    Eight,
    #[schema(rename = "10")]
    Ten,
    #[schema(rename = "12")]
    Twelve,
    #[schema(rename = "15")]
    Fifteen,
    #[schema(rename = "16")]
    Sixteen,
    #[schema(rename = "20")]
    Twenty,
}

/// Sizes that are known, and their ratios.
#[derive(ToSchema)]
pub(super) enum VideoSize {
    #[schema(rename = "720x1280")]
    Tall1280,
    #[schema(rename = "1280x720")]
    Wide1280,
    #[schema(rename = "1024x1024")]
    Square,
    #[schema(rename = "1024x1792")]
    Tall1792,
    #[schema(rename = "1792x1024")]
    Wide1792,
    #[schema(rename = "9:16")]
    RatioTall,
    #[schema(rename = "16:9")]
    RatioWide,
    #[schema(rename = "1:1")]
    RatioSquare,
    #[schema(rename = "2:3")]
    RatioPortrait,
    #[schema(rename = "3:2")]
    RatioLandscape,
}

/// The resolution of a video.
#[derive(ToSchema)]
pub(super) enum Resolution {
    #[schema(rename = "480p")]
    Low,
    #[schema(rename = "720p")]
    High,
}

/// The resolution in other words.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum VideoQuality {
    Auto,
    Low,
    Medium,
    Standard,
    High,
    Hd,
}

/// How wild a video is; `custom`: as the prompt says.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum Preset {
    Fun,
    Normal,
    Spicy,
    Custom,
}

/// The image that a video begins with.
#[derive(ToSchema)]
#[serde(untagged)]
pub(super) enum VideoReference {
    Address(String),
    Object(ReferenceObject),
}

/// An image by its address.
#[derive(ToSchema)]
pub(super) struct ReferenceObject {
    /// An address or a data URI.
    image_url: String,
}

/// A video of a chat.
#[derive(ToSchema)]
pub(super) struct VideoConfig {
    aspect_ratio: Option<VideoSize>,
    /// 6, 10 or 15.
    video_length: Option<u32>,
    resolution_name: Option<Resolution>,
    preset: Option<Preset>,
}

/// What another video like a finished one is asked for with.
#[derive(ToSchema)]
pub(in crate::http) struct RemixRequest {
    /// What happens, in at most 32 KiB without control characters.
    #[schema(min_length = 1, max_length = 32768)]
    prompt: String,
}

/// Which videos.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct VideoPage {
    /// Videos of the page.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// The id of the last video of the page before.
    after: Option<String>,
    /// By the time of the request.
    #[param(inline)]
    order: Option<Order>,
}

/// Which file of a video.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct VideoVariant {
    /// The video itself where nothing is said, or its first picture.
    #[param(inline)]
    variant: Option<Variant>,
}

/// A file of a video.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum Variant {
    Video,
    Thumbnail,
}

/// One video and how far it is.
#[derive(ToSchema)]
pub(in crate::http) struct Video {
    id: String,
    #[schema(inline)]
    object: VideoWord,
    /// Unix seconds, as the other times.
    created_at: i64,
    status: VideoStatus,
    model: String,
    /// Percent.
    progress: u32,
    prompt: String,
    seconds: String,
    size: String,
    quality: MadeQuality,
    #[schema(nullable = false)]
    completed_at: Option<i64>,
    expires_at: i64,
    /// Why it was not made.
    #[schema(nullable = false)]
    error: Option<VideoError>,
    /// The video that it was made of.
    #[schema(nullable = false)]
    remixed_from_video_id: Option<String>,
}

/// How far a video is.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum VideoStatus {
    Queued,
    InProgress,
    Completed,
    Failed,
    Cancelled,
}

/// The resolution that was asked for.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum MadeQuality {
    Standard,
    High,
}

/// Why a video was not made.
#[derive(ToSchema)]
pub(super) struct VideoError {
    code: String,
    message: String,
}

/// A page of videos.
#[derive(ToSchema)]
pub(in crate::http) struct VideoList {
    #[schema(inline)]
    object: ListWord,
    data: Vec<Video>,
    #[schema(required)]
    first_id: Option<String>,
    #[schema(required)]
    last_id: Option<String>,
    has_more: bool,
}

//! What the pages for visitors call (`server/src/http/{imagine,video_runs,public_voice,media_archive}.rs`).

#![expect(
    dead_code,
    reason = "shapes are read by the derive and never constructed"
)]

use utoipa::{IntoParams, ToSchema};

use super::{
    chat::ChatCompletionChunk,
    common::SuccessWord,
    videos::{Preset, Resolution, VideoReference, VideoSize},
};

/// What pages show of the configuration.
#[derive(ToSchema)]
pub(in crate::http) struct ImagineConfig {
    final_min_bytes: u64,
    medium_min_bytes: u64,
    /// Whether adult pictures are allowed.
    nsfw: bool,
}

/// What a run makes.
#[derive(ToSchema)]
pub(in crate::http) struct ImagineStart {
    /// What is to be seen, in 1 to 32,768 bytes.
    #[schema(min_length = 1, max_length = 32768)]
    prompt: String,
    /// A ratio or size of pictures; `2:3` where it is not known.
    #[schema(nullable = false)]
    aspect_ratio: Option<String>,
    /// `false`: no adult pictures.
    nsfw: Option<bool>,
}

/// A run waits to be watched.
#[derive(ToSchema)]
pub(in crate::http) struct StartedRun {
    /// Who has it may watch and stop the run.
    task_id: String,
    aspect_ratio: String,
}

/// Which runs are stopped.
#[derive(ToSchema)]
pub(in crate::http) struct StopRuns {
    task_ids: Vec<String>,
}

/// What was stopped.
#[derive(ToSchema)]
pub(in crate::http) struct StoppedRuns {
    #[schema(inline)]
    status: SuccessWord,
    removed: u64,
}

/// The run to watch, or what a new one makes.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct ImagineWatch {
    /// A run that was started.
    task_id: Option<String>,
    /// What a new run makes.
    prompt: Option<String>,
    /// Of a new run.
    aspect_ratio: Option<String>,
    /// Of a new run.
    nsfw: Option<bool>,
}

/// One event: `status`, `image_generation.partial_image`, `image_generation.completed` or `error`.
#[derive(ToSchema)]
pub(in crate::http) struct ImagineEvent {
    #[schema(rename = "type")]
    kind: String,
    run_id: String,
    /// Of `status`: `running` or `stopped`.
    #[schema(nullable = false)]
    status: Option<String>,
    #[schema(nullable = false)]
    prompt: Option<String>,
    #[schema(nullable = false)]
    aspect_ratio: Option<String>,
    #[schema(nullable = false)]
    b64_json: Option<String>,
    #[schema(nullable = false)]
    created_at: Option<i64>,
    #[schema(nullable = false)]
    index: Option<u32>,
    #[schema(nullable = false)]
    partial_image_index: Option<u32>,
    #[schema(nullable = false)]
    image_id: Option<String>,
    #[schema(nullable = false)]
    stage: Option<String>,
    /// Of `error`.
    #[schema(nullable = false)]
    message: Option<String>,
    #[schema(nullable = false)]
    code: Option<String>,
}

/// What a run makes.
#[derive(ToSchema)]
pub(in crate::http) struct VideoStart {
    /// What happens, in at most 32 KiB without control characters.
    #[schema(min_length = 1, max_length = 32768)]
    prompt: String,
    /// The ratio; `3:2` where nothing is said.
    aspect_ratio: Option<VideoSize>,
    /// 6, 10 or 15.
    video_length: Option<u32>,
    resolution_name: Option<Resolution>,
    preset: Option<Preset>,
    /// The image that it begins with.
    image_url: Option<VideoReference>,
}

/// The run to watch.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct VideoWatch {
    /// A run that was started.
    task_id: String,
}

/// One event: a chunk, or why there is no video; after the last one comes `data: [DONE]`.
#[derive(ToSchema)]
#[serde(untagged)]
pub(in crate::http) enum VideoRunEvent {
    Chunk(ChatCompletionChunk),
    Failure(VideoRunFailure),
}

/// Why there is no video.
#[derive(ToSchema)]
pub(in crate::http) struct VideoRunFailure {
    error: String,
    code: String,
}

/// What a talk is like.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct VoiceQuery {
    /// Whose voice it is; the first one where nothing is said.
    voice: Option<String>,
    /// How it talks; the first one where nothing is said.
    personality: Option<String>,
    /// How fast; 1 where nothing is said.
    #[param(minimum = 0.5, maximum = 2)]
    speed: Option<f64>,
}

/// What opens a voice room, once.
#[derive(ToSchema)]
pub(in crate::http) struct VoiceToken {
    token: String,
    /// Where the room is.
    url: String,
    /// Empty: the token has it.
    participant_name: String,
    /// Empty: the token has it.
    room_name: String,
}

/// Which items are packed.
#[derive(ToSchema)]
pub(in crate::http) struct ArchiveRequest {
    /// Items of this browser's gallery.
    #[schema(min_items = 1)]
    ids: Vec<String>,
}

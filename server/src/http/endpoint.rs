//! The name of an endpoint in records, statistics and logs.

/// What a request asked for. The words are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    ChatCompletions,
    PublicChatCompletions,
    Completions,
    Responses,
    Response,
    InputTokens,
    Conversations,
    Messages,
    CountTokens,
    Images,
    PublicImages,
    ImageEdits,
    PublicImageEdits,
    PublicImagine,
    Videos,
    Video,
    VideoContent,
    VideoRemix,
    VideoCancel,
    PublicVideos,
    PublicVideo,
    PublicVideoContent,
    PublicVideoRemix,
    PublicVideoCancel,
    PublicVideoRun,
    PublicVoiceToken,
    PublicArchive,
    Files,
    File,
    FileContent,
    Models,
    /// A call of a tool of the MCP server.
    Mcp,
    /// A path under `/v1` that does not exist.
    Unknown,
}

impl Endpoint {
    /// By the route that the router matched, of those whose handlers do not say it themselves.
    #[must_use]
    pub fn of(route: Option<&str>) -> Self {
        match route {
            Some("/v1/chat/completions") => Self::ChatCompletions,
            Some("/v1/completions") => Self::Completions,
            Some("/v1/responses") => Self::Responses,
            Some("/v1/responses/input_tokens") => Self::InputTokens,
            Some(
                "/v1/responses/{id}"
                | "/v1/responses/{id}/input_items"
                | "/v1/responses/{id}/cancel",
            ) => Self::Response,
            Some(
                "/v1/conversations"
                | "/v1/conversations/{id}"
                | "/v1/conversations/{id}/items"
                | "/v1/conversations/{id}/items/{item_id}",
            ) => Self::Conversations,
            Some("/v1/messages") => Self::Messages,
            Some("/v1/messages/count_tokens") => Self::CountTokens,
            Some("/v1/images/generations") => Self::Images,
            Some("/v1/images/edits") => Self::ImageEdits,
            Some("/v1/videos") => Self::Videos,
            Some("/v1/videos/{id}") => Self::Video,
            Some("/v1/videos/{id}/content") => Self::VideoContent,
            Some("/v1/videos/{id}/remix") => Self::VideoRemix,
            Some("/v1/videos/{id}/cancel") => Self::VideoCancel,
            Some("/v1/public/videos") => Self::PublicVideos,
            Some("/v1/public/videos/{id}") => Self::PublicVideo,
            Some("/v1/public/videos/{id}/content") => Self::PublicVideoContent,
            Some("/v1/public/videos/{id}/remix") => Self::PublicVideoRemix,
            Some("/v1/public/videos/{id}/cancel") => Self::PublicVideoCancel,
            Some("/v1/files") => Self::Files,
            Some("/v1/files/{id}") => Self::File,
            Some("/v1/files/{id}/content") => Self::FileContent,
            Some("/v1/models" | "/v1/models/{*id}") => Self::Models,
            _ => Self::Unknown,
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChatCompletions => "chat.completions",
            Self::PublicChatCompletions => "public.chat.completions",
            Self::Completions => "completions",
            Self::Responses => "responses",
            Self::Response => "responses.one",
            Self::InputTokens => "responses.input_tokens",
            Self::Conversations => "conversations",
            Self::Messages => "messages",
            Self::CountTokens => "messages.count_tokens",
            Self::Images => "images.generations",
            Self::PublicImages => "public.images.generations",
            Self::ImageEdits => "images.edits",
            Self::PublicImageEdits => "public.images.edits",
            Self::PublicImagine => "public.imagine",
            Self::Videos => "videos",
            Self::Video => "videos.one",
            Self::VideoContent => "videos.content",
            Self::VideoRemix => "videos.remix",
            Self::VideoCancel => "videos.cancel",
            Self::PublicVideos => "public.videos",
            Self::PublicVideo => "public.videos.one",
            Self::PublicVideoContent => "public.videos.content",
            Self::PublicVideoRemix => "public.videos.remix",
            Self::PublicVideoCancel => "public.videos.cancel",
            Self::PublicVideoRun => "public.video",
            Self::PublicVoiceToken => "public.voice.token",
            Self::PublicArchive => "public.media.zip",
            Self::Files => "files",
            Self::File => "files.one",
            Self::FileContent => "files.content",
            Self::Models => "models",
            Self::Mcp => "mcp",
            Self::Unknown => "unknown",
        }
    }
}

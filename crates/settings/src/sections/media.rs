//! `[chat]`, `[image]`, `[imagine_fast]`, `[video]`, `[voice]` and `[cache]`.
//!
//! The three timeouts of a stream are separate: until the first event, between two events, and
//! from start to end. 0 switches one off.

use std::time::Duration;

use crate::choices::FastFormat;
use crate::declare::section;
use crate::values::{Limit, Text};

section! {
    /// `[chat]`: limits of chat calls.
    ChatConfig {
        /// Upstream calls in flight at once, streams included; further requests wait for a place,
        /// then get 503. Raise it for many callers: 10,000 open streams need 10000 here.
        concurrent: u32 = 50, 1..=1_000_000;
        /// Accepted from older files: seconds for a call without stream timeouts.
        timeout: Limit = Limit::from_secs(60), 1..=86_400, reserved;
        /// Seconds until the first event of an answer.
        stream_first_timeout: Limit = Limit::from_secs(30), 1..=86_400;
        /// Seconds between two events.
        stream_timeout: Limit = Limit::from_secs(120), 1..=86_400;
        /// Seconds for a whole answer.
        stream_total_timeout: Limit = Limit::from_secs(600), 1..=86_400;
        /// Largest answer without `stream`, in MiB: it is gathered in memory.
        max_answer_mb: u64 = 64, 1..=4096;
        /// Whether Grok may search the web by itself where a request does not say.
        web_search: bool = true, ();
        /// The same for posts on X.
        x_search: bool = true, ();
        /// Whether Grok may make pictures in a chat, where the answer is neither JSON nor may call tools.
        /// It makes them when it is asked to draw; each takes from the account's quota for images.
        generate_images: bool = true, ();
        /// Seconds until all images and files that a request names by URL are there.
        attachment_timeout: Duration = Duration::from_secs(30), 1..=600;
        /// Memory for the images and files of all requests together, in MiB; when it is taken,
        /// further requests with files get 503. A file takes 7/3 of its size.
        attachment_memory_mb: u64 = 512, 1..=1_000_000, restart;
    }
}

section! {
    /// `[image]`: image generation and editing.
    ImageConfig {
        /// Requests for images under way at once; further ones wait for a place, then get 503.
        concurrent: u32 = 50, 1..=100_000;
        /// Accepted from older files: seconds for a call without stream timeouts.
        timeout: Limit = Limit::from_secs(60), 1..=86_400, reserved;
        /// Seconds until an image is first to be seen.
        stream_first_timeout: Limit = Limit::from_secs(30), 1..=86_400;
        /// Seconds between two events.
        stream_timeout: Limit = Limit::from_secs(60), 1..=86_400;
        /// Seconds for a whole run.
        stream_total_timeout: Limit = Limit::from_secs(600), 1..=86_400;
        /// Seconds to wait for the final image after a medium one.
        final_timeout: Duration = Duration::from_secs(15), 1..=600;
        /// Seconds after a preview without a final image, until it counts as moderated.
        blocked_grace_seconds: Duration = Duration::from_secs(10), 1..=600;
        /// Whether the upstream's adult content setting is requested by default.
        nsfw: bool = true, ();
        /// Length of the base64 text above which an image counts as medium, where Grok does not say
        /// how far it is.
        medium_min_bytes: u64 = 30_000, 0..=100_000_000;
        /// The same for final ones.
        final_min_bytes: u64 = 100_000, 0..=100_000_000;
    }
}

section! {
    /// `[imagine_fast]`: in a chat, grok-imagine-1.0-fast takes these instead of the caller's wishes.
    ImagineFastConfig {
        /// Images per request.
        n: u32 = 1, 1..=10;
        /// Width x height.
        size: String = "1024x1024".to_owned(), Text::ImageSize;
        /// How images are returned.
        response_format: FastFormat = FastFormat::Url, ();
    }
}

section! {
    /// `[video]`: video generation.
    VideoConfig {
        /// Videos that are made at once; further ones are queued.
        concurrent: u32 = 100, 1..=100_000;
        /// Videos that may wait for their turn; further ones get 503.
        max_queued: u32 = 1000, 0..=1_000_000;
        /// Seconds for a call beside the making itself.
        timeout: Limit = Limit::from_secs(60), 1..=86_400;
        /// Seconds until the first event.
        stream_first_timeout: Limit = Limit::from_secs(30), 1..=86_400;
        /// Seconds between two events.
        stream_timeout: Limit = Limit::from_secs(60), 1..=86_400;
        /// Seconds for a whole video, from the end of its waiting.
        stream_total_timeout: Limit = Limit::from_secs(600), 1..=86_400;
        /// Largest file of a video, in MiB.
        max_file_mb: u64 = 512, 1..=1_000_000;
        /// Days for which a video can be asked for by its id. Its file is kept with the other
        /// generated media, as `[cache]` says.
        keep_days: u32 = 7, 1..=3650;
    }
}

section! {
    /// `[voice]`: voice mode.
    VoiceConfig {
        /// Requests for rooms under way at once; further ones wait for a place, then get 503. A room
        /// itself takes none: it is between the browser and LiveKit's server.
        concurrent: u32 = 50, 1..=100_000;
        /// Seconds for the call that opens a room.
        timeout: Duration = Duration::from_secs(60), 1..=3600;
    }
}

section! {
    /// `[cache]`: generated images and videos kept on disk.
    CacheConfig {
        /// Whether the oldest files are deleted when the limit is reached, down to 80 % of it.
        enable_auto_clean: bool = true, ();
        /// Limit, in MiB.
        limit_mb: u64 = 512, 1..=10_000_000;
        /// MiB that must stay free on the disk of the data folder, where the database needs room as well.
        /// Below it no picture or video is stored, the oldest files go whatever the limit says, and where the
        /// database is a file there no response or conversation of the API is kept either. 0 = off.
        min_free_mb: u64 = 64, 0..=10_000_000;
    }
}

//! Limits that a page states and the server enforces: one number for both sides.

/// Characters of the operator's password, at least.
pub const MIN_PASSWORD_CHARS: u16 = 10;

/// Images and files of one chat request.
pub const MAX_FILES: usize = 8;

/// Pictures and videos of one page of the gallery.
pub const MAX_MEDIA_PAGE: u32 = 100;

/// Pictures and videos that are deleted or packed at once.
pub const MAX_CHOSEN_MEDIA: usize = 500;

/// Accounts of one page of the list of files at Grok.
pub const ASSET_ACCOUNTS_PAGE: u32 = 50;

/// Bytes of a code block; longer ones are not coloured.
pub const MAX_CODE_BYTES: usize = 16 * 1024;

/// Voices of a voice room, as Grok calls them.
pub const VOICES: [&str; 6] = ["ara", "eve", "leo", "rex", "sal", "gork"];

/// What a voice room may be like, as Grok calls it.
pub const PERSONALITIES: [&str; 14] = [
    "assistant",
    "custom",
    "therapist",
    "storyteller",
    "kids_story_time",
    "kids_trivia_game",
    "meditation",
    "doc",
    "unhinged",
    "sexy",
    "motivation",
    "conspiracy",
    "romantic",
    "argumentative",
];

/// How fast a voice may speak; 1 is its own speed.
pub const VOICE_SPEEDS: std::ops::RangeInclusive<f64> = 0.5..=2.0;

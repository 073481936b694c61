//! Limits that a page states and the server enforces: one number for both sides.

/// Characters of the operator's password, at least.
pub const MIN_PASSWORD_CHARS: u16 = 10;

/// Images and files of one chat request.
pub const MAX_FILES: usize = 8;

/// Pictures and videos of one page of the gallery.
pub const MAX_MEDIA_PAGE: u32 = 100;

/// Pictures and videos that are deleted or packed at once.
pub const MAX_CHOSEN_MEDIA: usize = 500;

/// Bytes of a code block; longer ones are not coloured.
pub const MAX_CODE_BYTES: usize = 16 * 1024;

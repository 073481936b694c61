//! Limits that a page states and the server enforces: one number for both sides.

/// Characters of the operator's password, at least.
pub const MIN_PASSWORD_CHARS: u16 = 10;

/// Images and files of one chat request.
pub const MAX_FILES: usize = 8;

/// Bytes of a code block; longer ones are not coloured.
pub const MAX_CODE_BYTES: usize = 16 * 1024;

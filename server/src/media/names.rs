//! Names and places of generated files.

use super::unfinished::NAME_DIGITS;

/// Small pictures of the pictures are in this folder.
pub(super) const THUMBNAILS: &str = "thumbnail";

/// `<hex digits>.<letters and digits>`, and so no path.
pub(super) fn is_name(name: &str) -> bool {
    name.split_once('.').is_some_and(|(digits, extension)| {
        digits.len() == NAME_DIGITS
            && digits.bytes().all(|b| b.is_ascii_hexdigit())
            && (1..=5).contains(&extension.len())
            && extension.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

/// The type of a file of ours, by its name.
#[must_use]
pub fn type_of_name(name: &str) -> &'static str {
    let types = [
        "image/png",
        "image/gif",
        "image/webp",
        "video/mp4",
        "video/webm",
    ];
    let ending = name.rsplit('.').next();
    let found = types
        .into_iter()
        .find(|mime| ending == Some(extension(mime)));
    found.unwrap_or("image/jpeg")
}

/// What the names of files of this type end with.
pub(super) fn extension(mime: &str) -> &'static str {
    match mime {
        "image/png" => "png",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "video/mp4" => "mp4",
        "video/webm" => "webm",
        _ => "jpg",
    }
}

/// What a name begins with, up to its extension.
pub(super) fn stem_of(name: &str) -> &str {
    name.split('.').next().unwrap_or_default()
}

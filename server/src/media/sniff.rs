//! The type of a file: what was declared, checked against what is there.

use super::remote_file::FetchError;

const UNKNOWN: &str = "application/octet-stream";

/// The file's MIME type.
///
/// # Errors
/// [`FetchError::ImageMismatch`] when an image type is declared that the content does not have; an
/// image that is none of the four known kinds has no type that could be checked.
pub(super) fn mime(
    declared: Option<&str>,
    name: &str,
    content: &[u8],
) -> Result<String, FetchError> {
    let found = image_type(content);
    match declared.filter(|declared| *declared != UNKNOWN) {
        Some(declared) if declared.starts_with("image/") => {
            let usual = if declared == "image/jpg" {
                "image/jpeg"
            } else {
                declared
            };
            if found == Some(usual) {
                return Ok(usual.to_owned());
            }
            Err(FetchError::ImageMismatch {
                declared: declared.to_owned(),
                found,
            })
        }
        Some(declared) => Ok(declared.to_owned()),
        None => Ok(found
            .or_else(|| type_of_name(name))
            .unwrap_or(UNKNOWN)
            .to_owned()),
    }
}

/// The type of a file that is kept as it is: what its first bytes say of a picture, else what was
/// declared, else what its name says.
#[must_use]
pub fn type_of_file(declared: &str, name: &str, head: &[u8]) -> String {
    // Bare, without what it says of the text: so the upstream takes it.
    let declared = declared.split(';').next().map(str::trim);
    let declared = declared.filter(|mime| !mime.is_empty() && *mime != UNKNOWN);
    let found = image_type(head).or(declared);
    found
        .or_else(|| type_of_name(name))
        .unwrap_or(UNKNOWN)
        .to_owned()
}

/// What a picture is by its first bytes, of the kinds that browsers show.
pub fn image_type(content: &[u8]) -> Option<&'static str> {
    if content.starts_with(b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else if content.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if content.starts_with(b"GIF87a") || content.starts_with(b"GIF89a") {
        Some("image/gif")
    } else if content.starts_with(b"RIFF") && content.get(8..12) == Some(b"WEBP") {
        Some("image/webp")
    } else {
        None
    }
}

/// Width and height of a picture, in pixels, as its head says.
pub fn picture_size(content: &[u8]) -> Option<(u32, u32)> {
    let size = imagesize::blob_size(content).ok()?;
    Some((size.width.try_into().ok()?, size.height.try_into().ok()?))
}

/// What a video is by its first bytes, of the kinds that browsers play.
pub(super) fn video_type(content: &[u8]) -> Option<&'static str> {
    // ISO 14496-12, 4.3: the first box names the brand. Pictures, sound and QuickTime share its form.
    const OTHER_BRANDS: [&[u8]; 8] = [
        b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1", b"M4A ", b"qt  ",
    ];
    if content.get(4..8) == Some(b"ftyp") {
        let brand = content.get(8..12)?;
        return (!OTHER_BRANDS.contains(&brand)).then_some("video/mp4");
    }
    // EBML (RFC 8794); Matroska shares its form.
    let is_webm =
        content.starts_with(b"\x1a\x45\xdf\xa3") && content.windows(4).any(|part| part == b"webm");
    is_webm.then_some("video/webm")
}

fn type_of_name(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    Some(match extension.to_ascii_lowercase().as_str() {
        "pdf" => "application/pdf",
        "txt" | "log" => "text/plain",
        "md" => "text/markdown",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        "json" => "application/json",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        "mp4" => "video/mp4",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n....";

    fn typed(declared: Option<&str>, name: &str, content: &[u8]) -> Option<String> {
        mime(declared, name, content).ok()
    }

    #[test]
    fn declared_images_must_be_what_they_say() {
        let rows: [(&str, &[u8], &str); 4] = [
            ("image/png", PNG, "image/png"),
            ("image/jpg", b"\xff\xd8\xff\xe0", "image/jpeg"),
            ("image/gif", b"GIF89a..", "image/gif"),
            ("image/webp", b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        ];
        for (declared, content, expected) in rows {
            assert_eq!(
                typed(Some(declared), "a", content).as_deref(),
                Some(expected)
            );
        }
        let error = mime(Some("image/jpeg"), "a.jpg", PNG).unwrap_err();
        assert_eq!(
            error.to_string(),
            "it is declared as `image/jpeg`, but its content is image/png"
        );
        assert_eq!(typed(Some("image/png"), "a.png", b"<html>"), None);
        assert_eq!(typed(Some("image/svg+xml"), "a.svg", b"<svg>"), None);
    }

    #[test]
    fn undeclared_types_come_from_the_content_then_the_name() {
        assert_eq!(typed(None, "a.pdf", PNG).as_deref(), Some("image/png"));
        assert_eq!(
            typed(Some(UNKNOWN), "a.PDF", b"%PDF").as_deref(),
            Some("application/pdf")
        );
        assert_eq!(typed(None, "a", b"x").as_deref(), Some(UNKNOWN));
        assert_eq!(
            typed(Some("text/plain"), "a.pdf", b"x").as_deref(),
            Some("text/plain")
        );
    }

    #[test]
    fn a_kept_file_is_what_its_head_says_or_its_caller_or_its_name() {
        for (declared, name, head, expected) in [
            ("text/plain", "a.txt", PNG, "image/png"),
            (" text/x-rust ", "a.pdf", b"x", "text/x-rust"),
            ("text/plain; charset=utf-8", "a", b"x", "text/plain"),
            ("image/heic", "a.heic", b"x", "image/heic"),
            (UNKNOWN, "a.pdf", b"%PDF", "application/pdf"),
            ("", "a.WAV", b"RIFF", "audio/wav"),
            ("", "a", b"x", UNKNOWN),
        ] {
            assert_eq!(type_of_file(declared, name, head), expected, "{name}");
        }
    }

    #[test]
    fn videos_are_told_from_pictures_and_sound_of_the_same_form() {
        let rows: [(&[u8], Option<&str>); 7] = [
            (b"\0\0\0\x20ftypisom\0\0\x02\0", Some("video/mp4")),
            (b"\0\0\0\x18ftypmp42", Some("video/mp4")),
            (b"\0\0\0\x18ftypavif", None),
            (b"\0\0\0\x18ftypM4A ", None),
            (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", Some("video/webm")),
            (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska", None),
            (b"\0\0\0\x18ftyp", None),
        ];
        for (content, expected) in rows {
            assert_eq!(video_type(content), expected, "{content:?}");
        }
    }
}

//! Images that callers send, judged before they are uploaded to anybody.

use crate::{
    gateway::{GatewayError, attachments::ReadyFile},
    media::{image_type, picture_size},
};

/// Pixels of an image that is edited or that a video begins with.
const MAX_PIXELS: u64 = 100_000_000;

/// Refuses what is no picture, or too large a one; the others get the type of their content.
pub(in crate::gateway) fn check_images(files: &mut [ReadyFile]) -> Result<(), GatewayError> {
    files.iter_mut().try_for_each(|file| {
        let mime = check(&file.param, &file.content)?;
        mime.clone_into(&mut file.mime);
        Ok(())
    })
}

/// The type of an image.
fn check(param: &str, content: &[u8]) -> Result<&'static str, GatewayError> {
    let refused = |code, message| Err(GatewayError::invalid(code, param, message));
    let mime = match image_type(content) {
        Some(mime @ ("image/png" | "image/jpeg" | "image/webp")) => mime,
        _ => {
            let message = format!("`{param}` must be a PNG, a JPEG or a WebP file.");
            return refused("invalid_image_type", message);
        }
    };
    match picture_size(content) {
        None | Some((0, _) | (_, 0)) => {
            let message = format!("`{param}` is no picture: it does not say its width and height.");
            refused("invalid_image", message)
        }
        Some((width, height)) if u64::from(width) * u64::from(height) > MAX_PIXELS => {
            let message = format!(
                "`{param}` has {width} × {height} pixels; more than {MAX_PIXELS} are not accepted."
            );
            refused("invalid_image", message)
        }
        Some(_) => Ok(mime),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        head.extend(width.to_be_bytes());
        head.extend(height.to_be_bytes());
        head.extend([8, 2, 0, 0, 0]);
        head
    }

    #[test]
    fn an_image_is_judged_by_its_head() {
        for (content, expected) in [
            (png(2, 3), Ok("image/png")),
            (png(10_000, 10_000), Ok("image/png")),
            (png(10_001, 10_000), Err("invalid_image")),
            (png(u32::MAX, u32::MAX), Err("invalid_image")),
            (png(0, 3), Err("invalid_image")),
            (png(2, 0), Err("invalid_image")),
            (png(2, 3)[..12].to_vec(), Err("invalid_image")),
            (b"\xff\xd8\xff\xe0\0\x10JFIF".to_vec(), Err("invalid_image")),
            (b"GIF89a\x02\0\x03\0".to_vec(), Err("invalid_image_type")),
            (b"<svg>".to_vec(), Err("invalid_image_type")),
        ] {
            let checked = check("image[0]", &content);
            let told = checked.as_ref().map_err(|error| {
                assert_eq!(error.param.as_deref(), Some("image[0]"));
                error.code()
            });
            assert_eq!(told.copied(), expected, "{content:?}");
        }
    }
}

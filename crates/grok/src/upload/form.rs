//! A file as `multipart/form-data` (RFC 7578), as browsers write it.

use bytes::{BufMut, Bytes, BytesMut};

use super::Upload;

/// What says where an imagine file comes from.
const SOURCE: (&str, &str) = ("file_source", "IMAGINE_SELF_UPLOAD_FILE_SOURCE");

/// The body and its content type.
pub(super) fn of(upload: &Upload) -> (Bytes, String) {
    let boundary = format!(
        "----WebKitFormBoundary{}",
        &uuid::Uuid::new_v4().simple().to_string()[..16]
    );
    let mut body = BytesMut::with_capacity(upload.content.len() + 512 + upload.name.len());
    if upload.is_for_imagine {
        let (name, value) = SOURCE;
        let part = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
        body.put(part.as_bytes());
    }
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\n\
         Content-Type: {}\r\n\r\n",
        escaped(&upload.name),
        escaped(&upload.mime)
    );
    body.put(head.as_bytes());
    body.put(upload.content.as_ref());
    body.put(format!("\r\n--{boundary}--\r\n").as_bytes());
    let mime = format!("multipart/form-data; boundary={boundary}");
    (body.freeze(), mime)
}

/// Nothing of a caller's may end a header.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("%22"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_one_part_and_its_name_cannot_leave_its_header() {
        let mut upload = Upload {
            name: "a\"\r\nX: y.png".to_owned(),
            mime: "image/png".to_owned(),
            content: Bytes::from_static(b"\x89PNG"),
            is_for_imagine: true,
        };
        let (body, mime) = of(&upload);
        let boundary = mime.strip_prefix("multipart/form-data; boundary=").unwrap();
        let text = String::from_utf8_lossy(&body).replace(boundary, "B");
        let expected = "--B\r\nContent-Disposition: form-data; name=\"file_source\"\r\n\r\n\
            IMAGINE_SELF_UPLOAD_FILE_SOURCE\r\n--B\r\n\
            Content-Disposition: form-data; name=\"file\"; filename=\"a%22%0D%0AX: y.png\"\r\n\
            Content-Type: image/png\r\n\r\n\u{fffd}PNG\r\n--B--\r\n";
        assert_eq!(text, expected);
        upload.is_for_imagine = false;
        assert!(!String::from_utf8_lossy(&of(&upload).0).contains("file_source"));
    }
}

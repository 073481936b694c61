//! Which addresses may appear in rendered markdown.

/// Image types that cannot carry a script, in the form they have in a `data:` URI.
const IMAGE_TYPES: [&str; 5] = ["png", "jpeg", "gif", "webp", "avif"];

/// `true` for `http`, `https` and `mailto` addresses without blanks or control characters
/// (browsers drop some of these silently, which would turn one address into another).
pub(super) fn is_allowed_link(address: &str) -> bool {
    let has_scheme = |scheme: &str| {
        address
            .get(..scheme.len())
            .is_some_and(|s| s.eq_ignore_ascii_case(scheme))
    };
    is_clean(address)
        && ["https://", "http://", "mailto:"]
            .into_iter()
            .any(has_scheme)
}

/// `true` for a path on this origin or an inlined raster image.
pub(super) fn is_allowed_image(address: &str) -> bool {
    is_clean(address) && (is_local_path(address) || is_data_image(address))
}

fn is_clean(address: &str) -> bool {
    !address.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// `/path`, but neither `//host` nor `/\host`, which browsers read as another host.
fn is_local_path(address: &str) -> bool {
    address
        .strip_prefix('/')
        .is_some_and(|rest| !rest.starts_with(['/', '\\']))
}

fn is_data_image(address: &str) -> bool {
    let Some((kind, data)) = address
        .strip_prefix("data:image/")
        .and_then(|rest| rest.split_once(";base64,"))
    else {
        return false;
    };
    IMAGE_TYPES.contains(&kind)
        && data
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_and_mail_links_are_allowed() {
        for address in [
            "https://a.example/x?y=1#z",
            "HTTP://a.example",
            "mailto:a@b.example",
        ] {
            assert!(is_allowed_link(address), "{address}");
        }
    }

    #[test]
    fn other_links_are_refused() {
        for address in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\nscript:alert(1)",
            "\u{1}https://a.example",
            " https://a.example",
            "https:\t//a.example",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "//a.example",
            "/admin",
            "",
            "ht",
            "é",
        ] {
            assert!(!is_allowed_link(address), "{address:?}");
        }
    }

    #[test]
    fn own_and_inlined_images_are_allowed() {
        for address in [
            "/v1/files/image/a.jpg",
            "data:image/png;base64,iVBORw0K+/==",
        ] {
            assert!(is_allowed_image(address), "{address}");
        }
    }

    #[test]
    fn foreign_and_scriptable_images_are_refused() {
        for address in [
            "https://a.example/x.png",
            "//a.example/x.png",
            "/\\a.example/x.png",
            "/\t/a.example/x.png",
            "data:image/svg+xml;base64,PHN2Zz4=",
            "data:image/png;base64,a\"onerror=",
            "data:text/html;base64,PHA+",
            "x.png",
            "",
        ] {
            assert!(!is_allowed_image(address), "{address:?}");
        }
    }
}

//! Pictures that stand in an answer as data: megabytes that the model cannot read when the answer is
//! told again.

use memchr::memmem;

/// What comes before the data in a markdown picture.
const OPENING: &str = "](data:image/";

/// Appends the text of an earlier answer; of a picture that stands in it only its description.
pub(super) fn push_without_data(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = memmem::find(rest.as_bytes(), OPENING.as_bytes()) {
        let (before, picture) = rest.split_at(at);
        let Some(length) = memchr::memchr(b')', picture.as_bytes()) else {
            break;
        };
        out.push_str(before);
        out.push_str("](");
        rest = picture.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_data_of_pictures_goes() {
        for (text, left) in [
            ("Hi", "Hi"),
            (
                "A fox:\n\n![image](data:image/png;base64,AAAA)\n\n![two](data:image/jpeg;base64,BB==) é",
                "A fox:\n\n![image]()\n\n![two]() é",
            ),
            ("![a](https://a.io/b.png)", "![a](https://a.io/b.png)"),
            (
                "![a](data:image/png;base64,AAAA",
                "![a](data:image/png;base64,AAAA",
            ),
            ("data:image/png;base64,AAAA", "data:image/png;base64,AAAA"),
        ] {
            let mut out = String::new();
            push_without_data(text, &mut out);
            assert_eq!(out, left);
        }
    }
}

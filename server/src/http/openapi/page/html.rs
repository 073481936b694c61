//! Text as HTML.

/// Text that is no markup.
pub(super) fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    let text = text.replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;")
}

/// One line of a description, in which backticks mark code.
pub(super) fn inline(text: &str) -> String {
    let mut out = String::new();
    let mut parts = text.split('`').peekable();
    let mut is_code = false;
    while let Some(part) = parts.next() {
        // A mark without its end is a character.
        let is_marked = is_code && parts.peek().is_some();
        match (is_marked, is_code) {
            (true, _) => out.push_str(&format!("<code>{}</code>", escaped(part))),
            (false, true) => out.push_str(&format!("`{}", escaped(part))),
            (false, false) => out.push_str(&escaped(part)),
        }
        is_code = !is_code;
    }
    out
}

/// A description, in which empty lines part paragraphs.
pub(super) fn paragraphs(text: &str) -> String {
    let parts = text.split("\n\n").map(str::trim);
    let parts = parts.filter(|part| !part.is_empty());
    parts
        .map(|part| format!("<p>{}</p>", inline(part)))
        .collect()
}

/// A name as a part of an address.
pub(super) fn anchor(name: &str) -> String {
    let plain = |c: char| match c.is_ascii_alphanumeric() {
        true => c.to_ascii_lowercase(),
        false => '-',
    };
    name.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_no_markup_and_backticks_mark_code() {
        assert_eq!(
            inline("a `<b>` & `c`"),
            "a <code>&lt;b&gt;</code> &amp; <code>c</code>"
        );
        assert_eq!(inline("one ` alone"), "one ` alone");
        assert_eq!(inline("``"), "<code></code>");
        assert_eq!(paragraphs("a\n\n\n\nb"), "<p>a</p><p>b</p>");
        assert_eq!(anchor("Many accounts"), "many-accounts");
    }
}

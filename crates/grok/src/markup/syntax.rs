//! Recognising one tag at the start of a text that may still grow.

/// Longest tag, attributes included, that is taken for one.
pub(super) const MAX_TAG_BYTES: usize = 4096;

/// What stands at a `<`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// More text is needed to tell.
    Incomplete,
    /// Not a tag of this name, whatever follows.
    Other,
    /// An opening tag of `len` bytes; `is_empty` for `<name/>`.
    Open { len: usize, is_empty: bool },
    /// A closing tag of `len` bytes.
    Close { len: usize },
}

/// Reads the tag called `name` at the start of `text`, which begins with `<`.
///
/// Depends on the first [`MAX_TAG_BYTES`] bytes only, so it says the same however the text grew.
pub(super) fn read_tag(name: &str, text: &[u8]) -> Tag {
    count_byte();
    let (is_close, after) = match text {
        [b'<', b'/', after @ ..] => (true, after),
        [b'<', after @ ..] => (false, after),
        _ => return Tag::Other,
    };
    let name = name.as_bytes();
    if after.len() <= name.len() {
        // Without the byte after it the name could go on.
        return if name.starts_with(after) {
            Tag::Incomplete
        } else {
            Tag::Other
        };
    }
    let Some(inside) = after.strip_prefix(name) else {
        return Tag::Other;
    };
    if !inside.first().is_some_and(|byte| is_boundary(*byte)) {
        return Tag::Other;
    }
    let name_end = text.len() - inside.len();
    let text = text.get(..MAX_TAG_BYTES).unwrap_or(text);
    let end = if is_close {
        close_end(text, name_end)
    } else {
        open_end(text, name_end)
    };
    match end {
        End::At(last) if is_close => Tag::Close { len: last + 1 },
        End::At(last) => Tag::Open {
            len: last + 1,
            is_empty: text.get(last - 1) == Some(&b'/'),
        },
        End::Unknown if text.len() < MAX_TAG_BYTES => Tag::Incomplete,
        End::Unknown | End::Never => Tag::Other,
    }
}

fn is_boundary(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == b'>' || byte == b'/'
}

enum End {
    /// Index of the `>`.
    At(usize),
    Unknown,
    Never,
}

fn close_end(text: &[u8], from: usize) -> End {
    for (index, byte) in text.iter().enumerate().skip(from) {
        count_byte();
        match byte {
            b'>' => return End::At(index),
            byte if byte.is_ascii_whitespace() => {}
            _ => return End::Never,
        }
    }
    End::Unknown
}

/// Quotes count only after `=`, so an apostrophe in a broken tag does not swallow the rest.
fn open_end(text: &[u8], from: usize) -> End {
    let (mut quote, mut before) = (None, b' ');
    for (index, &byte) in text.iter().enumerate().skip(from) {
        count_byte();
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') if before == b'=' => quote = Some(byte),
            (None, b'>') => return End::At(index),
            (None, b'<') => return End::Never,
            (None, _) => {}
        }
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
    }
    End::Unknown
}

#[cfg(test)]
thread_local! {
    static BYTES_READ: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Bytes that were looked at to find the ends of tags, by this thread.
#[cfg(test)]
pub(super) fn bytes_read() -> usize {
    BYTES_READ.get()
}

/// Lets a test see the work; nothing outside of tests.
fn count_byte() {
    #[cfg(test)]
    BYTES_READ.set(BYTES_READ.get() + 1);
}

/// The value of an attribute in an opening tag, entities resolved.
pub(super) fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut rest = tag;
    loop {
        let (before, after) = rest.split_once('=')?;
        let found = before.split_ascii_whitespace().next_back() == Some(name);
        let after = after.trim_ascii_start();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, tail) = match quote {
            Some(quote) => after.get(1..)?.split_once(quote)?,
            None => after.split_at(after.find([' ', '\t', '\n', '>'])?),
        };
        if found {
            return Some(unescape(value.trim_end_matches('/')));
        }
        rest = tail;
    }
}

/// The text of the first element called `name`, without CDATA marks or with entities resolved.
pub(super) fn element_text(xml: &str, name: &str) -> Option<String> {
    let mut from = 0;
    while let Some(at) = xml.get(from..)?.find('<') {
        let start = from + at;
        if let Tag::Open {
            len,
            is_empty: false,
        } = read_tag(name, xml.as_bytes().get(start..)?)
        {
            let inner = xml.get(start + len..)?;
            let cdata = inner.trim_start().strip_prefix("<![CDATA[");
            if let Some((text, _)) = cdata.and_then(|text| text.split_once("]]>")) {
                return Some(text.trim().to_owned());
            }
            let end = inner.find(&format!("</{name}"))?;
            return Some(unescape(inner.get(..end)?.trim()));
        }
        from = start + 1;
    }
    None
}

/// Resolves the five entities of XML.
fn unescape(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (entity, plain)| {
        text.replace(entity, plain)
    })
}

/// The text between the tags, whatever they are.
pub(super) fn without_tags(xml: &str) -> String {
    let mut text = String::new();
    let mut rest = xml;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_told_from_what_only_looks_like_them() {
        let open = |len, is_empty| Tag::Open { len, is_empty };
        for (text, tag) in [
            ("<", Tag::Incomplete),
            ("<a", Tag::Incomplete),
            ("<ab", Tag::Incomplete),
            ("</", Tag::Incomplete),
            ("</ab", Tag::Incomplete),
            ("<ab ", Tag::Incomplete),
            ("<ab c=\">", Tag::Incomplete),
            ("</ab ", Tag::Incomplete),
            ("<ab>x", open(4, false)),
            ("<ab/>", open(5, true)),
            ("<ab c='/>' d=\"<\" />", open(19, true)),
            ("<ab it's>", open(9, false)),
            ("</ab >", Tag::Close { len: 6 }),
            ("<b", Tag::Other),
            ("<a ", Tag::Other),
            ("<abc", Tag::Other),
            ("<ab <", Tag::Other),
            ("</ab x>", Tag::Other),
            ("< ab>", Tag::Other),
            ("<Ab>", Tag::Other),
        ] {
            assert_eq!(read_tag("ab", text.as_bytes()), tag, "{text}");
        }
    }

    #[test]
    fn an_endless_tag_is_none() {
        let endless = format!("<ab {}", "x".repeat(MAX_TAG_BYTES));
        assert_eq!(read_tag("ab", endless.as_bytes()), Tag::Other);
    }

    #[test]
    fn attributes_and_elements_are_read() {
        let tag = "<r card_id=\"c1\" kind='a=\"b\"' n=5 type = \"x &amp; y\"/>";
        let read = |name| attribute(tag, name);
        assert_eq!(read("card_id").as_deref(), Some("c1"));
        assert_eq!(read("kind").as_deref(), Some("a=\"b\""));
        assert_eq!(read("n").as_deref(), Some("5"));
        assert_eq!(read("type").as_deref(), Some("x & y"));
        assert_eq!(read("id"), None);

        let xml = "<c><n_id>1</n_id><n>a &lt; b</n><d> <![CDATA[{\"q\":\"</d>\"}]]> </d></c>";
        assert_eq!(element_text(xml, "n").as_deref(), Some("a < b"));
        assert_eq!(element_text(xml, "d").as_deref(), Some("{\"q\":\"</d>\"}"));
        assert_eq!(element_text(xml, "e"), None);
        assert_eq!(without_tags("<a>x<b/>y</a> z"), "xy z");
    }
}

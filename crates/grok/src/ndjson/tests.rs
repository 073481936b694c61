//! Tests of the splitter; apart from the code because of their number.

use proptest::prelude::*;
use serde::de::IgnoredAny;

use super::*;

fn objects(chunks: &[&[u8]], limit: usize) -> Result<Vec<String>, TooLarge> {
    let mut splitter = Splitter::new(limit);
    let mut all = Vec::new();
    for chunk in chunks {
        splitter.push(Bytes::copy_from_slice(chunk));
        while splitter
            .next(|text| serde_json::from_str::<IgnoredAny>(text).ok())?
            .is_some()
        {
            all.push(String::from_utf8(splitter.current().to_vec()).unwrap());
        }
    }
    Ok(all)
}

fn split(text: &str) -> Vec<String> {
    objects(&[text.as_bytes()], MAX_OBJECT_BYTES).unwrap()
}

#[test]
fn lines_with_prefixes_blanks_and_markers_give_their_objects() {
    let text = "\r\n{\"a\":1}\r\n\nevent: message\ndata: {\"b\":\"}{\"}\ndata:{\"c\":2}  \n\
                : ping\ndada {\"y\":1}\n[DONE]\ndata: [DONE]\nnot json {\"x\":1}\n{\"d\":{\"e\":[{}]}}";
    assert_eq!(
        split(text),
        [
            r#"{"a":1}"#,
            r#"{"b":"}{"}"#,
            r#"{"c":2}"#,
            r#"{"d":{"e":[{}]}}"#
        ]
    );
}

#[test]
fn objects_without_newline_between_them_are_split() {
    assert_eq!(
        split(r#"{"a":"\"}"}{"b":"\\"}data: {"c":1} {"d":2}"#),
        [
            r#"{"a":"\"}"}"#,
            r#"{"b":"\\"}"#,
            r#"{"c":1}"#,
            r#"{"d":2}"#
        ]
    );
}

#[test]
fn an_object_is_given_before_its_newline_arrives() {
    let mut splitter = Splitter::new(MAX_OBJECT_BYTES);
    splitter.push(Bytes::from_static(b"{\"a\":1}"));
    let found = splitter.next(|text| Some(text.to_owned())).unwrap();
    assert_eq!(found.as_deref(), Some(r#"{"a":1}"#));
}

#[test]
fn a_broken_line_costs_only_itself() {
    assert_eq!(split("{\"a\":\"half\n{\"b\":1}\n"), [r#"{"b":1}"#]);
    assert_eq!(split("{\"a\":{\"c\":1\n{\"b\":1}\n"), [r#"{"b":1}"#]);
    assert_eq!(split("{\"a\":\ndata: {\"b\":1}\n"), [r#"{"b":1}"#]);
    assert_eq!(split("{oops}\n{\"b\":1}\n"), [r#"{"b":1}"#]);
    assert_eq!(split("{\"a\":\"x\\\n{\"b\":1}\n"), [r#"{"b":1}"#]);
}

#[test]
fn an_object_over_several_lines_is_joined() {
    assert_eq!(split("{\n  \"a\": {\n    \"b\": 1\n  }\n}\n").len(), 1);
}

#[test]
fn broken_characters_are_replaced_not_lost() {
    let bytes = b"{\"a\":\"x\xff\"}\n{\"b\":1}\n";
    assert_eq!(
        objects(&[bytes], MAX_OBJECT_BYTES).unwrap(),
        ["{\"a\":\"x\u{fffd}\"}", r#"{"b":1}"#]
    );
}

#[test]
fn an_object_over_the_limit_is_an_error_in_one_chunk_and_in_many() {
    let text = format!("{{\"a\":\"{}\"}}\n", "x".repeat(100));
    assert_eq!(objects(&[text.as_bytes()], 64), Err(TooLarge));
    let pieces: Vec<&[u8]> = text.as_bytes().chunks(10).collect();
    assert_eq!(objects(&pieces, 64), Err(TooLarge));
    assert!(objects(&pieces, 200).is_ok());
    let (line, bare) = (text.as_bytes(), text.trim_end().as_bytes());
    for chunks in [&[line][..], &[bare], &pieces, &[&bare[..50], &bare[50..]]] {
        assert!(objects(chunks, bare.len()).is_ok());
        assert_eq!(objects(chunks, bare.len() - 1), Err(TooLarge));
    }
}

#[test]
fn text_outside_objects_is_never_kept() {
    let mut splitter = Splitter::new(64);
    for _ in 0..100 {
        splitter.push(Bytes::from(vec![b'x'; 1000]));
        assert_eq!(splitter.next(|_| Some(())), Ok(None));
    }
    assert_eq!(splitter.carry.capacity(), 0);
}

#[test]
fn a_complete_line_is_taken_with_its_newline() {
    let text = b"{\"a\":1}  \ndata: {\"b\":2}\n{oops}\n{\"c\":3}\n{\"d\":4} x\n{\"e\":5}";
    let mut splitter = Splitter::new(MAX_OBJECT_BYTES);
    splitter.push(Bytes::from_static(text));
    let mut ends = Vec::new();
    while let Ok(Some(())) =
        splitter.next(|text| serde_json::from_str::<IgnoredAny>(text).ok().map(|_| ()))
    {
        ends.push(splitter.pos);
    }
    let after = |part: &str| {
        let text = std::str::from_utf8(text).unwrap();
        text.find(part).unwrap() + part.len()
    };
    // The last two are found by the scan: nothing but a newline may follow in the line.
    let expected = ["1}  \n", "2}\n", "3}\n", "4}", "5}"].map(after);
    assert_eq!(ends, expected);
}

#[test]
fn a_large_joined_object_gives_its_buffer_back_and_a_small_one_keeps_it() {
    let mut splitter = Splitter::new(MAX_OBJECT_BYTES);
    for (len, keeps) in [(100, true), (KEEP_CARRY_BYTES + 1, false)] {
        splitter.push(Bytes::from_static(b"{\"a\":\""));
        assert_eq!(splitter.next(|_| Some(())), Ok(None));
        splitter.push(Bytes::from(vec![b'x'; len]));
        assert_eq!(splitter.next(|_| Some(())), Ok(None));
        splitter.push(Bytes::from_static(b"\"}"));
        assert_eq!(splitter.next(|_| Some(())), Ok(Some(())));
        assert_eq!(splitter.current().len(), len + 8);
        assert_eq!(splitter.next(|_| Some(())), Ok(None));
        assert_eq!(splitter.carry.capacity() > 0, keeps, "{len}");
    }
}

fn cut<'a>(bytes: &'a [u8], points: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut at: Vec<usize> = points.iter().map(|p| p.index(bytes.len() + 1)).collect();
    at.extend([0, bytes.len()]);
    at.sort_unstable();
    at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

proptest! {
    #[test]
    fn any_cut_gives_the_same_objects(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "\"", "\\", "\n", "data:", "d", " ", "{\"a\":1}", "{\"é🦀\":\"\\\"}{\"}",
            "[", "]", ",", ":", "event: x", "[DONE]", "{\"a\":{\"b\":[{}]}}\n", "1", "null",
        ]), 0..40),
        points in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let text = pieces.concat();
        let whole = objects(&[text.as_bytes()], MAX_OBJECT_BYTES);
        prop_assert_eq!(objects(&cut(text.as_bytes(), &points), MAX_OBJECT_BYTES), whole);
    }

    #[test]
    fn arbitrary_bytes_never_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        points in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let whole = objects(&[&bytes], 1 << 20);
        prop_assert_eq!(objects(&cut(&bytes, &points), 1 << 20), whole);
    }
}

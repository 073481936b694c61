//! Tests of the filter; apart from it because of their number.

use proptest::prelude::*;

use super::*;
use crate::markup::SearchKind;
use crate::markup::syntax::{MAX_TAG_BYTES, bytes_read};

const CARDS: [&str; 3] = [
    r#"{"id":"c1","url":"https://a.io","title":"A"}"#,
    r#"{"id":"c2","url":"https://b.io"}"#,
    r#"{"id":"i1","image":{"original":"https://i.io/o.png","title":"fox"}}"#,
];

fn filter() -> Filter {
    let names = ["xaiartifact", TOOL_CARD, RENDER].map(str::to_owned);
    let mut filter = Filter::new(&names);
    filter.set_rollout("Agent 1");
    for card in CARDS {
        assert!(filter.register_card(card));
    }
    filter
}

fn run<'a>(pieces: impl IntoIterator<Item = &'a str>) -> String {
    let (mut filter, mut out) = (filter(), String::new());
    for piece in pieces {
        filter.push(piece, &mut out);
    }
    filter.finish(&mut out);
    out
}

fn cite(card: &str) -> String {
    format!(
        "<grok:render card_id=\"{card}\" type=\"render_inline_citation\"><x>1</x></grok:render>"
    )
}

const SEARCH: &str = "<xai:tool_usage_card><xai:tool_name>web_search</xai:tool_name><xai:tool_args>\
    <![CDATA[{\"query\":\"</xai:tool_usage_card>\"}]]></xai:tool_args></xai:tool_usage_card>";

#[test]
fn exactly_the_element_goes() {
    for (text, left) in [
        ("a<xaiartifact id=\"1\">b</xaiartifact>c", "ac"),
        ("a<xaiartifact/>b<xaiartifact id='>' />c", "abc"),
        (
            "a<xaiartifact>b<xaiartifact>c</xaiartifact>d</xaiartifact >e",
            "ae",
        ),
        ("a<xaiartifact>b<xaiartifact/>c</xaiartifact>d", "ad"),
        ("a<xaiartifact>b<grok:render>c</xaiartifact>d", "ad"),
        ("a</xaiartifact>b", "ab"),
        ("<xaiartifact><i>x</i> < 3</xaiartifact>é", "é"),
    ] {
        assert_eq!(run([text]), left, "{text}");
    }
}

#[test]
fn what_is_no_such_element_stays() {
    for text in [
        "1 < 2 && 3 > 2",
        "<b>bold</b> <br/> <xai> <xaiartifacts>x</xaiartifacts>",
        "<<xaiartifactx <",
        "ends with <xaiart",
        "never closed <xaiartifact a='b'>c <b>d</b>",
        "broken <xaiartifact <b>",
        "broken </xaiartifact x>",
        "<XAIARTIFACT>x</XAIARTIFACT>",
        "秘鲁 <- Lima",
    ] {
        assert_eq!(run([text]), text);
    }
}

#[test]
fn tool_cards_become_a_line() {
    assert_eq!(
        run(["a\n", SEARCH, "b"]),
        "a\n[Agent 1][WebSearch] </xai:tool_usage_card>\nb"
    );
    assert_eq!(run(["a<xai:tool_usage_card></xai:tool_usage_card>b"]), "ab");
    let (mut filter, mut out) = (filter(), String::new());
    filter.set_rollout("Agent 2");
    filter.push(SEARCH, &mut out);
    assert_eq!(out, "[Agent 2][WebSearch] </xai:tool_usage_card>\n");
}

#[test]
fn citations_are_numbered_and_an_immediate_repeat_goes() {
    let (c1, c2) = (cite("c1"), cite("c2"));
    let (m1, m2) = ("[[1]](https://a.io)", "[[2]](https://b.io)");
    assert_eq!(
        run(["x", &c1, &c1, " ", &c1, &c2, &c1]),
        format!("x{m1} {m2}{m1}")
    );
    assert_eq!(run([c1.as_str(), ".", &c1]), format!("{m1}.{m1}"));
    assert_eq!(run(["x", &cite("unknown"), "y"]), "xy");
}

#[test]
fn each_mark_is_told_once_with_its_source() {
    let (mut filter, mut out) = (filter(), String::new());
    filter.register_source(&Source {
        url: "https://b.io".to_owned(),
        title: "B".to_owned(),
    });
    let mut told = |pieces: &[&str]| {
        for piece in pieces {
            filter.push(piece, &mut out);
        }
        let all: Vec<_> = filter.take_citations().collect();
        all.iter()
            .map(|c| (c.number, c.url.clone(), c.title.clone()))
            .collect::<Vec<_>>()
    };
    let (c1, c2) = (cite("c1"), cite("c2"));
    let a = || (1, "https://a.io".to_owned(), "A".to_owned());
    let b = || (2, "https://b.io".to_owned(), "B".to_owned());
    assert_eq!(told(&["x", &c1, &c1, "y", &c2[..20]]), [a()]);
    assert_eq!(told(&[&c2[20..], &cite("unknown"), &c1]), [b(), a()]);
    assert_eq!(told(&["z"]), []);
}

#[test]
fn look_ups_are_told_once() {
    let (mut filter, mut out) = (filter(), String::new());
    filter.push(SEARCH, &mut out);
    filter.push("x", &mut out);
    let all: Vec<_> = filter.take_searches().collect();
    let expected = Search {
        kind: SearchKind::Web,
        query: "</xai:tool_usage_card>".to_owned(),
    };
    assert_eq!(all, [expected]);
    assert_eq!(filter.take_searches().count(), 0);
}

#[test]
fn the_end_lets_out_what_is_held_and_the_filter_starts_again() {
    let (mut filter, mut out) = (filter(), String::new());
    filter.push("a<xaiartifact>b", &mut out);
    assert_eq!(out, "a");
    filter.finish(&mut out);
    assert_eq!(out, "a<xaiartifact>b");
    filter.finish(&mut out);
    filter.push("</b>c", &mut out);
    assert_eq!(out, "a<xaiartifact>b</b>c");
}

/// Twice the longest element of each text that makes the filter look twice.
#[test]
fn the_work_is_linear_in_the_text() {
    const SIZE: usize = 2 * MAX_HELD_BYTES;
    for unit in [
        "<",
        "</",
        "<xai:tool_usage_card>",
        "<xai:tool_usage_card><![CDATA[",
        "<xai:tool_usage_card",
        "<xaiartifact ",
        "<xaiartifact a='",
        "<xaiartifact a=\"",
        "<xaiartifact a='<xaiartifact a=\"",
        "<xaiartifact><xaiartifact a='",
        "</xaiartifact ",
        "<grok:render a=",
        "<grok:render/>",
        "<xaiartifact></xaiartifact>",
    ] {
        let text = unit.repeat(SIZE / unit.len());
        for piece_bytes in [SIZE, 7] {
            let before = bytes_read();
            let (mut filter, mut out) = (filter(), String::new());
            for piece in text.as_bytes().chunks(piece_bytes) {
                filter.push(std::str::from_utf8(piece).unwrap(), &mut out);
                assert!(filter.held.len() <= MAX_HELD_BYTES + piece_bytes);
            }
            filter.finish(&mut out);
            let work = bytes_read() - before;
            assert!(out.len() <= text.len());
            assert!(work > 0, "the counter counts");
            assert!(
                work <= 8 * SIZE,
                "{unit:?} by {piece_bytes}: {work} bytes read"
            );
        }
    }
}

#[test]
fn a_tag_that_does_not_end_is_read_again_only_up_to_its_limit() {
    let text = format!("<xaiartifact {}", "x".repeat(16 * MAX_TAG_BYTES));
    let before = bytes_read();
    assert_eq!(run(text.split_inclusive('x')), text);
    let work = bytes_read() - before;
    assert!(work <= MAX_TAG_BYTES * MAX_TAG_BYTES, "{work} bytes read");
}

#[test]
fn an_image_starts_its_own_line() {
    let image = "<grok:render card_id=\"i1\"/>";
    assert_eq!(run(["a", image, "b"]), "a\n![fox](https://i.io/o.png)b");
    assert_eq!(run(["a\n", image]), "a\n![fox](https://i.io/o.png)");
    assert_eq!(run([image]), "![fox](https://i.io/o.png)");
}

#[test]
fn a_picture_that_no_element_names_comes_behind_the_text() {
    let mut filter = Filter::new(&[]);
    let card = r#"{"id":"f1","image":{"original":"https://f.io/o.png","title":"Fox"}}"#;
    assert!(filter.register_card(card));
    let mut out = String::new();
    filter.push("A fox.", &mut out);
    filter.finish(&mut out);
    filter.finish_pictures(&mut out);
    assert_eq!(out, "A fox.\n![Fox](https://f.io/o.png)");
    filter.finish_pictures(&mut out);
    assert_eq!(out.matches("![Fox]").count(), 1, "{out}");
}

#[test]
fn only_configured_names_are_touched() {
    let mut filter = Filter::new(&["think".into(), " ".into()]);
    let mut out = String::new();
    filter.push("<grok:render/><think>x</think>y", &mut out);
    assert_eq!(out, "<grok:render/>y");
}

#[test]
fn text_that_is_no_tag_passes_at_once() {
    let (mut filter, mut out) = (filter(), String::new());
    for (piece, so_far) in [
        ("a < b", "a < b"),
        ("<b", "a < b<b"),
        ("<xai", "a < b<b"),
        ("o", "a < b<b<xaio"),
        ("</gro", "a < b<b<xaio"),
        ("w>", "a < b<b<xaio</grow>"),
    ] {
        filter.push(piece, &mut out);
        assert_eq!(out, so_far, "after {piece:?}");
    }
}

#[test]
fn an_endless_element_comes_out_as_it_is() {
    let text = format!("a<xaiartifact>{}z", "é".repeat(MAX_HELD_BYTES));
    assert_eq!(run([text.as_str()]), text);
    let (mut filter, mut out) = (filter(), String::new());
    for c in text.chars() {
        filter.push(c.encode_utf8(&mut [0; 4]), &mut out);
        assert!(filter.held.len() <= MAX_HELD_BYTES + 4);
    }
    filter.finish(&mut out);
    assert_eq!(out, text);
}

#[test]
fn the_limit_of_an_element_does_not_depend_on_the_cut() {
    for padding in MAX_HELD_BYTES - 40..MAX_HELD_BYTES {
        let text = format!(
            "<xaiartifact>{}</xaiartifact><xaiartifact/>!",
            "x".repeat(padding)
        );
        let whole = run([text.as_str()]);
        let near = MAX_HELD_BYTES.min(text.len());
        for at in near - 16..(near + 16).min(text.len()) {
            let (a, b) = text.split_at(at);
            assert_eq!(run([a, b]), whole, "{padding} {at}");
        }
        let fits = "<xaiartifact></xaiartifact>".len() + padding <= MAX_HELD_BYTES;
        assert_eq!(whole == "!", fits, "{padding}");
    }
}

#[test]
fn an_endless_tag_comes_out_as_it_is() {
    let text = format!("a<xaiartifact {}", "x".repeat(2 * MAX_TAG_BYTES));
    assert_eq!(run([text.as_str()]), text);
    assert_eq!(run(text.split_inclusive('x')), text);
}

/// Texts full of tags, halves of tags and what looks like them.
fn tagged_text() -> impl Strategy<Value = String> {
    const FRAGMENTS: &[&str] = &[
        "<xaiartifact>",
        "<xaiartifact a=\"<>\" b='x'/>",
        "</xaiartifact>",
        "</xaiartifact ",
        "<xaiartifact ",
        "<xai:tool_usage_card>",
        "</xai:tool_usage_card>",
        "<![CDATA[",
        "]]>",
        "<xai:tool_name>web_search</xai:tool_name>",
        SEARCH,
        "<grok:render card_id=\"c1\" type=\"render_inline_citation\">",
        "<grok:render card_id=\"i1\"/>",
        "</grok:render>",
        "<",
        ">",
        "/>",
        "\"",
        "=",
        " ",
        "\n",
        "é秘😀",
        "text",
        "<b>",
    ];
    prop::collection::vec(prop::sample::select(FRAGMENTS), 0..24).prop_map(|f| f.concat())
}

proptest! {
    #[test]
    fn any_split_gives_the_same_text(text in tagged_text(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12)) {
        let mut cuts: Vec<usize> = cuts.iter().map(|c| text.floor_char_boundary(c.index(text.len() + 1))).collect();
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        let mut from = 0;
        for cut in cuts {
            pieces.push(&text[from..cut]);
            from = cut;
        }
        pieces.push(&text[from..]);
        let whole = run([text.as_str()]);
        prop_assert_eq!(run(pieces), whole.clone());
        let chars: Vec<String> = text.chars().map(String::from).collect();
        prop_assert_eq!(run(chars.iter().map(String::as_str)), whole);
    }

    #[test]
    fn text_without_these_tags_passes_unchanged(pieces in prop::collection::vec("[a-z<>/ =\"é秘]{0,8}", 0..12)) {
        prop_assert_eq!(run(pieces.iter().map(String::as_str)), pieces.concat());
    }

    #[test]
    fn neighbours_of_an_element_are_never_lost(before in "[a-z é\n]{0,9}", after in "[a-z é\n]{0,9}", inside in "[a-z<>é ]{0,9}") {
        let text = format!("{before}<xaiartifact x='1'>{inside}</xaiartifact>{after}");
        prop_assert_eq!(run([text.as_str()]), format!("{before}{after}"));
    }
}

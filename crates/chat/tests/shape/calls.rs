//! The shapes in which models write calls, and what stands around them.

use chat::{Request, Shape, Verdict};

use super::{Outcome, run, so_far, with_tools};

const CALL: &str = r#"<tool_call>{"name":"any","arguments":{"a":1}}</tool_call>"#;

fn one(answer: &str) -> Outcome {
    run(&with_tools(), &[answer])
}

#[test]
fn without_tools_and_format_nothing_has_to_pass() {
    assert!(Shape::new(&Request::default()).is_none());
}

#[test]
fn every_shape_of_a_call_is_read() {
    for answer in [
        CALL,
        "<tool_call>\n{\"name\": \"any\", \"arguments\": {\"a\": 1}}\n</tool_call>\n",
        r#"<tool_call>{"tool_name":"any","parameters":{"a":1}}</tool_call>"#,
        r#"<tool_call>{"name":"any","arguments":"{\"a\": 1}"}</tool_call>"#,
        r#"<tool_call>{"function":{"name":"any","arguments":{"a":1}}}</tool_call>"#,
        r#"<tool_call>[{"name":"any","arguments":{"a":1}}]</tool_call>"#,
        "<tool_calls>\n  <tool_call>\n    <tool_name>any</tool_name>\n    \
         <parameters>{\"a\":1}</parameters>\n  </tool_call>\n</tool_calls>",
        "<tool_call><tool_name>any</tool_name><parameters><![CDATA[{\"a\":1}]]></parameters></tool_call>",
        "<tool_call><tool_name>any</tool_name><parameter name=\"a\">1</parameter></tool_call>",
        r#"<function_call><name>any</name><arguments>{"a":1}</arguments></function_call>"#,
        r#"<function_call>{"name":"any","arguments":{"a":1}}</function_call>"#,
        r#"<invoke name="any">{"a":1}</invoke>"#,
        r#"<invoke  name = 'any' ><parameters>{"a":1}</parameters></invoke>"#,
        "<function_calls><invoke name=\"any\">\n<parameter name=\"a\">1</parameter>\n</invoke></function_calls>",
        r#"{"tool_calls":[{"name":"any","arguments":{"a":1}}]}"#,
        "\n { \"tool_calls\" : [{\"id\":\"1\",\"type\":\"function\",\"function\":{\"name\":\"any\",\"arguments\":\"{\\\"a\\\":1}\"}}]}",
        "```json\n{\"tool_calls\":[{\"name\":\"any\",\"arguments\":{\"a\":1}}]}\n```",
        "```xml\n<tool_call>{\"name\":\"any\",\"arguments\":{\"a\":1}}</tool_call>\n```",
        "<tool_call>\n```json\n{\"name\":\"any\",\"arguments\":{\"a\":1}}\n```\n</tool_call>",
        "```\n<tool_calls><tool_call><tool_name>any</tool_name><parameters>\n```json\n{\"a\":1}\n```\n</parameters></tool_call></tool_calls>\n```",
    ] {
        assert_eq!(
            one(answer),
            Outcome::fine("", &[r#"any {"a":1}"#]),
            "{answer}"
        );
    }
}

#[test]
fn known_mistakes_in_a_call_are_repaired() {
    for (answer, call) in [
        (
            r#"<tool_call>{"name":"any","arguments":{"a":[1,],},}</tool_call>"#,
            r#"any {"a":[1]}"#,
        ),
        (
            r#"<tool_call>{"name":"any","arguments":{"a":{"b":1}</tool_call>"#,
            r#"any {"a":{"b":1}}"#,
        ),
        (
            "<tool_call>{\"name\":\"any\",\"arguments\":{\"a\":\"1\n2\"}}</tool_call>",
            r#"any {"a":"1\n2"}"#,
        ),
        (
            r#"<tool_call>json {"name":"any","arguments":{}} ok</tool_call>"#,
            "any {}",
        ),
        (
            r#"<tool_call>{"name":"any","arguments":"{\"a\":1,}"}</tool_call>"#,
            r#"any {"a":1}"#,
        ),
        (
            r#"<tool_call>{"name":"any","arguments":{"a":1}}}}</tool_call>"#,
            r#"any {"a":1}"#,
        ),
        (
            r#"{"tool_calls":[{"name":"any","arguments":{"a":1},},]}"#,
            r#"any {"a":1}"#,
        ),
    ] {
        assert_eq!(one(answer), Outcome::fine("", &[call]), "{answer}");
    }
}

#[test]
fn missing_arguments_are_an_empty_object() {
    for answer in [
        r#"<tool_call>{"name":"any"}</tool_call>"#,
        r#"<tool_call>{"name":"any","arguments":null}</tool_call>"#,
        r#"<tool_call>{"name":"any","arguments":""}</tool_call>"#,
        "<tool_call><tool_name>any</tool_name></tool_call>",
        "<function_call><name>any</name><arguments></arguments></function_call>",
        r#"<invoke name="any"></invoke>"#,
    ] {
        assert_eq!(one(answer), Outcome::fine("", &["any {}"]), "{answer}");
    }
}

#[test]
fn arguments_keep_their_numbers_and_the_order_of_their_fields() {
    let answer = r#"<tool_call>{"name":"any","arguments":{ "z": 12345678901234567890123, "a": 1.0 }}</tool_call>"#;
    let call = r#"any {"z":12345678901234567890123,"a":1.0}"#;
    assert_eq!(one(answer), Outcome::fine("", &[call]));
}

#[test]
fn a_parameter_is_text_where_the_tool_takes_text() {
    let answer = "<invoke name=\"weather\">\n<parameter name=\"city\">\n12\n</parameter>\n\
                  <parameter name=\"days\">3</parameter></invoke>";
    let call = r#"weather {"city":"12","days":3}"#;
    assert_eq!(one(answer), Outcome::fine("", &[call]));
}

#[test]
fn text_before_a_call_is_kept_and_text_after_it_is_not() {
    for (before, after) in [
        ("I will look. ", " Done."),
        ("I will look.\n\n", "\n\n```"),
        ("I will look.\n```json\n", "\n```\nDone. "),
        ("I will look.\n<tool_calls>", "</tool_calls> <b>Done"),
    ] {
        let answer = format!("{before}{CALL}{after}");
        assert_eq!(
            one(&answer),
            Outcome::fine("I will look.", &[r#"any {"a":1}"#]),
            "{answer}"
        );
    }
}

#[test]
fn a_code_block_before_a_call_keeps_its_end() {
    let code = "So:\n```rust\nfn a() {}\n```";
    let answer = format!("{code}\n{CALL}");
    assert_eq!(one(&answer), Outcome::fine(code, &[r#"any {"a":1}"#]));
}

#[test]
fn several_blocks_are_several_calls_until_text_follows() {
    let answer = format!("{CALL}\n{CALL} <invoke name=\"any\">{{}}</invoke>");
    let a = r#"any {"a":1}"#;
    assert_eq!(one(&answer), Outcome::fine("", &[a, a, "any {}"]));
    let answer = format!("{CALL} and {CALL}");
    assert_eq!(one(&answer), Outcome::fine("", &[a]));
    assert!(so_far(&with_tools(), &[CALL, "\n\n", "Now"]).1);
    assert!(!so_far(&with_tools(), &[CALL, "\n\n```\n<tool_"]).1);
}

#[test]
fn one_call_is_all_if_only_one_may_be_made() {
    let request = Request {
        one_tool_call: true,
        ..with_tools()
    };
    let answer = format!("{CALL}{CALL}");
    assert_eq!(
        run(&request, &[&answer]),
        Outcome::fine("", &[r#"any {"a":1}"#])
    );
    assert!(so_far(&request, &[CALL]).1, "nothing more is wanted");
}

#[test]
fn end_tags_in_strings_do_not_end_a_call() {
    for (answer, call) in [
        (
            r#"<tool_call>{"name":"any","arguments":{"a":"</tool_call> \" </tool_call>"}}</tool_call>"#,
            r#"any {"a":"</tool_call> \" </tool_call>"}"#,
        ),
        (
            r#"<tool_call>{"name":"any","arguments":{"a":"\>"}}</tool_call>"#,
            r#"any {"a":"\\>"}"#,
        ),
        (
            "<invoke name=\"any\"><parameter name=\"a\">say \"</invoke>\" {</parameter></invoke>",
            r#"any {"a":"say \"</invoke>\" {"}"#,
        ),
    ] {
        assert_eq!(one(answer), Outcome::fine("", &[call]), "{answer}");
    }
}

#[test]
fn an_end_tag_in_a_string_counts_if_no_other_comes() {
    let broken = r#"<tool_call>{"name":"any","arguments":{"a":"b}}</tool_call>"#;
    let answer = format!("{broken}\n{CALL}");
    let outcome = one(&answer);
    assert_eq!(
        outcome.calls,
        [r#"any {"a":1}"#],
        "the one behind it is read"
    );
    assert!(outcome.asked().contains("valid JSON"), "{outcome:?}");
}

#[test]
fn text_that_only_looks_like_a_call_stays_text() {
    for answer in [
        "1 < 2, <tool>, <tool_cal>, <tool_call , <tool_callx>, </tool_call>, <<b",
        "`code` and ``more`` and\n```\nfence\n```\n",
        "```",
        "``",
        "<invoke>{}</invoke> <invoke nam=\"x\">{}</invoke> <invokes name=\"x\">",
        "{\"a\":1} and {\"tool_calls\":[]}",
        "{\"tool_calls\":{}}",
        "{\"tool_calls\":[]} nothing",
        "See {\"tool_calls\":[{\"name\":\"any\"}]}",
        "<tool_call>none</tool_call> of them",
        "<tool_calls> none </tool_calls>",
        "<tool_call>{\"name\":\"any\",\"arguments\":{\"a\":\"b",
        "Ünïcödé <töol_call> 秘鲁 <tool_call",
        " \n\t",
    ] {
        assert_eq!(one(answer), Outcome::fine(answer, &[]), "{answer}");
    }
}

#[test]
fn an_unfinished_block_is_a_call_if_it_can_be_one() {
    for (answer, call) in [
        (
            r#"<tool_call>{"name":"any","arguments":{"a":1"#,
            r#"any {"a":1}"#,
        ),
        (
            r#"<tool_call>{"name":"any","arguments":{"a":1}}</tool_c"#,
            r#"any {"a":1}"#,
        ),
        (
            r#"{"tool_calls":[{"name":"any","arguments":{"a":1}"#,
            r#"any {"a":1}"#,
        ),
        (
            r#"<invoke name="any"><parameter name="a">1</parameter>"#,
            r#"any {"a":1}"#,
        ),
    ] {
        assert_eq!(one(answer), Outcome::fine("", &[call]), "{answer}");
    }
}

#[test]
fn a_block_that_the_callers_limit_cut_is_no_call() {
    let cut = |answer: &str| {
        let mut shape = Shape::new(&with_tools()).expect("tools");
        let mut out = String::new();
        shape.push(answer, &mut out);
        let verdict = shape.finish(true, &mut out);
        (out, shape.take_calls().len(), verdict)
    };
    let open = r#"<tool_call>{"name":"any","arguments":{"a":1"#;
    for open in [
        open,
        "<tool_call>\n",
        "<too",
        "```xml\n<tool_calls>\n<tool_call>{",
        "<tool_call><tool_name>any</tool_name>",
        "<invoke name=\"any\"><parameter name=\"a\">1</parameter>",
        "<invoke name=\"any\">",
    ] {
        assert_eq!(cut(open), (String::new(), 0, Verdict::Fine), "{open}");
        let after_text = format!("Let me look.\n{open}");
        assert_eq!(cut(&after_text).0, "Let me look.", "{open}");
    }
    for text in ["a `", "a ```js\n", "{\"a\"", "1 < 2"] {
        assert_eq!(cut(text), (text.to_owned(), 0, Verdict::Fine), "no call");
    }
    let closed = r#"<tool_call>{"name":"any","arguments":{"a":1}}"#;
    assert_eq!(cut(closed), (String::new(), 1, Verdict::Fine));
    let misfit = r#"<tool_call>{"name":"no"}</tool_call>"#;
    assert_eq!(cut(misfit), (misfit.to_owned(), 0, Verdict::Fine));
}

#[test]
fn only_what_may_begin_a_block_is_held_back() {
    let request = with_tools();
    for (pieces, shown) in [
        (vec!["Hello", " wor"], "Hello wor"),
        (vec!["a ", "< b <", "tool"], "a < b"),
        (vec!["a <tool_calx"], "a <tool_calx"),
        (vec!["a ``", "`js"], "a"),
        (vec!["a ``", "`js\nx"], "a ```js\nx"),
        (vec!["{\"a\""], "{\"a\""),
        (vec!["{ \"tool_"], ""),
    ] {
        assert_eq!(so_far(&request, &pieces).0, shown, "{pieces:?}");
    }
}

#[test]
fn what_exceeds_a_bound_is_text() {
    let blank = " ".repeat(5000);
    assert_eq!(
        one(&format!("a{blank}b")),
        Outcome::fine(&format!("a{blank}b"), &[])
    );
    let long = format!(
        r#"<tool_call>{{"name":"any","arguments":{{"a":"{}"#,
        "é".repeat(200_000)
    );
    assert_eq!(one(&long), Outcome::fine(&long, &[]));
    let mut shape = Shape::new(&with_tools()).expect("tools");
    let mut out = String::new();
    for _ in 0..100_000 {
        shape.push("<tool_call>{[", &mut out);
        assert!(shape.held_bytes() <= 256 * 1024);
    }
    let many = CALL.repeat(200);
    assert_eq!(one(&many).calls.len(), 128);
    assert!(so_far(&with_tools(), &[&many]).1);
    let deep = format!(
        r#"<tool_call>{{"name":"any","arguments":{{"a":{}1{}}}}}</tool_call>"#,
        "[".repeat(500),
        "]".repeat(500)
    );
    assert_eq!(run(&with_tools(), &[&deep, &deep]).calls, [""; 0]);
}

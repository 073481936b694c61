use super::{
    super::{blocks, code_blocks, plain_text},
    *,
};

fn html(text: &str) -> String {
    let options = RenderOptions {
        id_prefix: "t1".into(),
        copy_label: "Copy".into(),
        ..RenderOptions::default()
    };
    blocks(text, &options).concat()
}

const LINK: &str = "target=\"_blank\" rel=\"noopener noreferrer nofollow\"";

#[test]
fn common_markdown_is_rendered() {
    assert_eq!(html("# A *b*"), "<h3>A <em>b</em></h3>");
    assert_eq!(
        html("**a** ~~b~~ `c<`"),
        "<p><strong>a</strong> <del>b</del> <code>c&lt;</code></p>\n"
    );
    assert_eq!(
        html("3. x\n4. y"),
        "<ol start=\"3\"><li>x</li><li>y</li></ol>"
    );
    assert_eq!(
        html("> q\n\n---"),
        "<blockquote><p>q</p>\n</blockquote><hr>"
    );
    assert_eq!(html("a\\\nb<br>c"), "<p>a<br>\nb<br>c</p>\n");
}

#[test]
fn headings_never_skip_a_level() {
    assert_eq!(
        html("## A\n### B\n## C\n# D\n#### E\n"),
        "<h3>A</h3><h4>B</h4><h3>C</h3><h3>D</h3><h4>E</h4>"
    );
}

#[test]
fn tables_scroll_and_align_without_inline_style() {
    assert_eq!(
        html("| a | b |\n|:-:|--:|\n| 1 | 2 |"),
        "<div class=\"md-table\" tabindex=\"0\"><table><thead><tr><th class=\"md-center\">a</th>\
         <th class=\"md-right\">b</th></tr></thead><tbody><tr><td class=\"md-center\">1</td>\
         <td class=\"md-right\">2</td></tr></tbody></table></div>"
    );
}

#[test]
fn tasks_are_marked() {
    assert_eq!(
        html("- [x] a\n- [ ] b"),
        "<ul><li><span class=\"md-task md-task-done\">☑</span> a</li>\
         <li><span class=\"md-task\">☐</span> b</li></ul>"
    );
}

#[test]
fn footnotes_are_numbered_in_order_and_bound_to_the_message() {
    assert_eq!(
        html("a[^x] b[^y]\n\n[^y]: why\n\n[^x]: ex"),
        "<p>a<sup><a href=\"#fn-t1-1\">1</a></sup> b<sup><a href=\"#fn-t1-2\">2</a></sup></p>\n\
         <div class=\"md-footnote\" id=\"fn-t1-2\"><sup>2</sup><div><p>why</p>\n</div></div>\
         <div class=\"md-footnote\" id=\"fn-t1-1\"><sup>1</sup><div><p>ex</p>\n</div></div>"
    );
}

#[test]
fn links_open_elsewhere_and_say_nothing_about_us() {
    let link = format!("<p><a href=\"https://a.example/?b=1&amp;c\" {LINK}>x</a></p>\n");
    assert_eq!(html("[x](https://a.example/?b=1&c \"title\")"), link);
    let bare = format!("<p>(<a href=\"https://a.example/x\" {LINK}>https://a.example/x</a>)</p>\n");
    assert_eq!(html("(https://a.example/x)"), bare);
    let mail = format!("<p><a href=\"mailto:a@b.example\" {LINK}>a@b.example</a></p>\n");
    assert_eq!(html("<a@b.example>"), mail);
}

#[test]
fn foreign_images_become_links() {
    let link = format!("<p><a href=\"https://a.example/i.png\" {LINK}>cat</a></p>\n");
    assert_eq!(html("![cat](https://a.example/i.png)"), link);
    assert_eq!(
        html("![a \"b\"](/v1/files/i.png)"),
        "<p><img loading=\"lazy\" src=\"/v1/files/i.png\" alt=\"a &quot;b&quot;\"></p>\n"
    );
    let nested = format!("<p><a href=\"https://a.example\" {LINK}>cat</a></p>\n");
    assert_eq!(
        html("[![cat](https://b.example/i.png)](https://a.example)"),
        nested
    );
}

#[test]
fn code_is_escaped_and_can_be_copied() {
    assert_eq!(
        html("```rust,ignore\n<b>&\n```"),
        "<div class=\"md-code\"><div class=\"md-code-head\"><span>rust</span><button type=\"button\" \
         data-copy-code>Copy</button></div><pre tabindex=\"0\"><code>&lt;b&gt;&amp;\n</code></pre></div>"
    );
}

#[test]
fn safe_highlights_replace_the_code_and_unsafe_ones_do_not() {
    let text = "```a\nx\n```\n\n- item\n\n  ```b\n  y\n  ```\n";
    let found = code_blocks(text);
    assert_eq!(found.len(), 2);
    assert_eq!(
        found[1],
        CodeBlock {
            language: "b".into(),
            code: "y\n".into()
        }
    );
    let options = RenderOptions {
        highlights: [
            (0, "<b>x</b>".into()),
            (1, "<span class=\"hl-k\">y</span>\n".into()),
        ]
        .into(),
        ..RenderOptions::default()
    };
    let html = blocks(text, &options).concat();
    assert!(html.contains("<code>x\n</code>"), "refused: {html}");
    assert!(
        html.contains("<code><span class=\"hl-k\">y</span>\n</code>"),
        "taken: {html}"
    );
}

#[test]
fn plain_text_has_no_marks() {
    assert_eq!(
        plain_text("# A *b*\n\n- `c`\n- [d](https://e.example)\n"),
        "A b\nc\nd"
    );
}

/// Every vector must come out without a tag, attribute or address that we did not write.
#[test]
fn attacks_come_out_as_text() {
    let vectors = [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "text <img src=x onerror=alert(1)> text",
        "<svg/onload=alert(1)>",
        "<details open ontoggle=alert(1)>",
        "<iframe src=\"javascript:alert(1)\"></iframe>",
        "<a href=\"javascript:alert(1)\">x</a>",
        "<style>@import 'https://evil.example'</style>",
        "<br onclick=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](<java\tscript:alert(1)>)",
        "[x](&#106;avascript:alert(1))",
        "[x](&#x6A;avascript&colon;alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:msgbox)",
        "<javascript:alert(1)>",
        "![x](javascript:alert(1))",
        "![x](data:image/svg+xml;base64,PHN2Zz4=)",
        "![\" onerror=\"alert(1)](/i.png)",
        "![x](/i.png\" onerror=\"alert(1))",
        "[x]: javascript:alert(1)\n\n[x]",
        "[x](https://a.example/\"onmouseover=\"alert(1))",
        "https://a.example/\"onmouseover=alert(1)",
        "https://a.example/'onmouseover=alert(1)",
        "```\"><script>alert(1)</script>\nx\n```",
        "```\n</code></pre><script>alert(1)</script>\n```",
        "`</code><script>alert(1)</script>`",
        "| <script>alert(1)</script> |\n|---|\n| <b onclick=x> |",
        "a[^\"><script>]\n\n[^\"><script>]: <script>alert(1)</script>",
        "<!-- --><script>alert(1)</script>",
        "<![CDATA[<script>alert(1)</script>]]>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        "1. <p onclick=x>\n   <div\n   onclick=x>",
        "\0<script\0>alert(1)</script>",
    ];
    for vector in vectors {
        let html = html(vector);
        for tag in tags(&html) {
            assert!(is_ours(&tag), "{vector:?} gave <{tag}> in {html}");
        }
    }
}

/// The insides of all tags in `html`.
fn tags(html: &str) -> Vec<String> {
    html.split('<')
        .skip(1)
        .map(|part| part.split('>').next().unwrap().to_owned())
        .collect()
}

fn is_ours(tag: &str) -> bool {
    let plain = [
        "p",
        "/p",
        "br",
        "hr",
        "code",
        "/code",
        "/pre",
        "/a",
        "em",
        "/em",
        "ul",
        "/ul",
        "ol",
        "/ol",
        "li",
        "/li",
        "blockquote",
        "/blockquote",
        "div",
        "/div",
        "span",
        "/span",
        "/button",
        "table",
        "/table",
        "thead",
        "/thead",
        "tbody",
        "/tbody",
        "tr",
        "/tr",
        "th",
        "/th",
        "td",
        "/td",
        "sup",
        "/sup",
        "span class=\"md-math\"",
        "span class=\"md-math md-math-block\"",
        "/span",
        "p class=\"md-raw\"",
        "pre tabindex=\"0\"",
        "div class=\"md-code\"",
        "div class=\"md-code-head\"",
        "button type=\"button\" data-copy-code",
        "div class=\"md-table\" tabindex=\"0\"",
        "div class=\"md-footnote\" id=\"fn-t1-1\"",
        "a href=\"#fn-t1-1\"",
    ];
    let attribute_ends = |rest: &str, tail: &str| {
        rest.split_once('"')
            .is_some_and(|(_, after)| after.starts_with(tail) && !after.contains("on"))
    };
    plain.contains(&tag)
        || tag
            .strip_prefix("a href=\"http")
            .is_some_and(|rest| attribute_ends(rest, " target=\"_blank\""))
        || tag
            .strip_prefix("img loading=\"lazy\" src=\"/")
            .is_some_and(|rest| rest.matches('"').count() == 3 && rest.ends_with('"'))
}

#[test]
fn random_marks_never_break_out() {
    // A cheap fuzz: all short sequences over the characters that matter.
    let alphabet = [
        "<",
        ">",
        "[",
        "]",
        "(",
        ")",
        "`",
        "\"",
        "!",
        "a",
        "\n",
        "javascript:",
        "\\",
        "$",
        "\u{e000}",
    ];
    let mut state = 7_u64;
    for _ in 0..4000 {
        let mut text = String::new();
        for _ in 0..12 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            text.push_str(alphabet[(state >> 33) as usize % alphabet.len()]);
        }
        let html = html(&text);
        assert!(
            tags(&html).iter().all(|tag| is_ours(tag)),
            "{text:?} gave {html}"
        );
    }
}

#[test]
fn formulas_stay_as_they_were_written() {
    let html = blocks(
        "Let \\(a_1 < b_2\\) and $x_1*y*z_1$ be.\n\n\\[\n\\frac{a}{b}\n\\]\n\n| a | b |\n|---|---|\n| $|x|$ | $5 |\n\n> **$e_1$** `$c$`\n\n    $d$\n",
        &RenderOptions::default(),
    )
    .concat();
    for formula in [
        r#"Let <span class="md-math">\(a_1 &lt; b_2\)</span> and"#,
        r#"<span class="md-math">$x_1*y*z_1$</span> be."#,
        "<p><span class=\"md-math md-math-block\">\\[\n\\frac{a}{b}\n\\]</span></p>",
        r#"<td><span class="md-math">$|x|$</span></td><td>$5</td>"#,
        r#"<strong><span class="md-math">$e_1$</span></strong> <code>$c$</code>"#,
        "<code>$d$\n</code>",
    ] {
        assert!(html.contains(formula), "{formula} in {html}");
    }
}

#[test]
fn amounts_are_no_formulas_and_marks_are_characters() {
    for text in ["It is $5 and $6.", "US$7-$8", "a \u{e000}xxx b"] {
        let html = blocks(text, &RenderOptions::default()).concat();
        let plain = html
            .replace("<span class=\"md-math\">", "")
            .replace("</span>", "");
        assert_eq!(plain.trim_end(), format!("<p>{text}</p>"));
        assert_eq!(plain_text(text), text);
    }
    assert_eq!(plain_text(r"So \(a_1\) *is*"), r"So \(a_1\) is");
    let nasty = r#"$<img src=x onerror="a">$"#;
    let html = blocks(nasty, &RenderOptions::default()).concat();
    assert!(!html.contains("<img"), "{html}");
}

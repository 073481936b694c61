//! Second lock on highlighted code: the server made it, the page still checks it.

/// `true` if `html` consists of escaped text and balanced `<span class="hl-…">` elements only.
#[must_use]
pub fn is_safe_highlight(html: &str) -> bool {
    let mut rest = html;
    let mut depth = 0_usize;
    while let Some(at) = rest.find('<') {
        let tag = &rest[at..];
        if let Some(after) = tag.strip_prefix("</span>") {
            let Some(less) = depth.checked_sub(1) else {
                return false;
            };
            depth = less;
            rest = after;
        } else {
            let Some((class, after)) = tag
                .strip_prefix("<span class=\"hl-")
                .and_then(|tail| tail.split_once("\">"))
            else {
                return false;
            };
            // Scope names such as `hl-c++` and `hl-source` in one attribute.
            let is_name = |b: u8| b.is_ascii_alphanumeric() || b"-_+#. ".contains(&b);
            if !class.bytes().all(is_name) {
                return false;
            }
            depth += 1;
            rest = after;
        }
    }
    depth == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_ours_are_safe() {
        assert!(is_safe_highlight(""));
        assert!(is_safe_highlight("a &lt; b"));
        assert!(is_safe_highlight(
            "<span class=\"hl-keyword\">fn</span> <span class=\"hl-a hl-c++\">x<span class=\"hl-c\">y</span></span>"
        ));
    }

    #[test]
    fn anything_else_is_not() {
        for html in [
            "<b>x</b>",
            "<script>x</script>",
            "<span class=\"hl-a\" onclick=\"x\">y</span>",
            "<span class=\"other\">y</span>",
            "<span class=\"hl-a\">y",
            "</span>",
            "a < b",
            "<span class=\"hl-a\"onclick=\"x\">y</span>",
        ] {
            assert!(!is_safe_highlight(html), "{html}");
        }
    }
}

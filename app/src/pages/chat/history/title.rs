//! A conversation's name from its first words.

/// Columns that fit into the list; a Chinese character takes two.
const MAX_COLUMNS: usize = 40;

/// The first line of `text` without markup characters at its start, cut at a word. Falls back to
/// the name of the first file. Empty when there is neither.
pub(crate) fn title_from(text: &str, file: Option<&str>) -> String {
    let is_mark =
        |c: char| matches!(c, '#' | '>' | '*' | '`' | '-' | '=' | '_') || c.is_whitespace();
    let lines = text
        .lines()
        .map(|line| line.trim_start_matches(is_mark).trim_end());
    let line = lines
        .filter(|line| !line.is_empty())
        .find(|line| line.chars().any(char::is_alphanumeric));
    let words: Vec<&str> = line
        .or(file)
        .unwrap_or(text.trim())
        .split_whitespace()
        .collect();
    cut(&words.join(" "))
}

fn cut(line: &str) -> String {
    let mut columns = 0;
    let mut end = line.len();
    for (at, c) in line.char_indices() {
        columns += if is_wide(c) { 2 } else { 1 };
        if columns > MAX_COLUMNS {
            end = at;
            break;
        }
    }
    if end == line.len() {
        return line.to_owned();
    }
    let head = &line[..end];
    let is_mid_word = !line[end..].starts_with(' ') && !head.ends_with(is_wide);
    let word_end = head.rfind(' ').filter(|at| is_mid_word && *at > end / 2);
    let head = &head[..word_end.unwrap_or(end)];
    format!(
        "{}…",
        head.trim_end_matches(|c: char| c.is_whitespace() || c.is_ascii_punctuation())
    )
}

/// Chinese, Japanese and Korean characters and emoji take three bytes or more. So do those of some
/// narrow scripts, whose titles are cut a little early.
fn is_wide(c: char) -> bool {
    c.len_utf8() > 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_text_is_the_title() {
        assert_eq!(
            title_from("  Hello   there \nsecond line", None),
            "Hello there"
        );
    }

    #[test]
    fn long_text_is_cut_at_a_word() {
        assert_eq!(
            title_from(
                "Explain how a bloom filter works, with a small example in Rust",
                None
            ),
            "Explain how a bloom filter works, with a…"
        );
        assert_eq!(
            title_from(&"x".repeat(60), None),
            format!("{}…", "x".repeat(40))
        );
    }

    #[test]
    fn chinese_takes_two_columns() {
        assert_eq!(
            title_from(&"汉".repeat(30), None),
            format!("{}…", "汉".repeat(20))
        );
    }

    #[test]
    fn marks_at_the_start_are_no_title() {
        assert_eq!(title_from("```\n## Fix this\n", None), "Fix this");
        assert_eq!(title_from("???", None), "???");
    }

    #[test]
    fn a_file_without_words_gives_its_name() {
        assert_eq!(title_from(" \n", Some("plan.pdf")), "plan.pdf");
        assert_eq!(title_from("", None), "");
    }
}

//! Bare web addresses in running text, as people and models write them.

/// A piece of text, or an address that becomes a link to itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    Address(&'a str),
}

/// Splits `text` around `http://` and `https://` addresses.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut done = 0;
    let mut from = 0;
    while let Some(at) = text[from..].find("http").map(|at| at + from) {
        let starts_word = !text[..at].ends_with(|c: char| c.is_alphanumeric());
        // In this order: measuring reads to the end of the word.
        let length = if starts_word {
            address_length(&text[at..])
        } else {
            0
        };
        if length == 0 {
            from = at + "http".len();
            continue;
        }
        if at > done {
            out.push(Piece::Text(&text[done..at]));
        }
        out.push(Piece::Address(&text[at..at + length]));
        done = at + length;
        from = done;
    }
    if done < text.len() {
        out.push(Piece::Text(&text[done..]));
    }
    out
}

/// Bytes of the address at the start of `text`, 0 if there is none. Punctuation that ends a
/// sentence and a bracket that was opened before the address do not belong to it.
fn address_length(text: &str) -> usize {
    let Some(scheme) = ["https://", "http://"]
        .into_iter()
        .find(|s| text.starts_with(s))
    else {
        return 0;
    };
    let end = text
        .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '`') || is_wide_mark(c))
        .unwrap_or(text.len());
    let mut address = &text[..end];
    // Counted once: an answer may end in a hundred thousand brackets.
    let surplus = |open, close| {
        let count = |bracket: char| address.matches(bracket).count();
        count(close).saturating_sub(count(open))
    };
    let (mut round, mut square) = (surplus('(', ')'), surplus('[', ']'));
    while let Some(last) = address.chars().next_back() {
        let is_loose = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' | '|' => true,
            ')' => take(&mut round),
            ']' => take(&mut square),
            _ => false,
        };
        if !is_loose {
            break;
        }
        address = &address[..address.len() - last.len_utf8()];
    }
    if address.len() > scheme.len() {
        address.len()
    } else {
        0
    }
}

/// Takes one of `left`, if there is one.
fn take(left: &mut usize) -> bool {
    let has_one = *left > 0;
    *left = left.saturating_sub(1);
    has_one
}

/// Full-width punctuation ends an address in Chinese text.
fn is_wide_mark(c: char) -> bool {
    matches!(
        c,
        '，' | '。'
            | '；'
            | '：'
            | '！'
            | '？'
            | '（'
            | '）'
            | '【'
            | '】'
            | '、'
            | '“'
            | '”'
            | '《'
            | '》'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use Piece::{Address, Text};

    #[test]
    fn an_address_ends_before_the_sentence_does() {
        assert_eq!(
            pieces("See https://a.example/b_(c)?d=1. Or (http://e.example)!"),
            [
                Text("See "),
                Address("https://a.example/b_(c)?d=1"),
                Text(". Or ("),
                Address("http://e.example"),
                Text(")!"),
            ]
        );
    }

    #[test]
    fn brackets_that_nobody_opened_are_left_out() {
        assert_eq!(
            pieces("http://a.b/(c)]).)"),
            [Address("http://a.b/(c)"), Text("]).)")]
        );
        assert_eq!(pieces("http://a.b/((c)"), [Address("http://a.b/((c)")]);
    }

    #[test]
    fn a_word_of_brackets_or_addresses_takes_no_quadratic_time() {
        // Seconds even in a release build, if each bracket or address read the whole word.
        let (many, address) = (")".repeat(300_000), "http://a.b/".to_owned());
        let brackets = format!("{address}{many}");
        assert_eq!(pieces(&brackets), [Address(&address), Text(&many)]);
        let words = "xhttp://".repeat(100_000);
        assert_eq!(pieces(&words), [Text(&words)]);
    }

    #[test]
    fn chinese_punctuation_ends_an_address() {
        assert_eq!(
            pieces("见https://a.example/x。好"),
            [Text("见https://a.example/x。好")],
            "an address inside a word is no address"
        );
        assert_eq!(
            pieces("见 https://a.example/x。好"),
            [Text("见 "), Address("https://a.example/x"), Text("。好")]
        );
    }

    #[test]
    fn words_that_look_alike_stay_text() {
        assert_eq!(
            pieces("http https:// xhttps://a.b"),
            [Text("http https:// xhttps://a.b")]
        );
        assert_eq!(pieces(""), []);
    }
}

//! Texts for simple regular expressions: a row of characters, classes and counts. Others are left
//! alone, as the text then comes from elsewhere.

/// Repetitions of one element at most.
const MAX_COUNT: usize = 200;

/// The first and shortest text that fits, if the pattern is simple.
pub(super) fn sample(pattern: &str) -> Option<String> {
    let pattern = pattern.strip_prefix('^').unwrap_or(pattern);
    let mut rest = pattern.strip_suffix('$').unwrap_or(pattern);
    let mut text = String::new();
    while let Some(first) = rest.chars().next() {
        let (character, after) = element(first, rest)?;
        let (count, after) = count(after)?;
        text.extend(std::iter::repeat_n(character, count));
        rest = after;
    }
    Some(text).filter(|text| !text.is_empty())
}

/// One character that the next element takes, and what follows the element.
fn element(first: char, rest: &str) -> Option<(char, &str)> {
    let after = rest.get(first.len_utf8()..)?;
    match first {
        '[' => {
            let (class, after) = after.split_once(']')?;
            let character = class.chars().next().filter(|c| *c != '^')?;
            if character == '\\' {
                return Some((escaped(class.chars().nth(1)?)?, after));
            }
            Some((character, after))
        }
        '\\' => {
            let character = after.chars().next()?;
            Some((escaped(character)?, after.get(character.len_utf8()..)?))
        }
        '.' => Some(('a', after)),
        '(' | ')' | '|' | '*' | '+' | '?' | '{' | '}' | '^' | '$' => None,
        character => Some((character, after)),
    }
}

fn escaped(character: char) -> Option<char> {
    match character {
        'd' => Some('0'),
        'w' => Some('a'),
        's' => Some(' '),
        character if character.is_ascii_alphanumeric() => None,
        character => Some(character),
    }
}

/// How often the element stands there at least, and what follows.
fn count(rest: &str) -> Option<(usize, &str)> {
    if let Some(after) = rest.strip_prefix('+') {
        return Some((1, after));
    }
    if let Some(after) = rest.strip_prefix(['*', '?']) {
        return Some((0, after));
    }
    let Some(inside) = rest.strip_prefix('{') else {
        return Some((1, rest));
    };
    let (numbers, after) = inside.split_once('}')?;
    let least = numbers.split(',').next()?.parse::<usize>().ok()?;
    (least <= MAX_COUNT).then_some((least, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_patterns_get_a_text_and_others_none() {
        assert_eq!(sample("^[a-z]{2,4}\\.\\w+x*$").as_deref(), Some("aa.a"));
        assert_eq!(sample("^\\d{4}-[0-9]{2}$").as_deref(), Some("0000-00"));
        for other in ["^(a|b)$", "[^a]", "\\bword", "a{9999}", "^$"] {
            assert_eq!(sample(other), None, "{other}");
        }
    }
}

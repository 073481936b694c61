//! A request that a browser has copied as a cURL command, for a shell of Unix or of Windows.

use pool::Credential;

use super::{RefusedReason, credential};

/// Whether a line begins such a command.
pub(super) fn begins(line: &str) -> bool {
    let word = line.split_whitespace().next().unwrap_or_default();
    word.eq_ignore_ascii_case("curl") || word.eq_ignore_ascii_case("curl.exe")
}

/// Whether the command goes on behind this line.
pub(super) fn goes_on(line: &str) -> bool {
    line.trim_end().ends_with(['\\', '^', '`'])
}

/// The credential among the cookies that the command sends.
pub(super) fn read(command: &str) -> Result<Credential, RefusedReason> {
    let words = words(command);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let cookies = match word.as_str() {
            "-b" | "--cookie" => words.next().map(String::as_str),
            "-H" | "--header" => words.next().and_then(|header| cookies_of(header)),
            word => word.strip_prefix("--cookie=").or_else(|| {
                cookies_of(word.strip_prefix("-H").or(word.strip_prefix("--header="))?)
            }),
        };
        if let Some(cookies) = cookies {
            let is_ours = |pair: &&str| pair.trim_start().starts_with("sso=");
            let pair = cookies.split(';').find(is_ours);
            return credential(pair.ok_or(RefusedReason::NoSsoCookie)?);
        }
    }
    Err(RefusedReason::NoSsoCookie)
}

/// The cookies, if this header has some.
fn cookies_of(header: &str) -> Option<&str> {
    let (name, value) = header.split_once(':')?;
    name.trim().eq_ignore_ascii_case("cookie").then_some(value)
}

/// How a part of a word is quoted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quote {
    Bare,
    Single,
    /// `$'…'`, where `\` hides the next character.
    Dollar,
    Double,
}

/// The words of a command: parts in quotation marks are kept together, marks that hide the next
/// character are taken away.
fn words(command: &str) -> Vec<String> {
    let command = match command.contains("^\"") {
        true => without_carets(command),
        false => command.to_owned(),
    };
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let mut quote = Quote::Bare;
    let mut rest = command.chars().peekable();
    while let Some(c) = rest.next() {
        let opened = match (quote, c) {
            (Quote::Bare, '$') if rest.next_if_eq(&'\'').is_some() => Quote::Dollar,
            (Quote::Bare, '\'') => Quote::Single,
            (Quote::Bare, '"') => Quote::Double,
            (Quote::Single | Quote::Dollar, '\'') | (Quote::Double, '"') => Quote::Bare,
            (Quote::Bare, c) if c.is_whitespace() => {
                words.extend(word.take());
                continue;
            }
            (Quote::Bare | Quote::Dollar | Quote::Double, '\\') => {
                let hidden = rest.next().filter(|hidden| *hidden != '\n');
                if let Some(hidden) = hidden {
                    word.get_or_insert_default().push(hidden);
                }
                continue;
            }
            (_, c) => {
                word.get_or_insert_default().push(c);
                continue;
            }
        };
        quote = opened;
        word.get_or_insert_default();
    }
    words.extend(word);
    words
}

/// What Windows' shell hands over: `^` hides the next character, and the end of a line.
fn without_carets(command: &str) -> String {
    let mut plain = String::with_capacity(command.len());
    let mut rest = command.chars();
    while let Some(c) = rest.next() {
        match c {
            '^' => plain.extend(rest.next().filter(|hidden| *hidden != '\n')),
            c => plain.push(c),
        }
    }
    plain
}

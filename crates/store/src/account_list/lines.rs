//! An account a line, in any of the forms in which a cookie is copied.

use pool::Credential;

use super::{Collector, RefusedReason, Told, command, credential, json};

/// What separates a token from what else is told on its line.
const SEPARATORS: &[&str] = &["----", "|", ",", ";", "\t", " "];

pub(super) fn read(text: &str, list: &mut Collector) {
    let mut lines = text.lines().zip(1_usize..);
    while let Some((line, number)) = lines.next() {
        let line = line.trim();
        if is_nothing(line) {
            continue;
        }
        if command::begins(line) {
            let mut whole = line.to_owned();
            let mut goes_on = command::goes_on(line);
            while goes_on {
                let Some((next, _)) = lines.next() else { break };
                whole.push('\n');
                whole.push_str(next.trim_end());
                goes_on = command::goes_on(next);
            }
            let read = command::read(&whole);
            list.take(number, read.map(|found| (found, Told::default())));
        } else if line.starts_with('{') {
            list.take(number, json::read_entry(json::trimmed(line), None));
        } else {
            list.take(number, read_line(line));
        }
    }
}

/// Blank, a comment, or a bracket of a broken list.
fn is_nothing(line: &str) -> bool {
    line.is_empty()
        || line.starts_with('#')
        || line.starts_with("//")
        || line.trim_matches(['[', ']', ',', ' ']).is_empty()
}

fn read_line(line: &str) -> Result<(Credential, Told), RefusedReason> {
    let whole = match credential(line) {
        Ok(found) if found.looks_like_a_token() => return Ok((found, Told::default())),
        Err(RefusedReason::Fragment) => return Err(RefusedReason::Fragment),
        whole => whole,
    };
    let mut separators = SEPARATORS.iter();
    let parts = separators.find_map(|separator| read_parts(line, separator));
    parts.map_or_else(|| Ok((whole?, Told::default())), Ok)
}

/// The one part that looks like a token, with an address among the others as its note. What else is
/// there may be a password.
fn read_parts(line: &str, separator: &str) -> Option<(Credential, Told)> {
    let mut found = None;
    let mut told = Told::default();
    for part in line.split(separator) {
        let is_token = |found: &Credential| found.looks_like_a_token();
        match credential(part).ok().filter(is_token) {
            Some(_) if found.is_some() => return None,
            Some(credential) => found = Some(credential),
            None if is_address(part) => told.notes.push(part.trim().to_owned()),
            None => {}
        }
    }
    found.map(|found| (found, told))
}

fn is_address(text: &str) -> bool {
    let text = text.trim();
    text.len() <= 254
        && !text.contains(char::is_whitespace)
        && text
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
}

//! Reading a file that somebody may be writing at this moment.
//!
//! Editors either put a new file in the old one's place, which leaves a moment without a file, or
//! empty the file and write it, which leaves moments with a part of it. A part can be valid TOML
//! (`concurrent = 5` of `concurrent = 50`), so what a file says does not tell whether it is whole;
//! that it has stopped changing does.

use std::io;
use std::time::Duration;

/// Time between two looks.
pub(super) const PAUSE: Duration = Duration::from_millis(50);
/// Looks before giving up: half a second.
const LOOKS: u32 = 11;

/// The text, once two looks in a row saw the same and there is something in it.
///
/// # Errors
/// The file is missing, unreadable or empty, or is different at every look.
pub(super) fn read(
    mut look: impl FnMut() -> io::Result<String>,
    mut pause: impl FnMut(),
) -> io::Result<String> {
    let mut before = look();
    for _ in 1..LOOKS {
        pause();
        let now = look();
        if let (Ok(old), Ok(text)) = (&before, &now)
            && old == text
            && !is_empty(text)
        {
            return now;
        }
        before = now;
    }
    let text = before?;
    Err(io::Error::other(if is_empty(&text) {
        "the file is empty, as if somebody were still writing it; for the defaults, write a comment"
    } else {
        "the file does not stop changing"
    }))
}

fn is_empty(text: &str) -> bool {
    text.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads what the looks see, the last one again and again; also counts the pauses.
    fn read_looks(looks: &[Result<&str, io::ErrorKind>]) -> (Result<String, String>, usize) {
        let mut at = 0;
        let mut pauses = 0;
        let look = || {
            let seen = looks[at.min(looks.len() - 1)];
            at += 1;
            seen.map(str::to_owned).map_err(io::Error::from)
        };
        let read = read(look, || pauses += 1);
        (read.map_err(|error| error.to_string()), pauses)
    }

    #[test]
    fn an_untouched_file_costs_one_pause() {
        let text = "[chat]\nconcurrent = 60\n";
        assert_eq!(read_looks(&[Ok(text)]), (Ok(text.to_owned()), 1));
    }

    #[test]
    fn a_file_that_is_being_written_is_read_when_it_is_whole() {
        let whole = "[chat]\nconcurrent = 60\n";
        let looks = [
            Err(io::ErrorKind::NotFound),
            Ok(""),
            Ok(""),
            Ok("[chat]\nconcurrent = 6"),
            Ok(whole),
        ];
        assert_eq!(read_looks(&looks), (Ok(whole.to_owned()), 5));
    }

    #[test]
    fn a_file_that_stays_empty_or_missing_or_keeps_changing_is_refused() {
        let (empty, pauses) = read_looks(&[Ok("[chat]\n"), Ok(" \n")]);
        assert!(empty.unwrap_err().contains("the file is empty"));
        assert_eq!(pauses, 10);
        let (missing, _) = read_looks(&[Err(io::ErrorKind::NotFound)]);
        assert!(missing.unwrap_err().contains("not found"));
        let texts: Vec<_> = (0..20).map(|n| "#".repeat(n + 1)).collect();
        let looks: Vec<_> = texts.iter().map(|text| Ok(text.as_str())).collect();
        let (changing, _) = read_looks(&looks);
        assert!(changing.unwrap_err().contains("does not stop changing"));
    }
}

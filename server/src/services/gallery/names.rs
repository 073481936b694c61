//! Names of files in an archive: `2026-11-26-a-red-fox-1.jpg`, from time and prompt.

use std::collections::HashMap;

use time::OffsetDateTime;

/// Characters of a prompt in a name.
const PROMPT_CHARS: usize = 40;

/// Gives each file of one archive a name of its own.
#[derive(Default)]
pub(super) struct Names {
    /// How often each beginning was given.
    given: HashMap<String, u32>,
}

impl Names {
    /// Letters and digits of any script and `-`, so that no system reads a path out of it.
    pub(super) fn give(&mut self, at_ms: i64, prompt: &str, file: &str) -> String {
        let at = OffsetDateTime::from_unix_timestamp(at_ms.div_euclid(1000));
        let date = at.unwrap_or(OffsetDateTime::UNIX_EPOCH).date();
        let words = words(prompt);
        let beginning = match words.is_empty() {
            true => date.to_string(),
            false => format!("{date}-{words}"),
        };
        let extension = file.rsplit('.').next().unwrap_or_default();
        let number = self.given.entry(beginning.clone()).or_default();
        *number += 1;
        format!("{beginning}-{number}.{extension}")
    }
}

/// The words of a prompt, in small letters and with `-` between them.
fn words(prompt: &str) -> String {
    let mut words = String::new();
    for c in prompt.chars() {
        if words.chars().count() >= PROMPT_CHARS {
            break;
        }
        if c.is_alphanumeric() {
            words.extend(c.to_lowercase());
        } else if !words.is_empty() && !words.ends_with('-') {
            words.push('-');
        }
    }
    words.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_time_and_prompt_and_no_two_are_equal() {
        let mut names = Names::default();
        let mut name = |prompt| names.give(1_772_700_000_000, prompt, "0a.jpg");
        assert_eq!(name("A red fox!"), "2026-03-05-a-red-fox-1.jpg");
        assert_eq!(name("a red, fox"), "2026-03-05-a-red-fox-2.jpg");
        assert_eq!(name("一只狐狸"), "2026-03-05-一只狐狸-1.jpg");
        assert_eq!(name("…"), "2026-03-05-1.jpg");
    }

    #[test]
    fn no_prompt_makes_a_path_or_a_long_name() {
        let mut names = Names::default();
        for prompt in [
            "../../etc/passwd",
            "C:\\con\0\n\"<>|?*",
            &"狐".repeat(5000),
            &"İ".repeat(5000),
        ] {
            let name = names.give(0, prompt, "0a.jpg");
            assert!(
                !name.contains(['/', '\\', ':', '\0', '\n', '"']) && !name.contains(".."),
                "{name}"
            );
            assert!(name.chars().count() < 64, "{name}");
        }
    }
}

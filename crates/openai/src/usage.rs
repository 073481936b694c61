//! Token counts: what the upstream reports or, since it mostly reports nothing, an estimate.

/// Counted model tokens of one answer.
///
/// As in OpenAI's API `completion_tokens` includes `reasoning_tokens`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub reasoning_tokens: u64,
    /// The numbers come from an [`Estimator`], not from the upstream.
    pub estimated: bool,
}

impl Usage {
    /// Usage by estimate: `reasoning` and `answer` are counted apart and add up to the completion.
    ///
    /// Neither the prompt nor the completion is ever 0: billing front ends take 0 for "no answer".
    pub fn estimated(prompt: &Estimator, reasoning: &Estimator, answer: &Estimator) -> Self {
        Self {
            prompt_tokens: prompt.tokens(),
            completion_tokens: reasoning.tokens() + answer.tokens(),
            reasoning_tokens: reasoning.tokens(),
            estimated: true,
        }
        .never_zero()
    }

    fn never_zero(self) -> Self {
        Self {
            prompt_tokens: self.prompt_tokens.max(1),
            completion_tokens: self.completion_tokens.max(self.reasoning_tokens).max(1),
            ..self
        }
    }

    /// Prompt and completion together.
    pub fn total_tokens(&self) -> u64 {
        self.prompt_tokens + self.completion_tokens
    }

    /// Appends the JSON object with its details; `"estimated":true` only when it is so.
    pub(crate) fn write_json(&self, out: &mut Vec<u8>) {
        let usage = self.never_zero();
        let Self {
            prompt_tokens: prompt,
            completion_tokens: completion,
            ..
        } = usage;
        let reasoning = usage.reasoning_tokens;
        let text = completion - reasoning;
        let total = usage.total_tokens();
        let body = format!(
            r#"{{"prompt_tokens":{prompt},"completion_tokens":{completion},"total_tokens":{total},"prompt_tokens_details":{{"cached_tokens":0,"text_tokens":{prompt},"audio_tokens":0,"image_tokens":0}},"completion_tokens_details":{{"text_tokens":{text},"audio_tokens":0,"reasoning_tokens":{reasoning}}}"#
        );
        out.extend_from_slice(body.as_bytes());
        out.extend_from_slice(if usage.estimated {
            b",\"estimated\":true}"
        } else {
            b"}"
        });
    }
}

/// Quarter tokens of one narrow character.
const NARROW: u64 = 1;
/// Quarter tokens of one wide character.
const WIDE: u64 = 4;

/// Counts tokens of a text that arrives in pieces. Where it is cut does not matter.
///
/// The rule is tokens = ceil(units / 4), a character being 1 unit, or 4 if it is wide (Han, kana,
/// hangul, full-width forms, emoji). Source: the common rule of thumb of 4 characters a token holds
/// for alphabetic text; the byte-pair vocabularies of large models spend about one token on each
/// Han, kana or hangul character and on each emoji, so the rule alone would count a quarter of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Estimator {
    units: u64,
}

impl Estimator {
    /// An estimator that has counted nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The tokens of one whole text.
    pub fn count(text: &str) -> u64 {
        let mut estimator = Self::new();
        estimator.push(text);
        estimator.tokens()
    }

    /// Counts one more piece.
    pub fn push(&mut self, piece: &str) {
        self.units += if piece.is_ascii() {
            piece.len() as u64 * NARROW
        } else {
            piece
                .chars()
                .map(|c| if is_wide(c) { WIDE } else { NARROW })
                .sum()
        };
    }

    /// Tokens counted so far, rounded up. 0 only if no text came.
    pub fn tokens(&self) -> u64 {
        self.units.div_ceil(4)
    }
}

/// Whether `c` is about one token by itself: by Unicode block, coarse on purpose.
fn is_wide(c: char) -> bool {
    matches!(u32::from(c),
        0x1100..=0x11FF       // hangul jamo
        | 0x2600..=0x27BF     // symbols and dingbats that are drawn as emoji
        | 0x2E80..=0xA4CF     // CJK radicals, punctuation, kana, bopomofo, Han, Yi
        | 0xA960..=0xA97F     // hangul jamo extended A
        | 0xAC00..=0xD7FF     // hangul syllables, jamo extended B
        | 0xF900..=0xFAFF     // Han compatibility
        | 0xFE30..=0xFE4F     // CJK compatibility forms
        | 0xFF00..=0xFFEF     // full-width and half-width forms
        | 0x1F000..=0x1FAFF   // emoji and pictographs
        | 0x20000..=0x3FFFF   // Han extensions
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn latin_counts_a_quarter_and_wide_characters_one() {
        for (text, tokens) in [
            ("", 0),
            ("a", 1),
            ("word", 1),
            ("words", 2),
            ("naïve", 2),
            ("秘鲁的首都", 5),
            ("ひらがな", 4),
            ("한국어", 3),
            ("😀", 1),
            ("ab秘", 2),
        ] {
            assert_eq!(Estimator::count(text), tokens, "{text}");
        }
    }

    #[test]
    fn usage_json_has_details_and_is_never_zero() {
        let none = Estimator::new();
        let mut out = Vec::new();
        Usage::estimated(&none, &none, &none).write_json(&mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2,"prompt_tokens_details":{"cached_tokens":0,"text_tokens":1,"audio_tokens":0,"image_tokens":0},"completion_tokens_details":{"text_tokens":1,"audio_tokens":0,"reasoning_tokens":0},"estimated":true}"#
        );
    }

    #[test]
    fn reported_usage_is_not_marked_and_reasoning_is_part_of_the_completion() {
        let usage = Usage {
            prompt_tokens: 10,
            completion_tokens: 30,
            reasoning_tokens: 12,
            estimated: false,
        };
        let mut out = Vec::new();
        usage.write_json(&mut out);
        let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(json["total_tokens"], 40);
        assert_eq!(json["completion_tokens_details"]["text_tokens"], 18);
        assert_eq!(json["completion_tokens_details"]["reasoning_tokens"], 12);
        assert_eq!(json.get("estimated"), None);
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_count(pieces in prop::collection::vec("[a-z 秘한😀é]{0,6}", 0..20)) {
            let mut estimator = Estimator::new();
            pieces.iter().for_each(|piece| estimator.push(piece));
            prop_assert_eq!(estimator.tokens(), Estimator::count(&pieces.concat()));
        }
    }
}

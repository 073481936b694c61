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
    /// Neither the prompt nor the completion is ever 0 in what callers see: billing front ends take
    /// 0 for "no answer".
    #[must_use]
    pub fn never_zero(self) -> Self {
        Self {
            prompt_tokens: self.prompt_tokens.max(1),
            completion_tokens: self.completion_tokens.max(self.reasoning_tokens).max(1),
            ..self
        }
    }

    /// What several answers to one request took together; estimated if one of them is.
    pub fn of_all(usages: impl IntoIterator<Item = Self>) -> Self {
        let add = |sum: Self, one: Self| {
            let one = one.never_zero();
            Self {
                prompt_tokens: sum.prompt_tokens + one.prompt_tokens,
                completion_tokens: sum.completion_tokens + one.completion_tokens,
                reasoning_tokens: sum.reasoning_tokens + one.reasoning_tokens,
                estimated: sum.estimated || one.estimated,
            }
        };
        usages.into_iter().fold(Self::default(), add)
    }

    /// Prompt and completion together.
    pub fn total_tokens(&self) -> u64 {
        self.prompt_tokens + self.completion_tokens
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
    fn the_usages_of_several_answers_add_up() {
        let one = |tokens, estimated| Usage {
            prompt_tokens: tokens,
            completion_tokens: tokens,
            reasoning_tokens: 1,
            estimated,
        };
        let expected = Usage {
            prompt_tokens: 7,
            completion_tokens: 7,
            reasoning_tokens: 2,
            estimated: true,
        };
        assert_eq!(Usage::of_all([one(3, false), one(4, true)]), expected);
    }

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
    fn usage_is_never_zero_and_reasoning_is_part_of_the_completion() {
        let usage = Usage {
            reasoning_tokens: 12,
            ..Usage::default()
        };
        assert_eq!(
            usage.never_zero(),
            Usage {
                prompt_tokens: 1,
                completion_tokens: 12,
                reasoning_tokens: 12,
                estimated: false
            }
        );
        assert_eq!(Usage::default().never_zero().completion_tokens, 1);
        assert_eq!(usage.never_zero().total_tokens(), 13);
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

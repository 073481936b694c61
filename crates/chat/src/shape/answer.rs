//! The JSON value in an answer that should be nothing else.

use memchr::memchr2_iter;
use serde_json::Value;

use super::read::without_fence;
use crate::{JsonSchema, json};

/// Places in an answer from which a value is tried to be read.
const MAX_TRIES: usize = 64;

/// What the answer must be.
#[derive(Debug)]
pub(super) enum JsonRule {
    Object,
    Schema(JsonSchema),
}

impl JsonRule {
    /// The JSON text in an answer.
    ///
    /// # Errors
    /// Why there is none that fits, in a few words.
    pub(super) fn extract(&self, answer: &str) -> Result<String, String> {
        let answer = answer.trim();
        if answer.is_empty() {
            return Err("the answer is empty".to_owned());
        }
        let mut why = None;
        for whole in [answer, without_fence(answer)] {
            if let Some(value) = parse(whole) {
                match self.check(&value) {
                    Ok(()) => return Ok(whole.to_owned()),
                    Err(wrong) => why = why.or(Some(wrong)),
                }
            }
        }
        if why.is_some() && parse(answer).is_some() {
            // The answer is one value, so what stands inside it is not the answer.
            return Err(why.unwrap_or_default());
        }
        self.extract_part(answer).map_err(|wrong| {
            why.or(wrong)
                .unwrap_or_else(|| "it is no valid JSON".to_owned())
        })
    }

    /// The first object or list among other text that fits.
    fn extract_part(&self, answer: &str) -> Result<String, Option<String>> {
        let (mut why, mut after) = (None, 0);
        for start in memchr2_iter(b'{', b'[', answer.as_bytes()).take(MAX_TRIES) {
            // What stands inside a value that has been tried is not the answer.
            let text = answer.get(start..).filter(|_| start >= after);
            let Some(found) = text
                .and_then(json::repair_at)
                .filter(|found| found.is_closed)
            else {
                continue;
            };
            let as_written = text
                .and_then(|text| text.get(..found.taken))
                .unwrap_or_default();
            let json = match parse(as_written) {
                Some(value) => Some((as_written.to_owned(), value)),
                None => parse(&found.json).map(|value| (found.json, value)),
            };
            let Some((json, value)) = json else { continue };
            after = start + found.taken;
            match self.check(&value) {
                Ok(()) => return Ok(json),
                Err(wrong) => why = why.or(Some(wrong)),
            }
        }
        Err(why)
    }

    fn check(&self, value: &Value) -> Result<(), String> {
        match self {
            Self::Object if value.is_object() => Ok(()),
            Self::Object => Err("it is no JSON object".to_owned()),
            Self::Schema(schema) => schema.0.check(value),
        }
    }
}

fn parse(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

/// Whether an answer that begins so is JSON, in a fence or bare; `None` while that is open.
pub(super) fn begins_as_json(text: &str) -> Option<bool> {
    let mut text = text.trim_start();
    if let Some(fenced) = text.strip_prefix("```") {
        text = fenced
            .trim_start_matches(|c: char| c.is_ascii_alphanumeric())
            .trim_start();
    } else if matches!(text, "`" | "``") {
        return None;
    }
    text.chars().next().map(|first| matches!(first, '{' | '['))
}

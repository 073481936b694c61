//! Arguments of a tool, read with errors that a model can act on.

use std::ops::RangeInclusive;

use rmcp::model::JsonObject;
use serde_json::Value;

use crate::gateway::GatewayError;

/// What is told of an argument that nobody knows.
const MAX_SHOWN_CHARS: usize = 64;

/// The arguments of one call. `null` stands for none.
pub(super) struct Arguments(JsonObject);

impl Arguments {
    /// # Errors
    /// One of them is not among `known`.
    pub(super) fn new(
        given: Option<JsonObject>,
        known: &[&'static str],
    ) -> Result<Self, GatewayError> {
        let given = given.unwrap_or_default();
        if let Some(name) = given.keys().find(|name| !known.contains(&name.as_str())) {
            let shown: String = name.chars().take(MAX_SHOWN_CHARS).collect();
            let known = known.join("`, `");
            let message = format!("There is no argument {shown:?}. The arguments are `{known}`.");
            return Err(invalid(&shown, message));
        }
        Ok(Self(given))
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// It is missing, blank, too long or no text.
    pub(super) fn text(&self, name: &str, max_bytes: usize) -> Result<String, GatewayError> {
        let text = self.optional_text(name, max_bytes)?;
        text.ok_or_else(|| invalid(name, format!("`{name}` is missing: it must be a text.")))
    }

    /// A text that may be left out; a blank one counts as left out.
    ///
    /// # Errors
    /// It is too long or no text.
    pub(super) fn optional_text(
        &self,
        name: &str,
        max_bytes: usize,
    ) -> Result<Option<String>, GatewayError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.len() > max_bytes => {
                let message = format!("`{name}` must be at most {max_bytes} bytes long.");
                Err(invalid(name, message))
            }
            Some(Value::String(text)) => {
                Ok(Some(text.clone()).filter(|text| !text.trim().is_empty()))
            }
            Some(_) => Err(invalid(name, format!("`{name}` must be a text."))),
        }
    }

    /// One of these words, or what stands for none.
    ///
    /// # Errors
    /// It is another one.
    pub(super) fn choice<T: Copy>(
        &self,
        name: &str,
        choices: &[(&'static str, T)],
        default: T,
    ) -> Result<T, GatewayError> {
        let Some(given) = self.get(name) else {
            return Ok(default);
        };
        let chosen = choices.iter().find(|(word, _)| given == word);
        chosen.map(|(_, choice)| *choice).ok_or_else(|| {
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            let words = words.join("`, `");
            invalid(name, format!("`{name}` must be one of `{words}`."))
        })
    }

    /// A whole number within the range, or `default`.
    ///
    /// # Errors
    /// It is none.
    pub(super) fn number(
        &self,
        name: &str,
        range: RangeInclusive<u32>,
        default: u32,
    ) -> Result<u32, GatewayError> {
        let Some(given) = self.get(name) else {
            return Ok(default);
        };
        let number = given.as_u64().and_then(|number| u32::try_from(number).ok());
        number
            .filter(|number| range.contains(number))
            .ok_or_else(|| {
                let (from, to) = range.into_inner();
                let message = format!("`{name}` must be a whole number from {from} to {to}.");
                invalid(name, message)
            })
    }
}

/// An argument that breaks a rule.
pub(super) fn invalid(name: &str, message: impl Into<String>) -> GatewayError {
    GatewayError::invalid("invalid_argument", name, message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn arguments(given: Value) -> Arguments {
        let Value::Object(given) = given else {
            panic!("an object");
        };
        Arguments::new(Some(given), &["query", "n", "source"]).unwrap()
    }

    fn said<T>(read: Result<T, GatewayError>) -> (String, String) {
        let error = read.err().unwrap();
        (error.param.clone().unwrap(), error.to_string())
    }

    #[test]
    fn every_refusal_names_its_argument_and_what_to_send() {
        let given = arguments(json!({"query": 7, "n": 9, "source": "mail"}));
        let choices = [("web", 1), ("x", 2)];
        for ((param, message), expected) in [
            (said(given.text("query", 9)), "`query` must be a text."),
            (
                said(given.number("n", 1..=4, 1)),
                "`n` must be a whole number from 1 to 4.",
            ),
            (
                said(given.choice("source", &choices, 1)),
                "`source` must be one of `web`, `x`.",
            ),
        ] {
            assert_eq!(message, expected);
            assert!(message.starts_with(&format!("`{param}`")), "{message}");
        }
        let long = arguments(json!({"query": "a long one"}));
        assert_eq!(
            said(long.text("query", 9)).1,
            "`query` must be at most 9 bytes long."
        );
        let unknown = json!({"question": "?"}).as_object().cloned();
        let refused = said(Arguments::new(unknown, &["query", "n"]));
        assert_eq!(
            refused.1,
            "There is no argument \"question\". The arguments are `query`, `n`."
        );
    }

    #[test]
    fn null_and_blank_texts_are_as_good_as_none() {
        let given = arguments(json!({"query": " ", "n": null, "source": null}));
        assert_eq!(given.optional_text("query", 9).unwrap(), None);
        assert_eq!(
            said(given.text("query", 9)).1,
            "`query` is missing: it must be a text."
        );
        assert_eq!(given.number("n", 1..=4, 2).unwrap(), 2);
        assert_eq!(given.choice("source", &[("web", 1)], 3).unwrap(), 3);
    }
}

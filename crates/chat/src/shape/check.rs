//! Whether a call fits its tool, and a value its schema.

use std::{
    fmt::{self, Write},
    sync::OnceLock,
};

use jsonschema::{PatternOptions, ValidationOptions, Validator, error::ValidationErrorKind};
use serde_json::{Map, Value};

use super::{
    WrittenCall, cost,
    read::{Arguments, Written},
};
use crate::{Tool, json};

/// A longer schema is not checked: to read it costs more than an answer is worth.
const MAX_SCHEMA_BYTES: usize = 256 * 1024;
/// A longer schema is compiled twice rather than held while the answer is made.
const MAX_LIGHT_BYTES: usize = 16 * 1024;
/// Of what is said of a schema with a mistake.
const MAX_WHY_CHARS: usize = 300;
/// Of what is wrong with a value, so much is said, in bytes.
const MAX_WHY_BYTES: usize = 400;
/// Mistakes of one value that are named.
const MAX_MISTAKES: usize = 3;
/// Memory of the compiled patterns of a schema, and of one of them.
const MAX_PATTERNS_BYTES: usize = 4 * 1024 * 1024;
const MAX_PATTERN_BYTES: usize = 1024 * 1024;
/// Steps of a `pattern` that looks around; others take linear time.
const MAX_BACKTRACKS: usize = 10_000;

/// A JSON schema, read and compiled when it is needed first.
pub(crate) struct Schema {
    text: Option<String>,
    value: OnceLock<Option<Value>>,
    /// Or why there is none, in the compiler's words.
    validator: OnceLock<Result<Validator, String>>,
}

impl fmt::Debug for Schema {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Schema").field(&self.text).finish()
    }
}

impl Schema {
    /// `None`: anything fits.
    pub(crate) fn new(text: Option<String>) -> Self {
        Self {
            text,
            value: OnceLock::new(),
            validator: OnceLock::new(),
        }
    }

    pub(crate) fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }

    fn value(&self) -> Option<&Value> {
        let read = || {
            let text = self.text.as_deref();
            serde_json::from_str(text.filter(|text| text.len() <= MAX_SCHEMA_BYTES)?).ok()
        };
        self.value.get_or_init(read).as_ref()
    }

    fn validator(&self, schema: &Value) -> Result<&Validator, &String> {
        self.validator.get_or_init(|| compile(schema)).as_ref()
    }

    /// Why it cannot be used, in a few words.
    pub(super) fn mistake(&self) -> Option<String> {
        let schema = self.value()?;
        let why = match self.is_light() {
            true => self.validator(schema).err()?.clone(),
            false => compile(schema).err()?,
        };
        Some(why.chars().take(MAX_WHY_CHARS).collect())
    }

    /// Whether what it is compiled to may wait for the answer: a pattern can take [`MAX_PATTERN_BYTES`], and a
    /// backslash can hide the word.
    fn is_light(&self) -> bool {
        let text = self.text();
        text.len() <= MAX_LIGHT_BYTES && !text.contains("pattern") && !text.contains('\\')
    }

    /// Anything fits a schema that does not compile, or would take too long.
    ///
    /// # Errors
    /// What is wrong, in a few words.
    pub(super) fn check(&self, value: &Value) -> Result<(), String> {
        let Some(schema) = self
            .value()
            .filter(|schema| cost::is_bearable(schema, value))
        else {
            return Ok(());
        };
        match self.validator(schema) {
            Ok(validator) if !validator.is_valid(value) => explain(validator, value),
            _ => Ok(()),
        }
    }

    /// Whether a field of the object may be a text.
    fn takes_text(&self, field: &str) -> Option<bool> {
        let types = self.value()?.get("properties")?.get(field)?.get("type")?;
        match types {
            Value::String(name) => Some(name == "string"),
            Value::Array(names) => Some(names.iter().any(|name| name == "string")),
            _ => None,
        }
    }
}

fn compile(schema: &Value) -> Result<Validator, String> {
    let patterns = cost::patterns(schema)?;
    let pattern_bytes = (MAX_PATTERNS_BYTES / patterns.max(1)).min(MAX_PATTERN_BYTES);
    // Offline: a schema may not make this server read files or call hosts.
    let options = || -> ValidationOptions<'_> {
        jsonschema::options()
            .offline()
            .should_validate_formats(true)
    };
    let linear = PatternOptions::regex()
        .size_limit(pattern_bytes)
        .dfa_size_limit(pattern_bytes);
    let backtracking = PatternOptions::fancy_regex()
        .size_limit(pattern_bytes)
        .dfa_size_limit(pattern_bytes)
        .backtrack_limit(MAX_BACKTRACKS);
    let validator = options()
        .with_pattern_options(linear)
        .build(schema)
        .or_else(|_| options().with_pattern_options(backtracking).build(schema));
    validator.map_err(|error| error.to_string())
}

/// What is wrong with a value that does not fit, without repeating the value.
fn explain(validator: &Validator, value: &Value) -> Result<(), String> {
    let mut why = Bounded::default();
    for (index, error) in validator.iter_errors(value).take(MAX_MISTAKES).enumerate() {
        let kind = error.kind();
        if matches!(kind, ValidationErrorKind::BacktrackLimitExceeded { .. }) {
            // Nobody knows whether it fits.
            return Ok(());
        }
        let separator = if index > 0 { "; " } else { "" };
        let path = error.instance_path().as_str();
        // Cut silently: the beginning says enough.
        let _ = match path {
            "" => write!(why, "{separator}{}", error.masked()),
            _ => write!(why, "{separator}`{path}`: {}", error.masked()),
        };
    }
    Err(why.text)
}

/// Text up to [`MAX_WHY_BYTES`].
#[derive(Default)]
struct Bounded {
    text: String,
}

impl Write for Bounded {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        let room = MAX_WHY_BYTES.saturating_sub(self.text.len());
        let (taken, rest) = piece.split_at(piece.floor_char_boundary(room));
        self.text.push_str(taken);
        if rest.is_empty() {
            Ok(())
        } else {
            Err(fmt::Error)
        }
    }
}

/// The tools that may be called.
#[derive(Debug)]
pub(super) struct Tools {
    callable: Vec<(String, Schema)>,
}

impl Tools {
    pub(super) fn new<'a>(tools: impl Iterator<Item = &'a Tool>) -> Self {
        let is_read = |schema: &&String| schema.len() <= MAX_SCHEMA_BYTES;
        let schema = |tool: &Tool| Schema::new(tool.parameters.as_ref().filter(is_read).cloned());
        let callable = tools.map(|tool| (tool.name.clone(), schema(tool)));
        Self {
            callable: callable.collect(),
        }
    }

    /// Makes a call of what is written.
    ///
    /// # Errors
    /// Why it is none, in a few words.
    pub(super) fn check(&self, written: Written) -> Result<WrittenCall, String> {
        let tool = self.callable.iter().find(|(name, _)| *name == written.name);
        let Some((name, schema)) = tool else {
            return Err("there is no such tool, or it may not be called".to_owned());
        };
        let (arguments, value) = match written.arguments {
            Arguments::Json(text) => object_of(&text).ok_or("the arguments are no JSON object")?,
            Arguments::Fields(fields) => object_from(fields, schema),
        };
        schema.check(&value)?;
        Ok(WrittenCall {
            name: name.clone(),
            arguments,
        })
    }
}

/// The compact text and the value of what should be a JSON object.
fn object_of(text: &str) -> Option<(String, Value)> {
    let text = text.trim();
    if matches!(text, "" | "null") {
        return Some(("{}".to_owned(), Value::Object(Map::new())));
    }
    let read = |text: &str| serde_json::from_str(text).ok().filter(Value::is_object);
    if let Some(value) = read(text) {
        return Some((json::compact(text), value));
    }
    let repaired = json::repair(text, true)?;
    let value = read(&repaired)?;
    Some((json::compact(&repaired), value))
}

/// An object of single fields. A value is text where the tool takes text, and JSON if it can be.
fn object_from(fields: Vec<(String, String)>, schema: &Schema) -> (String, Value) {
    let read = |(name, value): (String, String)| {
        let is_text = schema.takes_text(&name) == Some(true);
        let json = (!is_text).then(|| serde_json::from_str(value.trim()).ok());
        let value = json.flatten().unwrap_or(Value::String(value));
        (name, value)
    };
    let value = Value::Object(fields.into_iter().map(read).collect());
    (value.to_string(), value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_deepest_check_that_is_made_fits_the_stack() {
        // As deep as is bearable, by definitions that lead to one another and by the value.
        for (definitions, levels) in [(60, 1), (22, 4), (1, 80)] {
            let name = |number: usize| format!("#/$defs/d{number}");
            let mut defs = Map::new();
            for number in 1..definitions {
                let next = json!({"allOf": [{"$ref": name(number - 1)}]});
                defs.insert(format!("d{number}"), next);
            }
            let last = name(definitions - 1);
            defs.insert(
                "d0".to_owned(),
                json!({"type": "object", "properties":
                    {"p": {"anyOf": [{"type": "string"}, {"$ref": last}]}}}),
            );
            let schema = json!({"$ref": last, "$defs": defs});
            let value = (0..levels).fold(json!(1), |inner, _| json!({"p": inner}));
            assert!(cost::is_bearable(&schema, &value), "{definitions}");
            let checked = Schema::new(Some(schema.to_string())).check(&value);
            assert!(checked.is_err(), "{definitions}");
            let deeper = (0..200).fold(json!(1), |inner, _| json!({"p": inner}));
            assert!(!cost::is_bearable(&schema, &deeper), "{definitions}");
        }
    }
}

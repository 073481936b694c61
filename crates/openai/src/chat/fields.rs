//! Reading single fields out of a JSON object. `null` counts as absent everywhere.

use serde_json::{Map, Value};

use crate::Invalid;

pub(super) type Fields = Map<String, Value>;

/// Takes a field out, unless it is absent or `null`.
pub(super) fn take(fields: &mut Fields, name: &str) -> Option<Value> {
    fields.remove(name).filter(|value| !value.is_null())
}

/// A field that must be a string.
pub(super) fn string(fields: &mut Fields, name: &str) -> Result<Option<String>, Invalid> {
    match take(fields, name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(Invalid::value(
            name,
            format!("`{name}` must be a string, not {}.", kind(&other)),
        )),
    }
}

/// A field that must be a number from 0 to `max`.
pub(super) fn number(
    fields: &mut Fields,
    name: &str,
    max: f64,
    code: &'static str,
) -> Result<Option<f64>, Invalid> {
    let Some(value) = take(fields, name) else {
        return Ok(None);
    };
    match value.as_f64() {
        Some(number) if (0.0..=max).contains(&number) => Ok(Some(number)),
        Some(_) => Err(Invalid::new(
            code,
            name,
            format!("`{name}` must be between 0 and {max}."),
        )),
        None => {
            let message = format!(
                "`{name}` must be a number between 0 and {max}, not {}.",
                kind(&value)
            );
            Err(Invalid::new(code, name, message))
        }
    }
}

/// What a value is, for messages.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

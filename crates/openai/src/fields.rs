//! Fields that several requests have, and the rules for them.

use crate::{
    Invalid,
    json::{self, Fields, Json},
};

/// The fields of a body.
///
/// # Errors
/// It is no JSON object.
pub(crate) fn read<'a>(
    body: &'a [u8],
    names: &'static [&'static str],
) -> Result<Fields<'a>, Invalid> {
    match json::read(body)? {
        Json::Object(object) => Ok(object.fields(names)),
        other => {
            let message = format!("The body must be a JSON object, not {}.", other.kind());
            Err(Invalid::value("body", message))
        }
    }
}

/// `model`, unless it is absent or blank.
pub(crate) fn model(fields: &Fields<'_>) -> Result<Option<String>, Invalid> {
    let model = string(fields, "model")?.filter(|model| !model.trim().is_empty());
    if model
        .as_ref()
        .is_some_and(|model| model.len() > ::chat::MAX_MODEL_BYTES)
    {
        let message = format!(
            "`model` must not be longer than {} bytes.",
            ::chat::MAX_MODEL_BYTES
        );
        return Err(Invalid::value("model", message));
    }
    Ok(model)
}

/// `prompt` of a picture or a video, of at most `max` bytes.
pub(crate) fn prompt(fields: &Fields<'_>, max: usize) -> Result<String, Invalid> {
    let invalid = |code, message| Err(Invalid::new(code, "prompt", message));
    let prompt = string(fields, "prompt")?.unwrap_or_default();
    if prompt.trim().is_empty() {
        let message = "`prompt` is required and must not be blank.".to_owned();
        return invalid("empty_prompt", message);
    }
    if prompt.len() > max {
        let message = format!("`prompt` must not be longer than {max} bytes.");
        return invalid("prompt_too_long", message);
    }
    check_prompt(&prompt, "prompt")?;
    Ok(prompt.trim().to_owned())
}

/// Refuses control characters: no description has them, and in JSON each is six bytes in every list.
///
/// # Errors
/// `invalid_prompt`, of the field in which the prompt came.
pub fn check_prompt(prompt: &str, param: &'static str) -> Result<(), Invalid> {
    let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    let Some(odd) = prompt.chars().find(|c| is_odd(*c)) else {
        return Ok(());
    };
    let message = format!(
        "`{param}` has a control character (U+{:04X}). Only line breaks and tabs may be in it.",
        u32::from(odd)
    );
    Err(Invalid::new("invalid_prompt", param, message))
}

/// Most answers to one request; each is a call of its own upstream. OpenAI's limit is 128.
pub const MAX_CHOICES: u8 = 8;

/// `n` of a chat or a completion, 1 if absent.
pub(crate) fn choices(fields: &Fields<'_>) -> Result<u8, Invalid> {
    let Some(n) = fields.get("n") else {
        return Ok(1);
    };
    let whole = n.as_f64().filter(|n| n.fract() == 0.0 && *n >= 1.0);
    if whole.is_none() {
        let message = format!("`n` must be a whole number from 1 to {MAX_CHOICES}.");
        return Err(Invalid::new("invalid_n", "n", message));
    }
    (1..=MAX_CHOICES)
        .find(|choices| whole == Some(f64::from(*choices)))
        .ok_or_else(|| too_many_choices(MAX_CHOICES))
}

/// More answers were asked for than `limit`, which may be lower than [`MAX_CHOICES`].
#[must_use]
pub fn too_many_choices(limit: u8) -> Invalid {
    let message = if limit > 1 {
        format!("`n` must not be more than {limit}.")
    } else {
        "`n` must be 1: this request gives one answer. Several pictures: `image_config.n`."
            .to_owned()
    };
    Invalid::new("invalid_n", "n", message)
}

/// `stream_options.include_usage`.
pub(crate) fn include_usage(options: Option<Json<'_>>) -> Result<bool, Invalid> {
    let options = match options {
        None => return Ok(false),
        Some(Json::Object(options)) => options.fields(&["include_usage"]),
        Some(_) => {
            return Err(Invalid::value(
                "stream_options",
                "`stream_options` must be an object.",
            ));
        }
    };
    match options.get("include_usage") {
        None => Ok(false),
        Some(Json::Boolean(include)) => Ok(include),
        Some(_) => Err(Invalid::value(
            "stream_options.include_usage",
            "`stream_options.include_usage` must be true or false.",
        )),
    }
}

/// A field that must be a string.
pub(crate) fn string(fields: &Fields<'_>, name: &'static str) -> Result<Option<String>, Invalid> {
    match fields.get(name) {
        None => Ok(None),
        Some(Json::String(text)) => Ok(Some(text.into_owned())),
        Some(other) => Err(Invalid::value(
            name,
            format!("`{name}` must be a string, not {}.", other.kind()),
        )),
    }
}

/// A field that must be true or false.
pub(crate) fn boolean(fields: &Fields<'_>, name: &'static str) -> Result<Option<bool>, Invalid> {
    match fields.get(name) {
        None => Ok(None),
        Some(Json::Boolean(is_set)) => Ok(Some(is_set)),
        Some(other) => Err(Invalid::value(
            name,
            format!("`{name}` must be true or false, not {}.", other.kind()),
        )),
    }
}

/// A field that must be a number from 0 to `max`.
pub(crate) fn number(
    fields: &Fields<'_>,
    name: &'static str,
    max: f64,
    code: &'static str,
) -> Result<Option<f64>, Invalid> {
    let Some(value) = fields.get(name) else {
        return Ok(None);
    };
    let message = match value.as_f64() {
        Some(number) if (0.0..=max).contains(&number) => return Ok(Some(number)),
        Some(_) => format!("`{name}` must be between 0 and {max}."),
        None => {
            let found = value.kind();
            format!("`{name}` must be a number between 0 and {max}, not {found}.")
        }
    };
    Err(Invalid::new(code, name, message))
}

pub(crate) fn stream(value: Option<Json<'_>>) -> Result<Option<bool>, Invalid> {
    let word = match value {
        None => return Ok(None),
        Some(Json::Boolean(stream)) => return Ok(Some(stream)),
        Some(Json::String(word)) => word.to_ascii_lowercase(),
        Some(_) => String::new(),
    };
    match word.as_str() {
        "true" | "1" | "yes" => Ok(Some(true)),
        "false" | "0" | "no" => Ok(Some(false)),
        _ => Err(Invalid::new(
            "invalid_stream",
            "stream",
            "`stream` must be true or false.",
        )),
    }
}

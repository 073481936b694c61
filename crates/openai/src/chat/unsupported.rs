//! Parameters that are understood but that no answer of this API can serve: refused with what to do
//! instead. A value that asks for nothing (`null`, an empty list, `"none"`) passes.

use crate::{
    Invalid,
    fields::boolean,
    json::{Fields, Json},
};

/// What is refused unless it is empty, and what to do instead.
const REFUSED: [(&str, &str); 4] = [
    (
        "audio",
        "Audio output is not served; remove it and read the text answer.",
    ),
    // Of the neighbouring API, where they would be followed.
    ("input", "In this API it is `messages`."),
    (
        "instructions",
        "In this API it is a message of the role `system`.",
    ),
    (
        "max_output_tokens",
        "In this API it is `max_completion_tokens`.",
    ),
];

/// Checks all of them; whether `modalities` ask for more than text, which some models make.
///
/// # Errors
/// `unsupported_parameter`, or the documented code where the value is wrong in itself.
pub(super) fn refuse(fields: &Fields<'_>) -> Result<bool, Invalid> {
    for (name, advice) in REFUSED {
        if fields.get(name).is_some_and(|value| !value.is_empty()) {
            return Err(Invalid::unsupported(name, format!("`{name}`: {advice}")));
        }
    }
    let asks_for_media = modalities(fields.get("modalities"))?;
    log_probabilities(fields)?;
    Ok(asks_for_media)
}

fn modalities(modalities: Option<Json<'_>>) -> Result<bool, Invalid> {
    let shape = || {
        Invalid::value(
            "modalities",
            "`modalities` must be an array of strings; only `text` is supported.",
        )
    };
    let words = match modalities {
        None => return Ok(false),
        Some(Json::Array(words)) => words.try_map(|_, word| match word {
            Json::String(word) => Ok(word),
            _ => Err(shape()),
        })?,
        Some(_) => return Err(shape()),
    };
    let is_media = |word: &str| matches!(word, "image" | "video");
    let is_known = |word: &str| word == "text" || is_media(word);
    match words.iter().all(|word| is_known(word)) {
        true => Ok(words.iter().any(|word| is_media(word))),
        false => Err(only_text()),
    }
}

/// `modalities` that a model cannot serve.
#[must_use]
pub fn only_text() -> Invalid {
    Invalid::unsupported(
        "modalities",
        "Only text answers are served. Remove `modalities` or set it to [\"text\"].",
    )
}

fn log_probabilities(fields: &Fields<'_>) -> Result<(), Invalid> {
    let top = fields.get("top_logprobs");
    let param = match boolean(fields, "logprobs")? {
        Some(true) => "logprobs",
        _ if top.is_some_and(|top| top.as_u64() != Some(0)) => "top_logprobs",
        _ => return Ok(()),
    };
    let message = format!("The upstream gives no token probabilities. Remove `{param}`.");
    Err(Invalid::unsupported(param, message))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::{Invalid, chat::parse};

    fn refused(fields: Value) -> Option<Invalid> {
        let mut body = fields;
        body["model"] = json!("grok-4");
        body["messages"] = json!([{"role": "user", "content": "Hi"}]);
        parse(body.to_string().as_bytes()).err()
    }

    #[test]
    fn what_asks_for_nothing_passes() {
        for fields in [
            json!({}),
            json!({"modalities": ["text"]}),
            json!({"modalities": [], "logprobs": false, "top_logprobs": 0}),
            json!({"modalities": null}),
            json!({"audio": [], "logprobs": null}),
        ] {
            assert_eq!(refused(fields.clone()), None, "{fields}");
        }
    }

    #[test]
    fn what_cannot_be_served_is_refused_by_name_with_advice() {
        for (param, value, message) in [
            (
                "max_output_tokens",
                json!(5),
                "`max_output_tokens`: In this API it is `max_completion_tokens`.",
            ),
            (
                "audio",
                json!({"voice": "ara"}),
                "`audio`: Audio output is not served; remove it and read the text answer.",
            ),
            (
                "modalities",
                json!(["text", "audio"]),
                "Only text answers are served. Remove `modalities` or set it to [\"text\"].",
            ),
            (
                "logprobs",
                json!(true),
                "The upstream gives no token probabilities. Remove `logprobs`.",
            ),
            (
                "top_logprobs",
                json!(2),
                "The upstream gives no token probabilities. Remove `top_logprobs`.",
            ),
        ] {
            let expected = Invalid::new("unsupported_parameter", param, message);
            assert_eq!(refused(json!({param: value})), Some(expected), "{value}");
        }
        let both = refused(json!({"logprobs": true, "top_logprobs": 2}));
        assert_eq!(both.and_then(|i| i.param).as_deref(), Some("logprobs"));
    }

    #[test]
    fn images_and_videos_are_for_the_models_that_make_them() {
        for (words, expected) in [
            (json!(["text"]), false),
            (json!(["image", "text"]), true),
            (json!(["video"]), true),
        ] {
            let body = json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}],
                "modalities": words});
            let asked = parse(body.to_string().as_bytes()).unwrap();
            assert_eq!(asked.asks_for_media, expected, "{words}");
        }
    }

    #[test]
    fn what_is_wrong_in_itself_keeps_its_code() {
        let modalities = "`modalities` must be an array of strings; only `text` is supported.";
        for (param, value, message) in [
            ("modalities", json!("text"), modalities),
            ("modalities", json!(["text", 1]), modalities),
            (
                "logprobs",
                json!(1),
                "`logprobs` must be true or false, not a number.",
            ),
        ] {
            let expected = Invalid::new("invalid_value", param, message);
            assert_eq!(refused(json!({param: value})), Some(expected), "{value}");
        }
    }
}

//! Edits: from a body to a valid request. The rules and codes are those of
//! `docs/upstream-protocol.md` 6.5. A form is read into the JSON that says the same.

use std::borrow::Cow;

use chat::Source;
use serde_json::{Map, Value};

use super::{ImageRequest, parse};
use crate::{
    Invalid, fields,
    json::{Fields, Json},
};

const FIELDS: &[&str] = &[
    "model",
    "prompt",
    "n",
    "size",
    "aspect_ratio",
    "quality",
    "background",
    "response_format",
    "stream",
    "partial_images",
    "nsfw",
    "user",
    "image",
    "image_url",
    "images",
    "mask",
];
/// Fields of a form that are no texts.
const NUMBERS: [&str; 2] = ["n", "partial_images"];
const FLAGS: [&str; 2] = ["nsfw", "stream"];
/// Most images of one edit.
pub const MAX_INPUTS: usize = 16;
/// Largest image of an edit, in bytes.
pub const MAX_INPUT_BYTES: usize = 50 * 1024 * 1024;

/// A valid request for an edit by JSON, or the fields of one by form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditRequest {
    pub image: ImageRequest,
    /// Images by address or data URI, with their places. Empty for a form, whose images are files.
    pub inputs: Vec<(String, Source)>,
}

/// Parses and validates the JSON body of a request for an edit.
///
/// # Errors
/// The first mistake found; its `param` is always set.
pub fn parse_edit(body: &[u8]) -> Result<EditRequest, Invalid> {
    let fields = fields::read(body, FIELDS)?;
    let request = read(&fields)?;
    check_count(request.inputs.len())?;
    Ok(request)
}

/// The same for the fields of a form that are no files.
///
/// # Errors
/// As [`parse_edit`].
pub fn parse_edit_form(texts: &[(String, String)]) -> Result<EditRequest, Invalid> {
    let mut object = Map::new();
    for (name, text) in texts {
        object.insert(name.clone(), value(name, text));
    }
    let body = Value::Object(object).to_string();
    read(&fields::read(body.as_bytes(), FIELDS)?)
}

/// Checks how many images there are.
///
/// # Errors
/// `missing_image`, `invalid_image_count`.
pub fn check_count(count: usize) -> Result<(), Invalid> {
    match count {
        0 => {
            let message = "An edit needs at least one `image`.";
            Err(Invalid::new("missing_image", "image", message))
        }
        1..=MAX_INPUTS => Ok(()),
        _ => {
            let message = format!("An edit takes at most {MAX_INPUTS} images.");
            Err(Invalid::new("invalid_image_count", "image", message))
        }
    }
}

fn read(fields: &Fields<'_>) -> Result<EditRequest, Invalid> {
    if fields.get("mask").is_some() {
        let message = "`mask` is not supported: Grok edits the whole image. Say in the prompt what is \
                       to be changed.";
        return Err(Invalid::new("unsupported_parameter", "mask", message));
    }
    let image = parse::read(fields)?;
    let mut inputs = Vec::new();
    for name in ["image", "image_url", "images"] {
        match fields.get(name) {
            None => {}
            Some(Json::Array(list)) => {
                let read = list.try_map(|place, one| input(one, format!("{name}.{place}")))?;
                inputs.extend(read);
            }
            Some(one) => inputs.push(input(one, name.to_owned())?),
        }
    }
    Ok(EditRequest { image, inputs })
}

/// An address or a data URI, alone or as `image_url` or `url` of an object.
fn input(value: Json<'_>, param: String) -> Result<(String, Source), Invalid> {
    let text: Option<Cow<'_, str>> = match value {
        Json::String(text) => Some(text),
        Json::Object(object) => {
            let fields = object.fields(&["image_url", "url"]);
            let inner = fields.get("image_url").or_else(|| fields.get("url"));
            match inner {
                Some(Json::Object(inner)) => inner.fields(&["url"]).get("url"),
                other => other,
            }
            .and_then(Json::into_text)
        }
        _ => None,
    };
    let Some(text) = text else {
        let message = format!(
            "`{param}` must be the address of an image, a data URI, or an object with `image_url`. \
             Files by id are not supported."
        );
        return Err(Invalid::new("invalid_media", param, message));
    };
    match Source::from_uri(&text) {
        Ok(source) => Ok((param, source)),
        Err(error) => Err(Invalid::new("invalid_media", param, error.to_string())),
    }
}

/// What the text of a form's field stands for in JSON.
fn value(name: &str, text: &str) -> Value {
    let number = NUMBERS
        .contains(&name)
        .then(|| text.trim().parse::<u64>().ok());
    let flag = FLAGS
        .contains(&name)
        .then(|| text.trim().parse::<bool>().ok());
    let typed = number.flatten().map(Value::from);
    let typed = typed.or_else(|| flag.flatten().map(Value::from));
    typed.unwrap_or_else(|| Value::from(text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DATA: &str = "data:image/png;base64,iVBORw0K";

    fn parsed(body: &Value) -> Result<EditRequest, (&'static str, String)> {
        parse_edit(body.to_string().as_bytes())
            .map_err(|error| (error.code, error.param.unwrap_or_default()))
    }

    #[test]
    fn images_are_found_in_every_form_that_clients_send() {
        let url = "https://h.test/a.png";
        for (body, params) in [
            (json!({"prompt": "x", "image": DATA}), vec!["image"]),
            (
                json!({"prompt": "x", "image": [url, DATA]}),
                vec!["image.0", "image.1"],
            ),
            (json!({"prompt": "x", "image": {"url": url}}), vec!["image"]),
            (json!({"prompt": "x", "image_url": url}), vec!["image_url"]),
            (
                json!({"prompt": "x", "images": [{"image_url": url}, {"image_url": {"url": DATA}}]}),
                vec!["images.0", "images.1"],
            ),
        ] {
            let request = parsed(&body).unwrap();
            let found: Vec<_> = request
                .inputs
                .iter()
                .map(|(param, _)| param.as_str())
                .collect();
            assert_eq!(found, params, "{body}");
        }
    }

    #[test]
    fn each_mistake_names_its_field() {
        let many = vec![DATA; 17];
        for (body, code, param) in [
            (json!({"prompt": "x"}), "missing_image", "image"),
            (
                json!({"prompt": "x", "image": []}),
                "missing_image",
                "image",
            ),
            (
                json!({"prompt": "x", "image": many}),
                "invalid_image_count",
                "image",
            ),
            (json!({"image": DATA}), "empty_prompt", "prompt"),
            (
                json!({"prompt": "a\u{1b}[1m", "image": DATA}),
                "invalid_prompt",
                "prompt",
            ),
            (
                json!({"prompt": "x", "image": "iVBORw0K"}),
                "invalid_media",
                "image",
            ),
            (
                json!({"prompt": "x", "image": [DATA, 1]}),
                "invalid_media",
                "image.1",
            ),
            (
                json!({"prompt": "x", "images": [{"file_id": "f"}]}),
                "invalid_media",
                "images.0",
            ),
            (
                json!({"prompt": "x", "image": DATA, "mask": DATA}),
                "unsupported_parameter",
                "mask",
            ),
        ] {
            assert_eq!(parsed(&body), Err((code, param.to_owned())), "{body}");
        }
    }

    #[test]
    fn texts_of_a_form_mean_what_they_say() {
        let texts = [
            ("prompt", "7"),
            ("n", "2"),
            ("stream", "true"),
            ("size", "auto"),
        ];
        let texts = texts.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let image = parse_edit_form(&texts).unwrap().image;
        assert_eq!(
            (image.prompt.as_str(), image.count, image.stream),
            ("7", 2, true)
        );
        assert_eq!(image.size, None);
        let odd = [
            ("prompt".to_owned(), "x".to_owned()),
            ("n".to_owned(), "two".to_owned()),
        ];
        assert_eq!(parse_edit_form(&odd).unwrap_err().code, "invalid_n");
    }
}

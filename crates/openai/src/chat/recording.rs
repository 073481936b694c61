//! Recordings in content blocks: base64 beside its format, as the official clients send it; also data
//! URIs and addresses.

use chat::Source;

use crate::{
    Invalid,
    json::{Fields, Json},
};

/// Where a recording is, by the value of `data` at `param` and the `format` beside it.
///
/// # Errors
/// `invalid_media`, `invalid_format`.
pub(crate) fn source(value: &str, fields: &Fields<'_>, param: &str) -> Result<Source, Invalid> {
    let value = value.trim();
    let is_bare = !value.contains(':');
    let read = match is_bare {
        true => Source::from_base64(mime(fields, param)?, value),
        false => Source::from_uri(value),
    };
    read.map_err(|error| Invalid::new("invalid_media", param, error.to_string()))
}

fn mime(fields: &Fields<'_>, param: &str) -> Result<&'static str, Invalid> {
    match fields.get("format") {
        Some(Json::String(format)) if format == "wav" => Ok("audio/wav"),
        Some(Json::String(format)) if format == "mp3" => Ok("audio/mpeg"),
        _ => {
            let outer = param.rsplit_once('.').map_or(param, |(outer, _)| outer);
            let message = "`format` must be `wav` or `mp3`.";
            Err(Invalid::new(
                "invalid_format",
                format!("{outer}.format"),
                message,
            ))
        }
    }
}

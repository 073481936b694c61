//! From what a person has chosen to the request for one batch.

use super::{
    choices::Choices,
    references::{Reference, Source},
};
use crate::browser::{
    completion::{Failure, FailureKind},
    stream::{EventStream, RequestBody, failed},
};
use leptos::prelude::window;
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, FormData, Response};

const NEW_PICTURES: &str = "/v1/public/images/generations";
const EDITED_PICTURES: &str = "/v1/public/images/edits";

/// What every batch of a run asks for.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) prompt: String,
    pub(super) choices: Choices,
    pub(super) references: Vec<Reference>,
}

/// Fields of the API.
#[derive(Serialize)]
struct Fields<'a> {
    prompt: &'a str,
    n: u32,
    size: &'static str,
    quality: &'static str,
    response_format: &'static str,
    stream: bool,
    nsfw: bool,
}

impl Asked {
    fn fields(&self) -> Fields<'_> {
        Fields {
            prompt: &self.prompt,
            n: self.choices.count,
            size: self.choices.ratio.name(),
            quality: if self.choices.is_high_quality {
                "high"
            } else {
                "auto"
            },
            response_format: "url",
            stream: true,
            nsfw: self.choices.is_nsfw_wanted,
        }
    }

    /// Sends the request and waits for the head of the answer.
    ///
    /// # Errors
    /// As [`EventStream::open`], or that a reference cannot be read any more.
    pub(super) async fn send(&self) -> Result<EventStream, Failure> {
        let fields = self.fields();
        if self.references.is_empty() {
            let body = serde_json::to_string(&fields).map_err(|_| failed(FailureKind::Server))?;
            return EventStream::open(NEW_PICTURES, RequestBody::Json(body)).await;
        }
        let form = self
            .form(&fields)
            .await
            .map_err(|_| failed(FailureKind::Network))?;
        EventStream::open(EDITED_PICTURES, RequestBody::Form(form)).await
    }

    async fn form(&self, fields: &Fields<'_>) -> Result<FormData, JsValue> {
        let form = FormData::new()?;
        form.append_with_str("prompt", fields.prompt)?;
        form.append_with_str("n", &fields.n.to_string())?;
        form.append_with_str("size", fields.size)?;
        form.append_with_str("quality", fields.quality)?;
        form.append_with_str("response_format", fields.response_format)?;
        form.append_with_str("stream", "true")?;
        form.append_with_str("nsfw", if fields.nsfw { "true" } else { "false" })?;
        for reference in &self.references {
            let name = &reference.name;
            match &reference.source {
                Source::File(file) => form.append_with_blob_and_filename("image", file, name)?,
                Source::Picture(picture) => {
                    let blob = fetch(&picture.address).await?;
                    form.append_with_blob_and_filename("image", &blob, name)?;
                }
            }
        }
        Ok(form)
    }
}

/// A file of ours.
async fn fetch(address: &str) -> Result<Blob, JsValue> {
    let response = JsFuture::from(window().fetch_with_str(address)).await?;
    let response: Response = response.dyn_into()?;
    if !response.ok() {
        return Err(JsValue::NULL);
    }
    JsFuture::from(response.blob()?).await?.dyn_into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::making::Ratio;

    #[test]
    fn the_body_says_what_was_chosen() {
        let asked = Asked {
            prompt: "a fox".to_owned(),
            choices: Choices {
                ratio: Ratio::Tall,
                count: 3,
                is_high_quality: true,
                is_nsfw_wanted: false,
                is_endless: true,
            },
            references: Vec::new(),
        };
        assert_eq!(
            serde_json::to_string(&asked.fields()).unwrap(),
            r#"{"prompt":"a fox","n":3,"size":"9:16","quality":"high","response_format":"url","stream":true,"nsfw":false}"#
        );
    }
}

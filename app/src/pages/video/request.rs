//! From what a person has chosen to the request for one video.

use super::{beginning::Start, choices::Choices};
use crate::{
    browser::{
        call::call,
        completion::{Failure, FailureKind},
        stream::{RequestBody, failed},
    },
    dom,
};
use wasm_bindgen::JsValue;
use web_sys::FormData;

const VIDEOS: &str = "/v1/public/videos";

/// What is asked for.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) prompt: String,
    pub(super) choices: Choices,
    pub(super) start: Option<Start>,
}

impl Asked {
    /// Asks; it is queued then. `own_address` is what the addresses of the server's files begin with;
    /// empty: the address of this page.
    ///
    /// # Errors
    /// The server's refusal, or that it could not be reached.
    pub(super) async fn send(&self, own_address: &str) -> Result<(), Failure> {
        if let Some(Start::Remix(source)) = &self.start {
            let body = serde_json::json!({"prompt": self.prompt}).to_string();
            let path = format!("{VIDEOS}/{}/remix", source.id);
            return call("POST", &path, Some(RequestBody::Json(body))).await;
        }
        let form = self.form(own_address);
        let form = form.map_err(|_| failed(FailureKind::Network))?;
        call("POST", VIDEOS, Some(RequestBody::Form(form))).await
    }

    fn form(&self, own_address: &str) -> Result<FormData, JsValue> {
        let form = FormData::new()?;
        for (name, value) in self.fields() {
            form.append_with_str(name, &value)?;
        }
        let name = "input_reference";
        match &self.start {
            Some(Start::File { file, .. }) => {
                form.append_with_blob_and_filename(name, file, &file.name())?;
            }
            Some(Start::Picture(path)) if own_address.is_empty() => {
                form.append_with_str(name, &format!("{}{path}", dom::origin()))?;
            }
            Some(Start::Picture(path)) => {
                form.append_with_str(name, &format!("{own_address}{path}"))?;
            }
            Some(Start::Address(address)) => form.append_with_str(name, address)?,
            Some(Start::Remix(_)) | None => {}
        }
        Ok(form)
    }

    fn fields(&self) -> [(&'static str, String); 5] {
        [
            ("prompt", self.prompt.clone()),
            ("seconds", self.choices.seconds.to_string()),
            ("size", self.choices.ratio.name().to_owned()),
            ("resolution_name", self.choices.resolution().to_owned()),
            ("preset", self.choices.preset.name().to_owned()),
        ]
    }
}

/// Ends a video that is not over.
pub(super) async fn cancel(id: &str) -> Result<(), Failure> {
    call("POST", &format!("{VIDEOS}/{id}/cancel"), None).await
}

/// Deletes a video with its files.
pub(super) async fn delete(id: &str) -> Result<(), Failure> {
    call("DELETE", &format!("{VIDEOS}/{id}"), None).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::{making::Ratio, video::choices::Preset};

    #[test]
    fn the_fields_say_what_was_chosen() {
        let asked = Asked {
            prompt: "a paper boat".to_owned(),
            choices: Choices {
                ratio: Ratio::Tall,
                seconds: 20,
                is_high_resolution: true,
                preset: Preset::Spicy,
            },
            start: None,
        };
        let fields = asked.fields();
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let expected = [
            ("prompt", "a paper boat"),
            ("seconds", "20"),
            ("size", "9:16"),
            ("resolution_name", "720p"),
            ("preset", "spicy"),
        ];
        assert_eq!(fields, expected);
    }
}

//! The objects of `GET /v1/models` and `GET /v1/models/{id}`.

use serde::Serialize;

use crate::wire::to_json;

/// One model as the API lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model<'a> {
    pub id: &'a str,
    pub owned_by: &'a str,
    /// Unix seconds; 0 where nobody knows.
    pub created: i64,
    pub takes: &'static [Modality],
    pub gives: Modality,
}

/// What a model reads or makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Modality {
    Text,
    Image,
    File,
    Video,
}

#[derive(Serialize)]
struct ModelJson<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    owned_by: &'a str,
    // As xAI's own lists say what a model can do.
    input_modalities: &'static [Modality],
    output_modalities: [Modality; 1],
}

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<ModelJson<'a>>,
}

impl<'a> Model<'a> {
    /// The body of `GET /v1/models/{id}`.
    pub fn to_json(&self) -> Vec<u8> {
        to_json(&self.json())
    }

    fn json(&self) -> ModelJson<'a> {
        ModelJson {
            id: self.id,
            object: "model",
            created: self.created,
            owned_by: self.owned_by,
            input_modalities: self.takes,
            output_modalities: [self.gives],
        }
    }
}

/// The body of `GET /v1/models`, in the order given.
pub fn list_json<'a>(models: impl IntoIterator<Item = Model<'a>>) -> Vec<u8> {
    to_json(&List {
        object: "list",
        data: models.into_iter().map(|model| model.json()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_and_single_object_have_the_openai_shape() {
        let models = ["grok-3", "grok-4"].map(|id| Model {
            id,
            owned_by: "grok2api",
            created: 1_772_700_000,
            takes: &[Modality::Text, Modality::Image],
            gives: Modality::Text,
        });
        const CAN: &str = r#""input_modalities":["text","image"],"output_modalities":["text"]"#;
        assert_eq!(
            String::from_utf8(list_json(models)).unwrap(),
            format!(
                r#"{{"object":"list","data":[{{"id":"grok-3","object":"model","created":1772700000,"owned_by":"grok2api",{CAN}}},{{"id":"grok-4","object":"model","created":1772700000,"owned_by":"grok2api",{CAN}}}]}}"#
            )
        );
        assert_eq!(
            String::from_utf8(models[0].to_json()).unwrap(),
            format!(
                r#"{{"id":"grok-3","object":"model","created":1772700000,"owned_by":"grok2api",{CAN}}}"#
            )
        );
        assert_eq!(list_json([]), br#"{"object":"list","data":[]}"#);
    }
}

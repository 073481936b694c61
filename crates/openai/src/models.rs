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
}

#[derive(Serialize)]
struct ModelJson<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    owned_by: &'a str,
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
        });
        assert_eq!(
            String::from_utf8(list_json(models)).unwrap(),
            r#"{"object":"list","data":[{"id":"grok-3","object":"model","created":1772700000,"owned_by":"grok2api"},{"id":"grok-4","object":"model","created":1772700000,"owned_by":"grok2api"}]}"#
        );
        assert_eq!(
            String::from_utf8(models[0].to_json()).unwrap(),
            r#"{"id":"grok-3","object":"model","created":1772700000,"owned_by":"grok2api"}"#
        );
        assert_eq!(list_json([]), br#"{"object":"list","data":[]}"#);
    }
}

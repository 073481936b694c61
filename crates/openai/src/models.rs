//! The objects of `GET /v1/models` and `GET /v1/models/{id}`.

use crate::json;

/// One model as the API lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model<'a> {
    pub id: &'a str,
    pub owned_by: &'a str,
}

impl Model<'_> {
    /// The body of `GET /v1/models/{id}`. `created` is always 0: the upstream tells no date.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(96);
        self.write_json(&mut out);
        out
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"id":"#);
        json::write_str(self.id, out);
        out.extend_from_slice(br#","object":"model","created":0,"owned_by":"#);
        json::write_str(self.owned_by, out);
        out.push(b'}');
    }
}

/// The body of `GET /v1/models`, in the order given.
pub fn list_json<'a>(models: impl IntoIterator<Item = Model<'a>>) -> Vec<u8> {
    let mut out = br#"{"object":"list","data":["#.to_vec();
    for (index, model) in models.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        model.write_json(&mut out);
    }
    out.extend_from_slice(b"]}");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_and_single_object_have_the_openai_shape() {
        let models = ["grok-3", "grok-4"].map(|id| Model {
            id,
            owned_by: "grok2api",
        });
        assert_eq!(
            String::from_utf8(list_json(models)).unwrap(),
            r#"{"object":"list","data":[{"id":"grok-3","object":"model","created":0,"owned_by":"grok2api"},{"id":"grok-4","object":"model","created":0,"owned_by":"grok2api"}]}"#
        );
        assert_eq!(
            String::from_utf8(models[0].to_json()).unwrap(),
            r#"{"id":"grok-3","object":"model","created":0,"owned_by":"grok2api"}"#
        );
        assert_eq!(list_json([]), br#"{"object":"list","data":[]}"#);
    }
}

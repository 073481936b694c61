//! What the frames of a chat or an edit say of generated pictures (`upstream-protocol` 2.1, 2.7).

use serde_json::Value;

/// Names under which a complete answer lists its pictures.
const PICTURE_LISTS: [&str; 3] = ["generatedImageUrls", "imageUrls", "imageURLs"];

/// How far a picture is.
#[derive(Debug, Clone, PartialEq)]
pub struct PictureFact {
    /// Which of those that are made at once, from 0.
    pub index: u32,
    /// Percent.
    pub progress: f64,
    /// As the upstream gave it, for [`crate::Client::download`]; empty until there is a file.
    pub url: String,
    pub is_moderated: bool,
}

impl PictureFact {
    /// Address of a finished picture that may be shown.
    #[must_use]
    pub fn finished(&self) -> Option<&str> {
        let is_whole = self.progress >= 100.0 && !self.is_moderated;
        (is_whole && is_picture(&self.url)).then_some(self.url.as_str())
    }
}

/// Whether an address is that of a finished picture: previews have marked ones.
pub(crate) fn is_picture(url: &str) -> bool {
    !url.is_empty() && !url.contains("-part-")
}

/// A `streamingImageGenerationResponse`, or a card's `image_chunk`.
pub(crate) fn picture(fact: &Value) -> Option<PictureFact> {
    fact.is_object().then(|| {
        let number = |key| fact.get(key).and_then(Value::as_u64).unwrap_or(0);
        let is_final = fact.get("isFinal") == Some(&Value::Bool(true));
        let progress = fact.get("progress").and_then(Value::as_f64).unwrap_or(0.0);
        PictureFact {
            index: u32::try_from(number("imageIndex")).unwrap_or(u32::MAX),
            progress: if is_final { 100.0 } else { progress },
            url: text(fact, &["imageUrl", "url"]),
            is_moderated: fact.get("moderated") == Some(&Value::Bool(true)),
        }
    })
}

/// Addresses of pictures, wherever they are listed; each once, in their order.
pub(crate) fn picture_urls(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                if !PICTURE_LISTS.contains(&name.as_str()) {
                    picture_urls(inner, found);
                    continue;
                }
                let entries = inner.as_array().map(Vec::as_slice).unwrap_or_default();
                for url in entries.iter().filter_map(Value::as_str) {
                    if !url.is_empty() && !found.iter().any(|known| known == url) {
                        found.push(url.to_owned());
                    }
                }
            }
        }
        Value::Array(entries) => entries.iter().for_each(|one| picture_urls(one, found)),
        _ => {}
    }
}

fn text(value: &Value, keys: &[&str]) -> String {
    let found = keys.iter().find_map(|key| {
        let text = value.get(*key)?.as_str()?;
        (!text.is_empty()).then_some(text)
    });
    found.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_whole_picture_that_is_no_preview_is_finished() {
        let url = "users/u1/generated/i1/image.jpg";
        let finished =
            |fact: Value| picture(&fact).and_then(|fact| fact.finished().map(str::to_owned));
        for whole in [
            json!({"imageUrl": url, "progress": 100}),
            json!({"url": url, "isFinal": true}),
            json!({"imageUrl": url, "progress": 100.0, "moderated": false}),
        ] {
            assert_eq!(finished(whole.clone()).as_deref(), Some(url), "{whole}");
        }
        for other in [
            json!({"imageUrl": url, "progress": 99}),
            json!({"imageUrl": url}),
            json!({"progress": 100}),
            json!({"imageUrl": "users/u1/generated/i1-part-0/image.jpg", "progress": 100}),
            json!({"imageUrl": url, "progress": 100, "moderated": true}),
            json!("x"),
        ] {
            assert_eq!(finished(other.clone()), None, "{other}");
        }
    }

    #[test]
    fn addresses_are_found_in_every_list_and_told_once() {
        let answer = json!({
            "generatedImageUrls": ["a", "b", "", 7],
            "inner": [{"imageUrls": ["b", "c"]}, {"imageURLs": "d"}],
        });
        let mut found = Vec::new();
        picture_urls(&answer, &mut found);
        assert_eq!(found, ["a", "b", "c"]);
    }
}

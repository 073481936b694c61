//! How pictures are answered: one document, or events as they come.

use serde::Serialize;

use crate::{ErrorBody, wire::to_json};

/// A finished picture, as its caller wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Image {
    Url(String),
    /// Of the file.
    Base64(String),
}

/// What a file is, whatever was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Such as `1024x1024`; empty if it is not known.
    pub size: String,
    /// `jpeg`, `png` or `webp`.
    pub output_format: &'static str,
}

/// A finished picture, and the id by which the gallery has it: a field that OpenAI's API does not have,
/// and that its clients pass over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completed {
    pub image: Image,
    pub look: Look,
    /// `None` where it is not kept.
    pub media_id: Option<String>,
}

/// Model tokens, estimated: the upstream tells none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageUsage {
    pub prompt_tokens: u64,
    pub image_tokens: u64,
}

/// An unfinished picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partial<'a> {
    /// The upstream's id of the picture.
    pub id: &'a str,
    /// Which of the wanted pictures, from 0.
    pub index: u32,
    /// Which of the stages of this picture that were shown, from 0.
    pub stage_index: u32,
    /// `preview` or `medium`.
    pub stage: &'static str,
    pub image: &'a Image,
    pub look: &'a Look,
}

#[derive(Serialize)]
struct UsageJson {
    total_tokens: u64,
    input_tokens: u64,
    output_tokens: u64,
    input_tokens_details: Details,
}

#[derive(Serialize)]
struct Details {
    text_tokens: u64,
    image_tokens: u64,
}

impl From<ImageUsage> for UsageJson {
    fn from(usage: ImageUsage) -> Self {
        Self {
            total_tokens: usage.prompt_tokens + usage.image_tokens,
            input_tokens: usage.prompt_tokens,
            output_tokens: usage.image_tokens,
            input_tokens_details: Details {
                text_tokens: usage.prompt_tokens,
                image_tokens: 0,
            },
        }
    }
}

/// What OpenAI's API says of a picture beside it.
#[derive(Serialize)]
struct Facts<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    size: &'a str,
    quality: &'static str,
    background: &'static str,
    output_format: &'static str,
}

impl<'a> Facts<'a> {
    fn new(look: &'a Look, quality: &'static str) -> Self {
        Self {
            size: &look.size,
            quality,
            background: "opaque",
            output_format: look.output_format,
        }
    }
}

/// One of the two fields, by how the picture is returned.
#[derive(Serialize)]
struct Place<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    b64_json: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
}

impl<'a> From<&'a Image> for Place<'a> {
    fn from(image: &'a Image) -> Self {
        match image {
            Image::Url(url) => Self {
                b64_json: None,
                url: Some(url),
            },
            Image::Base64(text) => Self {
                b64_json: Some(text),
                url: None,
            },
        }
    }
}

/// The document of a request without `stream`.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Unix seconds.
    pub created: i64,
    pub images: Vec<Completed>,
    /// `high` or `auto`.
    pub quality: &'static str,
    pub usage: ImageUsage,
}

impl Answer {
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Item<'a> {
            #[serde(flatten)]
            place: Place<'a>,
            #[serde(skip_serializing_if = "Option::is_none")]
            media_id: Option<&'a str>,
        }
        #[derive(Serialize)]
        struct Document<'a> {
            created: i64,
            data: Vec<Item<'a>>,
            #[serde(flatten)]
            facts: Option<Facts<'a>>,
            usage: UsageJson,
        }
        fn item(completed: &Completed) -> Item<'_> {
            Item {
                place: (&completed.image).into(),
                media_id: completed.media_id.as_deref(),
            }
        }
        to_json(&Document {
            created: self.created,
            data: self.images.iter().map(item).collect(),
            facts: self
                .images
                .first()
                .map(|first| Facts::new(&first.look, self.quality)),
            usage: self.usage.into(),
        })
    }
}

/// What is made: it names the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Making {
    Pictures,
    Edits,
}

/// Writes the events of a stream; each method appends whole ones.
#[derive(Clone, Debug)]
pub struct EventWriter {
    pub making: Making,
    /// Unix seconds.
    pub created: i64,
    /// `high` or `auto`.
    pub quality: &'static str,
}

#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(flatten)]
    place: Place<'a>,
    created_at: i64,
    #[serde(flatten)]
    facts: Facts<'a>,
    index: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    partial_image_index: Option<u32>,
    image_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_id: Option<&'a str>,
    stage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<UsageJson>,
}

impl EventWriter {
    pub fn partial(&self, partial: &Partial<'_>, out: &mut Vec<u8>) {
        let event = Event {
            index: partial.index,
            partial_image_index: Some(partial.stage_index),
            stage: partial.stage,
            ..self.event(
                self.kind("partial_image"),
                (partial.image, partial.look),
                partial.id,
            )
        };
        write(&event.kind, &event, out);
    }

    /// How far a picture is of which there is nothing to be seen yet, in percent: an event of ours,
    /// which OpenAI's clients pass over.
    pub fn progress(&self, index: u32, percent: f64, out: &mut Vec<u8>) {
        #[derive(Serialize)]
        struct Progress<'a> {
            #[serde(rename = "type")]
            kind: &'a str,
            created_at: i64,
            index: u32,
            progress: f64,
        }
        let kind = self.kind("progress");
        let event = Progress {
            kind: &kind,
            created_at: self.created,
            index,
            progress: percent,
        };
        write(&kind, &event, out);
    }

    pub fn completed(
        &self,
        (id, index): (&str, u32),
        completed: &Completed,
        usage: ImageUsage,
        out: &mut Vec<u8>,
    ) {
        let event = Event {
            index,
            media_id: completed.media_id.as_deref(),
            usage: Some(usage.into()),
            ..self.event(
                self.kind("completed"),
                (&completed.image, &completed.look),
                id,
            )
        };
        write(&event.kind, &event, out);
    }

    /// The end of a stream that broke off.
    pub fn error(&self, error: &ErrorBody, out: &mut Vec<u8>) {
        out.extend_from_slice(b"event: error\n");
        error.write_frame(out);
    }

    fn kind(&self, what: &str) -> String {
        let making = match self.making {
            Making::Pictures => "image_generation",
            Making::Edits => "image_edit",
        };
        format!("{making}.{what}")
    }

    fn event<'a>(
        &self,
        kind: String,
        (image, look): (&'a Image, &'a Look),
        id: &'a str,
    ) -> Event<'a> {
        Event {
            kind,
            place: image.into(),
            created_at: self.created,
            facts: Facts::new(look, self.quality),
            index: 0,
            partial_image_index: None,
            image_id: id,
            media_id: None,
            stage: "final",
            usage: None,
        }
    }
}

fn write(kind: &str, event: &impl Serialize, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("event: {kind}\ndata: ").as_bytes());
    out.extend_from_slice(&to_json(event));
    out.extend_from_slice(b"\n\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    const USAGE: ImageUsage = ImageUsage {
        prompt_tokens: 3,
        image_tokens: 1056,
    };

    fn look() -> Look {
        Look {
            size: "1024x1024".to_owned(),
            output_format: "jpeg",
        }
    }

    #[test]
    fn the_document_has_the_openai_shape() {
        let answer = Answer {
            created: 7,
            images: vec![
                Completed {
                    image: Image::Url("http://h/f".to_owned()),
                    look: look(),
                    media_id: Some("m1".to_owned()),
                },
                Completed {
                    image: Image::Base64("AA".to_owned()),
                    look: look(),
                    media_id: None,
                },
            ],
            quality: "high",
            usage: USAGE,
        };
        assert_eq!(
            String::from_utf8(answer.to_json()).unwrap(),
            r#"{"created":7,"data":[{"url":"http://h/f","media_id":"m1"},{"b64_json":"AA"}],"size":"1024x1024","quality":"high","background":"opaque","output_format":"jpeg","usage":{"total_tokens":1059,"input_tokens":3,"output_tokens":1056,"input_tokens_details":{"text_tokens":3,"image_tokens":0}}}"#
        );
    }

    #[test]
    fn events_have_the_openai_shape() {
        let mut writer = EventWriter {
            making: Making::Pictures,
            created: 7,
            quality: "auto",
        };
        let mut out = Vec::new();
        let image = Image::Base64("AA".to_owned());
        let partial = Partial {
            id: "i1",
            index: 1,
            stage_index: 0,
            stage: "preview",
            image: &image,
            look: &look(),
        };
        writer.partial(&partial, &mut out);
        let completed = Completed {
            image,
            look: look(),
            media_id: Some("m1".to_owned()),
        };
        writer.completed(("i1", 1), &completed, USAGE, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "event: image_generation.partial_image\n\
             data: {\"type\":\"image_generation.partial_image\",\"b64_json\":\"AA\",\"created_at\":7,\"size\":\"1024x1024\",\"quality\":\"auto\",\"background\":\"opaque\",\"output_format\":\"jpeg\",\"index\":1,\"partial_image_index\":0,\"image_id\":\"i1\",\"stage\":\"preview\"}\n\n\
             event: image_generation.completed\n\
             data: {\"type\":\"image_generation.completed\",\"b64_json\":\"AA\",\"created_at\":7,\"size\":\"1024x1024\",\"quality\":\"auto\",\"background\":\"opaque\",\"output_format\":\"jpeg\",\"index\":1,\"image_id\":\"i1\",\"media_id\":\"m1\",\"stage\":\"final\",\"usage\":{\"total_tokens\":1059,\"input_tokens\":3,\"output_tokens\":1056,\"input_tokens_details\":{\"text_tokens\":3,\"image_tokens\":0}}}\n\n"
        );
        writer.making = Making::Edits;
        let mut out = Vec::new();
        writer.progress(1, 35.0, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "event: image_edit.progress\n\
             data: {\"type\":\"image_edit.progress\",\"created_at\":7,\"index\":1,\"progress\":35.0}\n\n"
        );
    }
}

//! Pictures that a chat makes between its words (protocol 2.1).

use serde_json::{Value, json};

use super::{
    Envelope,
    events::{Event, Role},
    frames,
};

/// Points of a picture's way, in percent, at which something is told.
const PROGRESS: [u32; 2] = [0, 50];

/// Pictures of one answer.
#[derive(Clone, Debug)]
pub(crate) struct Drawing {
    /// Address of each, below the asset host.
    pub(crate) urls: Vec<String>,
    pub(crate) is_moderated: bool,
    /// How many tokens come before them.
    pub(crate) after_tokens: usize,
}

impl Drawing {
    /// How far each picture is, by events and by cards. A preview has an address of its own.
    pub(super) fn events(&self, envelope: Envelope) -> Vec<Event> {
        let progress = PROGRESS.into_iter().flat_map(|percent| {
            let indexes = 0..self.urls.len();
            indexes.map(move |index| json!({"imageIndex": index, "progress": percent}))
        });
        let progress = progress.map(|fact| json!({"streamingImageGenerationResponse": fact}));
        let cards = self.urls.iter().enumerate().flat_map(|(index, url)| {
            let preview = url.replace("/image.", "-part-0/image.");
            [
                self.card(index, &preview, 50, false),
                self.card(index, url, 100, self.is_moderated),
            ]
        });
        let payloads = progress.chain(cards);
        payloads
            .map(|payload| Event::new(Role::Token, envelope.line(payload)))
            .collect()
    }

    fn card(&self, index: usize, url: &str, percent: u32, is_moderated: bool) -> Value {
        frames::card(&json!({
            "id": format!("g{}", index + 1),
            "type": "render_generated_image",
            "cardType": "generated_image_card",
            "image_chunk": {
                "imageUuid": format!("i{}", index + 1),
                "imageIndex": index,
                "imageUrl": url,
                "progress": percent,
                "moderated": is_moderated,
            },
        }))
    }
}

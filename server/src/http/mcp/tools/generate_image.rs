//! `generate_image`: pictures of a text, to be seen and to be fetched.

use base64::{Engine, engine::general_purpose::STANDARD};
use chat::MAX_MODEL_BYTES;
use openai::images::{ImageSize, MAX_PROMPT_BYTES};
use rmcp::model::{CallToolResult, ContentBlock, JsonObject, Tool};
use serde_json::json;

use super::{
    arguments::{Arguments, invalid},
    schema,
};
use crate::{
    gateway::pictures::{Finished, Picture, PictureRequest},
    http::{
        error::ApiError,
        links::Links,
        mcp::{call::Call, progress::Progress},
    },
};

pub(super) const NAME: &str = "generate_image";
const ABOUT: &str = "Draws pictures of a text and returns them together with links to their files.";
/// Pictures of one call.
const MAX_COUNT: u32 = 4;
/// Of all pictures of one result, before they become base64. What goes beyond is linked only.
const MAX_SHOWN_BYTES: usize = 6 * 1024 * 1024;
/// How far a picture is at a stage that can be seen, in percent.
const PREVIEW: f64 = 30.0;
const MEDIUM: f64 = 60.0;
const LONGEST_SHAPE_BYTES: usize = 16;
const RATIOS: [&str; 5] = ["1:1", "16:9", "9:16", "3:2", "2:3"];

pub(super) fn tool(models: &[String]) -> Tool {
    let properties = json!({
        "prompt": {"type": "string", "description": "What to draw."},
        "model": schema::model("image", models),
        "aspect_ratio": {
            "type": "string",
            "enum": RATIOS,
            "description": "Shape of the pictures. Default: 1:1.",
        },
        "size": {
            "type": "string",
            "description": "Instead of `aspect_ratio`: the size whose shape is taken, such as \
                            1024x1024, 1280x720, 720x1280, 1792x1024 or 1024x1792.",
        },
        "n": {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_COUNT,
            "default": 1,
            "description": "How many pictures.",
        },
    });
    Tool::new(NAME, ABOUT, schema::object(&properties, &["prompt"]))
        .with_title("Draw with Grok")
        .with_annotations(schema::annotations(false))
}

/// # Errors
/// An argument cannot be used, or the gateway fails.
pub(super) async fn run(
    given: Option<JsonObject>,
    call: &Call,
    mut progress: Progress,
) -> Result<CallToolResult, ApiError> {
    let request = read(given, progress.is_wanted())?;
    let mut stages = Stages::of(request.count);
    progress
        .begin(Some(stages.total()), "Waiting for Grok")
        .await;
    let drawing = call.gateway.pictures(call.caller.clone(), request);
    let mut pictures = Box::pin(drawing).await?;
    let mut finished = Vec::new();
    while let Some(picture) = pictures.next().await? {
        let (index, percent) = match picture {
            Picture::Partial {
                index,
                stage: "preview",
                ..
            } => (index, PREVIEW),
            Picture::Partial { index, .. } => (index, MEDIUM),
            Picture::Progress { index, percent } => (index, percent),
            Picture::Finished(picture) => {
                let index = picture.index;
                finished.push(picture);
                (index, 100.0)
            }
        };
        stages.reach(index, percent);
        let done = finished.len();
        let note = || format!("{done} of {} done", stages.0.len());
        progress
            .tell(stages.sum(), Some(stages.total()), note)
            .await;
    }
    let (content, bytes) = render(&finished, &call.links);
    pictures.commit(bytes).await?;
    Ok(CallToolResult::success(content))
}

fn read(given: Option<JsonObject>, is_told: bool) -> Result<PictureRequest, ApiError> {
    let given = Arguments::new(given, &["prompt", "model", "aspect_ratio", "size", "n"])?;
    Ok(PictureRequest {
        model: given.optional_text("model", MAX_MODEL_BYTES)?,
        prompt: given.text("prompt", MAX_PROMPT_BYTES)?,
        count: given.number("n", 1..=MAX_COUNT, 1)?,
        aspect_ratio: shape(&given)?,
        is_high_quality: false,
        is_nsfw_allowed: None,
        is_stream: is_told,
        needs_file: true,
        inputs: Vec::new(),
    })
}

fn shape(given: &Arguments) -> Result<Option<&'static str>, ApiError> {
    let ratio = given.optional_text("aspect_ratio", LONGEST_SHAPE_BYTES)?;
    let size = given.optional_text("size", LONGEST_SHAPE_BYTES)?;
    let (name, shape) = match (&ratio, &size) {
        (Some(_), Some(_)) => {
            let message = "Send `aspect_ratio` or `size`, not both.";
            return Err(invalid("size", message).into());
        }
        (Some(ratio), None) => ("aspect_ratio", ratio),
        (None, Some(size)) => ("size", size),
        (None, None) => return Ok(None),
    };
    let known = ImageSize::from_name(shape);
    let known = known.ok_or_else(|| {
        let ratios = RATIOS.join("`, `");
        invalid(
            name,
            format!("`{name}` is no known shape: send one of `{ratios}`."),
        )
    })?;
    Ok(Some(known.aspect_ratio))
}

/// How far each picture is, in percent.
struct Stages(Vec<f64>);

impl Stages {
    fn of(count: u32) -> Self {
        Self((0..count).map(|_| 0.0).collect())
    }

    fn reach(&mut self, index: u32, percent: f64) {
        let stage = usize::try_from(index)
            .ok()
            .and_then(|at| self.0.get_mut(at));
        if let Some(stage) = stage {
            *stage = stage.max(percent.clamp(0.0, 100.0));
        }
    }

    fn sum(&self) -> f64 {
        self.0.iter().sum()
    }

    fn total(&self) -> f64 {
        self.0.len() as f64 * 100.0
    }
}

/// Links first, since some clients show text alone; then the pictures. Also how many bytes that is.
fn render(finished: &[Finished], links: &Links) -> (Vec<ContentBlock>, usize) {
    let (mut lines, mut shown, mut bytes) = (Vec::new(), Vec::new(), 0);
    for (at, picture) in finished.iter().enumerate() {
        let link = picture.name.as_deref().map(|name| links.image(name));
        let link = link.unwrap_or_else(|| "not kept on the server".to_owned());
        let is_shown = bytes + picture.file.len() <= MAX_SHOWN_BYTES;
        let rest = if is_shown {
            ""
        } else {
            " (too large to be shown here)"
        };
        lines.push(format!("Picture {}: {link}{rest}", at + 1));
        if is_shown {
            bytes += picture.file.len();
            shown.push(ContentBlock::image(
                STANDARD.encode(&picture.file),
                picture.mime,
            ));
        }
    }
    let text = ContentBlock::text(lines.join("\n"));
    (std::iter::once(text).chain(shown).collect(), bytes)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn asked(given: Value) -> Result<PictureRequest, String> {
        let read = read(given.as_object().cloned(), false);
        read.map_err(|error| error.to_string())
    }

    #[test]
    fn a_shape_is_said_as_ratio_or_as_size_but_once() {
        let shape = |given| asked(given).map(|request| request.aspect_ratio);
        assert_eq!(shape(json!({"prompt": "a cat"})), Ok(None));
        let wide = json!({"prompt": "a cat", "aspect_ratio": "16:9"});
        assert_eq!(shape(wide), Ok(Some("16:9")));
        let size = json!({"prompt": "a cat", "size": "1024x1792"});
        assert_eq!(shape(size), Ok(Some("2:3")));
        let both = json!({"prompt": "a cat", "size": "1024x1024", "aspect_ratio": "1:1"});
        assert!(shape(both).unwrap_err().contains("not both"));
        let odd = json!({"prompt": "a cat", "size": "5x5"});
        assert!(
            shape(odd)
                .unwrap_err()
                .starts_with("`size` is no known shape")
        );
    }

    #[test]
    fn progress_never_goes_back() {
        let mut stages = Stages::of(2);
        stages.reach(0, MEDIUM);
        stages.reach(0, PREVIEW);
        stages.reach(1, 250.0);
        stages.reach(7, 50.0);
        assert_eq!((stages.sum(), stages.total()), (160.0, 200.0));
    }
}

//! What the pages that make something share: the prompt and its history, pictures of a person's own,
//! choices, and what went wrong.

mod cause;
mod choices;
mod frame;
mod history_menu;
mod images;
mod prompt;
mod prompts;
mod way_out;

pub(super) use cause::{Cause, cause};
pub(super) use choices::{ChoicesMenu, Ratio, RatioShape, Segment, use_kept};
pub(super) use frame::{MakingFrame, provide_prompt};
pub(super) use images::{ImagePicker, check};
pub(super) use prompt::{PROMPT_ID, Prompt, PromptForm, PromptTexts};
pub(super) use way_out::{NotLoaded, retry, way_out};

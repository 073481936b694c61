//! JSON as a model writes it.

use serde_json::json;

use super::Task;
use crate::{hash::mix, prompt::OutputFormat, schema};

/// JSON that fits, now and then in a fence or with prose around it.
pub(super) fn answer(task: &Task<'_>, output: &OutputFormat) -> String {
    let json = fitting(task, output);
    if task.prompt.is_correction {
        return json;
    }
    match mix(task.seed, 31) % 6 {
        0 => format!("```json\n{json}\n```"),
        1 => format!("Here is the JSON you asked for:\n\n{json}\n\nTell me if you need more."),
        _ => json,
    }
}

/// JSON that fits.
pub(super) fn fitting(task: &Task<'_>, output: &OutputFormat) -> String {
    let mut cues = task.cues();
    let any = json!({
        "type": "object",
        "properties": {"answer": {"type": "string"}},
        "required": ["answer"],
    });
    let schema = output.schema.as_ref();
    let schema = schema.filter(|schema| schema.as_object().is_none_or(|words| !words.is_empty()));
    schema::sample(schema.unwrap_or(&any), &mut cues).to_string()
}

//! What a flattened message says. The upstream gets one text; this reads out of it what a model
//! would see there:
//!
//! `tools` reads the list of tools in front, `output` the paragraph that asks for JSON, `turns` the
//! newest question and what tools have said since. A correction stands at the end.

mod output;
mod tools;
mod turns;

pub(crate) use output::OutputFormat;
pub(crate) use tools::{Rule, Tool, Toolbox};
pub(crate) use turns::Turns;

/// The line that opens the request for a better answer.
const CORRECTION: &str = "\n\n# Correction\n";
/// What stands before the answer that was not good enough.
const BAD_ANSWER: &str = "\n\nassistant:";

/// A message, read.
#[derive(Clone, Debug)]
pub(crate) struct Prompt<'a> {
    /// `None` when no tool may be called.
    pub(crate) tools: Option<Toolbox>,
    /// `None` when any text will do.
    pub(crate) output: Option<OutputFormat>,
    pub(crate) turns: Turns<'a>,
    /// The last answer did not fit and is asked for again.
    pub(crate) is_correction: bool,
}

impl<'a> Prompt<'a> {
    pub(crate) fn read(message: &'a str) -> Self {
        let (tools, rest) = match tools::read(message) {
            Some((tools, rest)) => (Some(tools), rest),
            None => (None, message),
        };
        let (output, rest) = match output::read(rest) {
            Some((output, rest)) => (Some(output), rest),
            None => (None, rest),
        };
        let is_plain = tools.is_none() && output.is_none();
        let before = (!is_plain).then(|| before_correction(rest)).flatten();
        Self {
            tools,
            output,
            turns: Turns::read(before.unwrap_or(rest)),
            is_correction: before.is_some(),
        }
    }

    /// False for most messages that are words only, without reading them.
    pub(crate) fn may_be_shaped(message: &str) -> bool {
        message.trim_start().starts_with("# ")
    }

    /// Whether the message is more than words.
    pub(crate) fn is_shaped(&self) -> bool {
        self.tools.is_some() || self.output.is_some()
    }
}

/// The conversation without the bad answer and the request for a better one.
fn before_correction(text: &str) -> Option<&str> {
    let before = text.get(..text.rfind(CORRECTION)?)?;
    Some(
        before
            .rfind(BAD_ANSWER)
            .map_or(before, |at| before.get(..at).unwrap_or(before)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "# Tools\nYou have tools.\n\n## get_weather\nParameters: {}\n\
        # End of tools\n\n# Output format\nOne JSON value.\nJSON schema: {\"type\":\"object\"}\n\n\
        system: Be brief.\n\nWeather in Lima?";

    #[test]
    fn tools_format_and_question_are_told_apart() {
        let prompt = Prompt::read(MESSAGE);
        assert_eq!(prompt.tools.unwrap().tools.len(), 1);
        assert_eq!(prompt.output.unwrap().schema.unwrap()["type"], "object");
        assert_eq!(prompt.turns.question, "Weather in Lima?");
        assert!(!prompt.is_correction);
    }

    #[test]
    fn a_correction_is_no_part_of_the_conversation() {
        let message = format!("{MESSAGE}\n\nassistant: Well.\n\nNo.\n\n# Correction\nUse JSON.");
        let prompt = Prompt::read(&message);
        assert!(prompt.is_correction);
        assert_eq!(prompt.turns.question, "Weather in Lima?");
        let plain = Prompt::read("Fix this:\n\n# Correction\nUse JSON.");
        assert!(!plain.is_correction, "a caller may write such a line");
    }
}

//! How a model is asked again for what did not fit.

/// Of the bad answer so much is repeated, in bytes.
const MAX_QUOTE_BYTES: usize = 8 * 1024;
/// Calls whose mistakes are named.
const MAX_NAMED: usize = 8;
/// Longest name that is repeated, in bytes: a name that is none may be of any length.
const MAX_NAME_BYTES: usize = 64;

/// A call that does not fit.
#[derive(Clone, Debug)]
pub(super) struct Misfit {
    /// As the model wrote it; `None` if it could not be read.
    name: Option<String>,
    why: String,
}

impl Misfit {
    pub(super) fn new(name: Option<&str>, why: String) -> Self {
        Self {
            name: name.map(|name| cut(name, MAX_NAME_BYTES).to_owned()),
            why,
        }
    }
}

/// Asks for the calls that did not fit. `has_others`: some have been taken, and are not wanted again.
pub(super) fn for_calls(said: &str, misfits: &[Misfit], has_others: bool) -> String {
    let mut text = begin(said);
    for misfit in misfits.iter().take(MAX_NAMED) {
        match &misfit.name {
            Some(name) => text.extend(["The call of `", name, "` does not fit: "]),
            None => text.push_str("A call could not be read: "),
        }
        text.extend([misfit.why.as_str(), ".\n"]);
    }
    text.push_str(
        "Write each of these calls again, corrected, as a <tool_call> block with valid JSON that fits \
         the parameters of a tool from the list. Write nothing else.",
    );
    if has_others {
        text.push_str(" The other calls were right: leave them out.");
    }
    text
}

/// Asks for a call where there was none. `tool`: the one that is wanted.
pub(super) fn for_any_call(said: &str, tool: Option<&str>) -> String {
    let mut text = begin(said);
    match tool {
        Some(tool) => text.extend(["The tool `", tool, "` was not called, but it must be."]),
        None => text.push_str("No tool was called, but at least one must be."),
    }
    text.push_str(
        " Write the call as a <tool_call> block with valid JSON that fits the parameters of the tool. \
         Write nothing else.",
    );
    text
}

/// Asks for JSON that fits.
pub(super) fn for_json(said: &str, why: &str) -> String {
    let mut text = begin(said);
    text.extend([
        "That is not the JSON that was asked for: ",
        why,
        ".\nWrite the whole answer again as one JSON value that follows the output format. \
         Write no other text and no code fence.",
    ]);
    text
}

fn begin(said: &str) -> String {
    let said = cut(said.trim(), MAX_QUOTE_BYTES);
    ["\n\nassistant: ", said, "\n\n# Correction\n"].concat()
}

fn cut(text: &str, max_bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(max_bytes))
        .unwrap_or_default()
}

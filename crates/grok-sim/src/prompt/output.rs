//! The paragraph that asks for JSON.

use serde_json::Value;

const HEADING: &str = "# Output format\n";
const SCHEMA: &str = "JSON schema: ";

/// The answer is to be one JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OutputFormat {
    /// What the value must fit.
    pub(crate) schema: Option<Value>,
}

/// The format, and what stands behind it.
pub(super) fn read(text: &str) -> Option<(OutputFormat, &str)> {
    let text = text.trim_start();
    let body = text.strip_prefix(HEADING)?;
    let (paragraph, rest) = body.split_once("\n\n").unwrap_or((body, ""));
    let schema = paragraph
        .lines()
        .find_map(|line| line.strip_prefix(SCHEMA))
        .and_then(|schema| serde_json::from_str(schema).ok());
    Some((OutputFormat { schema }, rest))
}

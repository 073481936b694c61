//! A valid request for one answer, as every protocol understands it.

use std::sync::Arc;

use crate::{Tool, ToolChoice, Turn, shape::Schema};

/// One request for an answer. Made by a protocol's parser, which has checked every range.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// As the caller wrote it; not blank, at most [`MAX_MODEL_BYTES`] long. Whether such a model exists is for the gateway to check.
    pub model: String,
    /// In order. At least one of them says or attaches something.
    pub turns: Vec<Turn>,
    pub tools: Vec<Tool>,
    pub tool_choice: ToolChoice,
    /// At most one call an answer.
    pub one_tool_call: bool,
    pub search: Search,
    pub response_format: ResponseFormat,
    pub limits: OutputLimits,
    pub sampling: Sampling,
    pub reasoning: Reasoning,
    /// The conversation to continue: 1 to 200 characters of `A-Z a-z 0-9 _ -`.
    pub conversation_id: Option<String>,
    /// The caller's own name for its end user.
    pub user: Option<String>,
}

impl Request {
    /// The tools that may be called, in order.
    pub fn callable_tools(&self) -> impl Iterator<Item = &Tool> {
        self.tools.iter().filter(|tool| match &self.tool_choice {
            ToolChoice::None => false,
            ToolChoice::Allowed { names, .. } => names.contains(&tool.name),
            ToolChoice::Auto | ToolChoice::Required | ToolChoice::Named(_) => true,
        })
    }
}

/// What the model may look up by itself. `None`: as configured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Search {
    pub web: Option<bool>,
    /// Posts on X.
    pub x: Option<bool>,
}

/// What the text of the answer must look like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ResponseFormat {
    #[default]
    Text,
    /// Any JSON object.
    JsonObject,
    /// JSON that fits a schema.
    JsonSchema { name: String, schema: JsonSchema },
}

/// A schema as the caller's JSON text. Clones share what it is compiled to, when it is needed first.
#[derive(Clone, Debug)]
pub struct JsonSchema(pub(crate) Arc<Schema>);

impl JsonSchema {
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Arc::new(Schema::new(Some(text))))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.text()
    }
}

impl PartialEq for JsonSchema {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for JsonSchema {}

/// Where the answer ends at the latest; applied here, since the upstream knows no such limits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutputLimits {
    /// Estimated tokens of answer text. Reasoning does not count: nobody can ask the upstream to
    /// think less.
    pub max_tokens: Option<u64>,
    /// The answer ends before the first of these that it would contain. None is empty or longer than
    /// [`MAX_STOP_BYTES`].
    pub stop: Vec<String>,
}

/// `None`: no override is sent upstream.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sampling {
    /// 0 to 2.
    pub temperature: Option<f64>,
    /// 0 to 1.
    pub top_p: Option<f64>,
}

/// How much the model should think, and whether the caller sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reasoning {
    /// `None`: the upstream decides.
    pub effort: Option<Effort>,
    /// `None`: as configured.
    pub is_shown: Option<bool>,
}

/// How much to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    Xhigh,
}

/// Longest stop sequence, in bytes: each is looked for in every piece of the answer.
pub const MAX_STOP_BYTES: usize = 256;
/// Longest name of a model, in bytes: it is repeated in errors, logs and records.
pub const MAX_MODEL_BYTES: usize = 256;

impl Effort {
    /// From least to most.
    pub const ALL: [Self; 6] = [
        Self::None,
        Self::Minimal,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Xhigh,
    ];

    /// The word that APIs and the upstream use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Xhigh => "xhigh",
        }
    }

    /// The effort of that word, exactly as [`Effort::as_str`] writes it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effort| effort.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn efforts_read_back_from_their_words() {
        for effort in Effort::ALL {
            assert_eq!(Effort::from_name(effort.as_str()), Some(effort));
        }
        assert_eq!(Effort::from_name("High"), None);
        assert_eq!(
            Effort::ALL.map(Effort::as_str).join(" "),
            "none minimal low medium high xhigh"
        );
    }
}

//! Tools of the caller's program.

/// A function that the caller's program offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// Not blank.
    pub name: String,
    pub description: Option<String>,
    /// JSON schema of the arguments, as the caller's JSON text.
    pub parameters: Option<String>,
}

/// Whether tools may, must or must not be called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ToolChoice {
    #[default]
    Auto,
    None,
    Required,
    /// This one must be called.
    Named(String),
    /// Of all tools only these may be called; one must be if `is_required`.
    Allowed {
        names: Vec<String>,
        is_required: bool,
    },
}

/// A call that an assistant made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCall {
    /// As the caller wrote it; empty if it left it out.
    pub id: String,
    pub name: String,
    /// JSON text as a rule; kept as the caller wrote it.
    pub arguments: String,
}

//! The pairs of model name and mode that the upstream accepts (protocol section 3).

/// One accepted pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Model {
    pub(crate) name: &'static str,
    pub(crate) mode: &'static str,
    /// Queries that one chat takes from the quota.
    pub(crate) cost: u32,
    /// Whether the answer starts with reasoning tokens.
    pub(crate) thinks: bool,
}

const fn model(name: &'static str, mode: &'static str, cost: u32, thinks: bool) -> Model {
    Model {
        name,
        mode,
        cost,
        thinks,
    }
}

const CHAT: [Model; 12] = [
    model("grok-3", "MODEL_MODE_GROK_3", 1, false),
    model("grok-3", "MODEL_MODE_GROK_3_MINI_THINKING", 1, true),
    model("grok-3", "MODEL_MODE_GROK_3_THINKING", 1, true),
    model("grok-4", "MODEL_MODE_GROK_4", 1, false),
    model("grok-4-mini", "MODEL_MODE_GROK_4_MINI_THINKING", 1, true),
    model("grok-4", "MODEL_MODE_GROK_4_THINKING", 1, true),
    model("grok-4", "MODEL_MODE_HEAVY", 4, true),
    model(
        "grok-4-1-thinking-1129",
        "MODEL_MODE_GROK_4_1_MINI_THINKING",
        1,
        true,
    ),
    model("grok-4-1-thinking-1129", "MODEL_MODE_FAST", 1, false),
    model("grok-4-1-thinking-1129", "MODEL_MODE_EXPERT", 4, true),
    model(
        "grok-4-1-thinking-1129",
        "MODEL_MODE_GROK_4_1_THINKING",
        4,
        true,
    ),
    model("grok-420", "MODEL_MODE_GROK_420", 1, false),
];

/// The chat model of this exact pair.
pub(crate) fn find(name: &str, mode: &str) -> Option<Model> {
    CHAT.into_iter()
        .find(|model| model.name == name && model.mode == mode)
}

/// Whether a quota question about this name makes sense.
pub(crate) fn is_known_name(name: &str) -> bool {
    CHAT.iter().any(|model| model.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_pairs_are_accepted() {
        assert_eq!(
            find("grok-4", "MODEL_MODE_HEAVY").map(|model| model.cost),
            Some(4)
        );
        assert_eq!(
            find("grok-3", "MODEL_MODE_HEAVY"),
            None,
            "a mode belongs to its name"
        );
        assert!(is_known_name("grok-420"));
        assert!(
            !is_known_name("grok-4.1-fast"),
            "public ids are not upstream names"
        );
    }
}

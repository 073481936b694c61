//! The model catalogue: built-in entries, added to or overridden by `[[models]]` in the file.

use crate::choices::{Effort, ModelKind, ModelTier};
use crate::declare::section;
use crate::values::{Text, Texts};

section! {
    /// One public model and what it means upstream.
    ModelConfig {
        /// Public name; an entry with the name of a built-in model changes that one.
        id: String = String::new(), Text::Name;
        /// The upstream's `modelName`.
        model_name: String = String::new(), Text::Name;
        /// The upstream's `modelMode`; empty = null.
        model_mode: String = String::new(), Text::Any;
        /// The least account that can serve it.
        tier: ModelTier = ModelTier::Basic, ();
        /// "low" = 1 quota unit per request, "high" = 4.
        cost: Effort = Effort::Low, ();
        /// What it makes.
        kind: ModelKind = ModelKind::Chat, ();
        /// Further names under which requests may ask for it, such as those of other vendors.
        aliases: Vec<String> = Vec::new(), Texts::Names;
    }
}

const GROK_4_1: &str = "grok-4-1-thinking-1129";

/// The built-in catalogue. Source: `docs/upstream-protocol.md` 3.
pub(crate) fn built_in() -> Vec<ModelConfig> {
    use {Effort::*, ModelKind::*, ModelTier::*};
    [
        ("grok-3", "grok-3", "MODEL_MODE_GROK_3", Basic, Low, Chat),
        (
            "grok-3-mini",
            "grok-3",
            "MODEL_MODE_GROK_3_MINI_THINKING",
            Basic,
            Low,
            Chat,
        ),
        (
            "grok-3-thinking",
            "grok-3",
            "MODEL_MODE_GROK_3_THINKING",
            Basic,
            Low,
            Chat,
        ),
        ("grok-4", "grok-4", "MODEL_MODE_GROK_4", Basic, Low, Chat),
        (
            "grok-4-mini",
            "grok-4-mini",
            "MODEL_MODE_GROK_4_MINI_THINKING",
            Basic,
            Low,
            Chat,
        ),
        (
            "grok-4-thinking",
            "grok-4",
            "MODEL_MODE_GROK_4_THINKING",
            Basic,
            Low,
            Chat,
        ),
        (
            "grok-4-heavy",
            "grok-4",
            "MODEL_MODE_HEAVY",
            Heavy,
            High,
            Chat,
        ),
        (
            "grok-4.1-mini",
            GROK_4_1,
            "MODEL_MODE_GROK_4_1_MINI_THINKING",
            Basic,
            Low,
            Chat,
        ),
        (
            "grok-4.1-fast",
            GROK_4_1,
            "MODEL_MODE_FAST",
            Basic,
            Low,
            Chat,
        ),
        (
            "grok-4.1-expert",
            GROK_4_1,
            "MODEL_MODE_EXPERT",
            Basic,
            High,
            Chat,
        ),
        (
            "grok-4.1-thinking",
            GROK_4_1,
            "MODEL_MODE_GROK_4_1_THINKING",
            Basic,
            High,
            Chat,
        ),
        (
            "grok-4.20-beta",
            "grok-420",
            "MODEL_MODE_GROK_420",
            Basic,
            Low,
            Chat,
        ),
        (
            "grok-imagine-1.0",
            "grok-3",
            "MODEL_MODE_FAST",
            Basic,
            High,
            Image,
        ),
        (
            "grok-imagine-1.0-fast",
            "grok-3",
            "MODEL_MODE_FAST",
            Basic,
            High,
            Image,
        ),
        (
            "grok-imagine-1.0-edit",
            "imagine-image-edit",
            "",
            Basic,
            High,
            ImageEdit,
        ),
        ("grok-imagine-1.0-video", "grok-3", "", Basic, High, Video),
    ]
    .map(
        |(id, model_name, model_mode, tier, cost, kind)| ModelConfig {
            id: id.to_owned(),
            model_name: model_name.to_owned(),
            model_mode: model_mode.to_owned(),
            tier,
            cost,
            kind,
            aliases: Vec::new(),
        },
    )
    .to_vec()
}

//! The model list of the file.

use super::{problems, read};
use crate::{Effort, ModelKind, ModelTier};

#[test]
fn models_are_added_and_overridden_by_id() {
    let file = r#"
[[models]]
id = "grok-4"
cost = "high"

[[models]]
id = "grok-5"
model_name = "grok-5"
tier = "super"
"#;
    let models = read(file).unwrap().config.models;
    assert_eq!(models.len(), 17);
    let (changed, added) = (&models[3], &models[16]);
    assert_eq!(
        (changed.id.as_str(), changed.cost),
        ("grok-4", Effort::High)
    );
    assert_eq!(
        changed.model_mode, "MODEL_MODE_GROK_4",
        "what is not written stays"
    );
    assert_eq!(
        (added.tier, added.cost, added.kind),
        (ModelTier::Super, Effort::Low, ModelKind::Chat)
    );

    let bad = "[[models]]\nid = \"x\"\nteir = \"super\"\n[[models]]\nmodel_name = \"a b\"\n";
    assert_eq!(
        problems(bad, &[]),
        [
            "config.toml line 3: unknown key models[0].teir; did you mean tier?",
            "config.toml line 1: models[0].model_name is missing",
            "config.toml line 5: models[1].model_name = \"a b\": \
             expected a name without blanks, not empty",
            "config.toml line 4: models[1].id is missing",
        ]
    );
}

#[test]
fn aliases_are_further_names_of_a_model_and_built_in_models_have_none() {
    let file = r#"
[[models]]
id = "grok-4"
aliases = ["claude-sonnet-4", " gpt-4o "]

[[models]]
aliases = ["fast"]
id = "grok-5"
model_name = "grok-5"
"#;
    let models = read(file).unwrap().config.models;
    let with_aliases = models.iter().filter(|model| !model.aliases.is_empty());
    let aliases: Vec<_> = with_aliases
        .map(|model| (model.id.as_str(), model.aliases.join(",")))
        .collect();
    assert_eq!(
        aliases,
        [
            ("grok-4", "claude-sonnet-4,gpt-4o".to_owned()),
            ("grok-5", "fast".to_owned())
        ]
    );
}

#[test]
fn an_alias_that_is_a_model_or_stands_twice_is_reported_with_its_place() {
    let file = r#"
[[models]]
id = "grok-4"
aliases = ["gpt-4o", "grok-3", "late"]
[[models]]
id = "late"
model_name = "x"
aliases = ["twice", "gpt-4o", "twice", "late"]
[[models]]
id = "grok-3"
aliases = ["a b"]
"#;
    assert_eq!(
        problems(file, &[]),
        [
            "config.toml line 11: models[2].aliases = [\"a b\"]: \
             expected a list of names without blanks",
            "config.toml line 4: models[0].aliases: grok-3 is the id of a model",
            "config.toml line 4: models[0].aliases: late is the id of a model",
            "config.toml line 8: models[1].aliases: gpt-4o is already an alias of grok-4",
            "config.toml line 8: models[1].aliases: twice is already an alias of late",
            "config.toml line 8: models[1].aliases: late is the id of a model",
        ]
    );
}

#[test]
fn an_entry_that_takes_its_aliases_back_leaves_them_to_another() {
    let file = r#"
[[models]]
id = "grok-4"
aliases = ["gpt-4o"]
[[models]]
id = "grok-4"
aliases = []
[[models]]
id = "grok-3"
aliases = ["gpt-4o"]
"#;
    let models = read(file).unwrap().config.models;
    assert_eq!(models[0].aliases, ["gpt-4o"]);
    assert_eq!(models[3].aliases, [""; 0]);
}

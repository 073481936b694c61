//! The model list of the file: `[[models]]`.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::ModelConfig;
use crate::declare::{Refused, Section, names};
use crate::problem::{Place, Problem};
use crate::suggest::nearest_name;

use super::source::Source;
use super::{Layers, MODELS};

impl Layers {
    pub(super) fn apply_models(&mut self, models: &[Spanned<DeValue<'_>>], source: Source<'_>) {
        for (index, model) in models.iter().enumerate() {
            let name = format!("{MODELS}[{index}]");
            let place = source.place(model.span().start);
            match model.get_ref().as_table() {
                Some(table) => self.apply_model(&name, table, source, place),
                None => self.problems.push(Problem::BadValue {
                    key: name,
                    value: source.shown(model.span()),
                    expected: "an entry that begins with [[models]]".to_owned(),
                    place,
                }),
            }
        }
    }

    /// Adds a model, or changes the one with the same id.
    fn apply_model(&mut self, name: &str, table: &DeTable<'_>, source: Source<'_>, place: Place) {
        let id = table.get("id").and_then(|id| id.get_ref().as_str());
        let id = id.unwrap_or_default().trim();
        let existing = self.config.models.iter().position(|model| model.id == id);
        let before = existing.and_then(|index| self.config.models.get(index));
        let mut model = before.cloned().unwrap_or_default();
        self.set_model(name, &mut model, table, source);
        for (key, value) in [("id", &model.id), ("model_name", &model.model_name)] {
            if value.is_empty() && !table.contains_key(key) {
                let (key, place) = (format!("{name}.{key}"), place.clone());
                self.problems.push(Problem::Missing { key, place });
            }
        }
        if let Some((key, _)) = table.get_key_value("aliases") {
            let place = source.place(key.span().start);
            let named = (format!("{name}.aliases"), place);
            self.alias_places.insert(model.id.clone(), named);
        }
        match existing.and_then(|index| self.config.models.get_mut(index)) {
            Some(known) => *known = model,
            None => self.config.models.push(model),
        }
    }

    fn set_model(
        &mut self,
        name: &str,
        model: &mut ModelConfig,
        table: &DeTable<'_>,
        source: Source<'_>,
    ) {
        for (key, given) in source.given(table) {
            let name = format!("{name}.{key}");
            match model.set(&key, given.raw) {
                Ok(_) => {}
                Err(Refused::Unknown) => self.problems.push(Problem::UnknownKey {
                    nearest: nearest_name(&key, names::<ModelConfig>()).map(str::to_owned),
                    key: name,
                    place: given.place,
                }),
                Err(refused) => self.bad_value(name, given.shown, given.place, refused),
            }
        }
    }

    /// An alias stands for one model, and is not the name of another.
    pub(super) fn check_aliases(&mut self) {
        let models = &self.config.models;
        let mut taken: Vec<(&str, &str)> = Vec::new();
        for model in models {
            for alias in &model.aliases {
                let reason = if models.iter().any(|model| model.id == *alias) {
                    Some("is the id of a model".to_owned())
                } else {
                    let owner = taken.iter().find(|(name, _)| name == alias);
                    owner.map(|(_, id)| format!("is already an alias of {id}"))
                };
                taken.push((alias, &model.id));
                let place = self.alias_places.get(&model.id);
                if let (Some(reason), Some((key, place))) = (reason, place) {
                    self.problems.push(Problem::Refused {
                        key: format!("{key}: {alias}"),
                        reason,
                        place: place.clone(),
                    });
                }
            }
        }
    }
}

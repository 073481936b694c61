//! The model catalogue: public names and what they mean upstream.

use std::{collections::HashMap, sync::Arc};

use pool::Tier;

use settings::{Effort, ModelConfig, ModelKind, ModelTier};

/// One public model.
#[derive(Clone, Debug)]
pub struct Model {
    pub id: String,
    /// Other names by which requests may ask for it.
    pub aliases: Vec<String>,
    pub upstream_name: String,
    pub mode: Option<String>,
    pub tier: Tier,
    /// Quota units per request: 1 or 4.
    pub cost: u32,
    pub kind: ModelKind,
}

/// When the generations of the upstream's models were announced, unix seconds at midnight UTC: 17 February
/// and 9 July 2025, 17 November 2025, 28 January and 17 February 2026. The upstream itself tells no date. The longer
/// of two beginnings first.
const ANNOUNCED: [(&str, i64); 5] = [
    ("grok-420", 1_771_286_400),
    ("imagine", 1_769_558_400),
    ("grok-4-1", 1_763_337_600),
    ("grok-4", 1_752_019_200),
    ("grok-3", 1_739_750_400),
];

impl Model {
    /// When its generation was announced; `None` for one that is not among the built-in ones.
    #[must_use]
    pub fn announced_at_secs(&self) -> Option<i64> {
        ANNOUNCED
            .iter()
            .find(|(name, _)| self.upstream_name.starts_with(name))
            .map(|(_, at)| *at)
    }
}

/// All models, in the order of the configuration.
#[derive(Clone, Debug, Default)]
pub struct Models {
    list: Vec<Arc<Model>>,
    by_id: HashMap<String, usize>,
}

impl Models {
    #[must_use]
    pub fn from_config(entries: &[ModelConfig]) -> Self {
        let list: Vec<Arc<Model>> = entries.iter().map(|entry| Arc::new(entry.into())).collect();
        let ids = entries.iter().enumerate().flat_map(|(at, entry)| {
            let names = std::iter::once(&entry.id).chain(&entry.aliases);
            names.map(move |name| (name.clone(), at))
        });
        Self {
            by_id: ids.collect(),
            list,
        }
    }

    /// The model of that id or alias.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<Model>> {
        self.by_id.get(id).and_then(|at| self.list.get(*at))
    }

    /// The models of one kind.
    pub fn of_kind(&self, kind: ModelKind) -> impl Iterator<Item = &Arc<Model>> {
        self.list.iter().filter(move |model| model.kind == kind)
    }
}

/// Models that quota is asked of where the upstream counts by model, if the catalogue has no others.
/// Source: `docs/upstream-protocol.md` 2.2.
const ASKED_FOR_QUOTA: [&str; 2] = ["grok-4-1-thinking-1129", "grok-3"];

impl Models {
    /// Two of the upstream's names for chat models: the second one has a quota of its own.
    #[must_use]
    pub fn asked_for_quota(&self) -> [&str; 2] {
        let names = || {
            let models = self.of_kind(ModelKind::Chat);
            models.map(|model| model.upstream_name.as_str())
        };
        let [first, second] = ASKED_FOR_QUOTA;
        let first = names()
            .find(|name| *name == first)
            .or_else(|| names().next());
        let first = first.unwrap_or(ASKED_FOR_QUOTA[0]);
        let other = names().find(|name| *name == second && *name != first);
        let other = other.or_else(|| names().find(|name| *name != first));
        [first, other.unwrap_or(second)]
    }
}

impl Model {
    /// Names of the quota windows that it takes from: its own, and that of its mode or product
    /// (`docs/upstream-protocol.md` 8.2 and 8.6).
    #[must_use]
    pub fn quota_windows(&self) -> [&str; 2] {
        let is_fast = |mode: &String| mode.to_ascii_uppercase().contains("FAST");
        let other = match self.kind {
            ModelKind::Chat if self.mode.as_ref().is_some_and(is_fast) => "fast",
            ModelKind::Chat => "auto",
            ModelKind::Image => "imagePro",
            ModelKind::ImageEdit => "imageEdit",
            ModelKind::Video => "video",
        };
        [&self.upstream_name, other]
    }
}

/// The image model that takes its settings from `[imagine_fast]`.
const FAST_IMAGES: &str = "grok-imagine-1.0-fast";

impl Model {
    /// Whether `[imagine_fast]` decides how many images it makes, and how.
    #[must_use]
    pub fn is_fast_images(&self) -> bool {
        self.kind == ModelKind::Image && self.id == FAST_IMAGES
    }
}

impl From<&ModelConfig> for Model {
    fn from(entry: &ModelConfig) -> Self {
        Self {
            id: entry.id.clone(),
            aliases: entry.aliases.clone(),
            upstream_name: entry.model_name.clone(),
            mode: (!entry.model_mode.is_empty()).then(|| entry.model_mode.clone()),
            tier: match entry.tier {
                ModelTier::Basic => Tier::Basic,
                ModelTier::Super => Tier::Super,
                ModelTier::Heavy => Tier::Heavy,
            },
            cost: match entry.cost {
                Effort::Low => 1,
                Effort::High => 4,
            },
            kind: entry.kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_model_has_the_date_of_its_generation() {
        let config = settings::Config::default();
        let models = Models::from_config(&config.models);
        assert!(
            models
                .list
                .iter()
                .all(|model| model.announced_at_secs().is_some())
        );
        let at = |id: &str| models.get(id).unwrap().announced_at_secs();
        assert_eq!(at("grok-3-mini"), Some(1_739_750_400));
        assert_eq!(at("grok-4-mini"), Some(1_752_019_200));
        assert_eq!(at("grok-4.1-fast"), Some(1_763_337_600));
        assert_eq!(at("grok-4.20-beta"), Some(1_771_286_400));
    }
}

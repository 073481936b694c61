//! What public pages need beside the streaming endpoint.

use async_trait::async_trait;
use grok2api_app::{
    dto::ModelOption,
    error::{Field, Rule, UiError},
    limits::MAX_CODE_BYTES,
    service::{PublicProof, PublicService},
};

use super::{accounts::to_page_tier, highlight};
use crate::snapshot::Current;

/// Implements [`PublicService`].
pub struct PublicPages {
    current: Current,
}

impl PublicPages {
    #[must_use]
    pub fn new(current: Current) -> Self {
        Self { current }
    }
}

#[async_trait]
impl PublicService for PublicPages {
    async fn list_models(&self, _public: PublicProof) -> Result<Vec<ModelOption>, UiError> {
        let snapshot = self.current.load();
        Ok(snapshot
            .settings
            .models
            .chat()
            .map(|model| ModelOption {
                id: model.id.clone(),
                cost: model.cost,
                tier: to_page_tier(model.tier),
                is_served: snapshot.pool.serves(model.tier),
            })
            .collect())
    }

    async fn highlight(
        &self,
        _public: PublicProof,
        language: String,
        code: String,
    ) -> Result<String, UiError> {
        if code.len() > MAX_CODE_BYTES {
            return Err(UiError::Invalid {
                field: Field::Code,
                rule: Rule::TooLong,
            });
        }
        tokio::task::spawn_blocking(move || highlight::to_html(&language, &code))
            .await
            .map_err(|_| UiError::Internal {
                request_id: String::new(),
            })
    }
}

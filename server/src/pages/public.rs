//! What public pages need beside the streaming endpoint.

use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use grok2api_app::{
    dto::ModelOption,
    error::UiError,
    service::{PublicProof, PublicService},
};
use pool::Tier;

use crate::{pages::highlight, state::Live};

/// Implements [`PublicService`].
pub struct PublicPages {
    live: Arc<ArcSwap<Live>>,
}

impl PublicPages {
    #[must_use]
    pub fn new(live: Arc<ArcSwap<Live>>) -> Self {
        Self { live }
    }
}

#[async_trait]
impl PublicService for PublicPages {
    async fn list_models(&self, _public: PublicProof) -> Result<Vec<ModelOption>, UiError> {
        let live = self.live.load();
        Ok(live
            .models
            .chat()
            .map(|model| ModelOption {
                id: model.id.clone(),
                cost: model.cost,
                needs_super: model.tier == Tier::Super,
                is_served: live.pool.serves(model.tier),
            })
            .collect())
    }

    async fn highlight(
        &self,
        _public: PublicProof,
        language: String,
        code: String,
    ) -> Result<String, UiError> {
        if code.len() > highlight::MAX_BYTES {
            return Err(UiError::Invalid {
                field: "code".to_owned(),
                rule: "too_long".to_owned(),
            });
        }
        tokio::task::spawn_blocking(move || highlight::to_html(&language, &code))
            .await
            .map_err(|_| UiError::Internal {
                request_id: String::new(),
            })
    }
}

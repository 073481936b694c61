//! Server side of every server function: the current request, the services, the proofs.

use crate::{
    error::UiError,
    service::{AdminProof, AdminService, AuthService, PublicProof},
};
use http::{StatusCode, header, request::Parts};
use leptos::prelude::{FromServerFnError, expect_context, use_context};
use leptos_axum::ResponseOptions;
use std::sync::Arc;

/// The head of the current HTTP request.
///
/// # Errors
/// [`UiError::Internal`] outside of a request, which only a wrong set-up can cause.
pub async fn parts() -> Result<Parts, UiError> {
    leptos_axum::extract()
        .await
        .map_err(UiError::from_server_fn_error)
}

/// Sessions and passwords, from context.
#[must_use]
pub fn auth_service() -> Arc<dyn AuthService> {
    expect_context()
}

/// What admin pages do, from context.
#[must_use]
pub fn admin_service() -> Arc<dyn AdminService> {
    expect_context()
}

/// Proof that the current request is the operator's.
///
/// # Errors
/// [`UiError::SignInRequired`] or [`UiError::CrossSite`]; the response gets the status to match.
pub async fn require_admin() -> Result<AdminProof, UiError> {
    let parts = parts().await?;
    auth_service().require_admin(&parts).await.map_err(fail)
}

/// Proof that the current request may use the public pages.
///
/// # Errors
/// As [`require_admin`].
pub async fn require_public() -> Result<PublicProof, UiError> {
    let parts = parts().await?;
    auth_service().require_public(&parts).await.map_err(fail)
}

/// Gives the response the status that belongs to `error` and returns the error.
///
/// A form that was sent without our code is answered by a redirect back to its page, which a
/// status of ours would break: it is left alone.
pub fn fail(error: UiError) -> UiError {
    let wants_html = use_context::<Parts>().is_some_and(|parts| {
        let accept = parts
            .headers
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok());
        accept.is_some_and(|accept| accept.contains("text/html"))
    });
    if !wants_html && let Some(response) = use_context::<ResponseOptions>() {
        response.set_status(status(&error));
    }
    error
}

fn status(error: &UiError) -> StatusCode {
    match error {
        UiError::SignInRequired | UiError::WrongPassword => StatusCode::UNAUTHORIZED,
        UiError::TooManyAttempts { .. } => StatusCode::TOO_MANY_REQUESTS,
        UiError::Invalid { .. } => StatusCode::BAD_REQUEST,
        UiError::NotFound => StatusCode::NOT_FOUND,
        UiError::CrossSite => StatusCode::FORBIDDEN,
        UiError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        UiError::Internal { .. } | UiError::Connection => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

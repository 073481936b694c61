//! Server side of every server function: the current request, the services, the proofs.

use crate::{
    error::UiError,
    service::{
        AdminProof, AdminService, AuthService, ConnectService, HealthService, JobService,
        MediaAdminService, PublicProof, PublicService, RequestId, Visitor,
    },
};
use http::{StatusCode, header, request::Parts};
use leptos::{
    prelude::{FromServerFnError, use_context},
    server_fn::error::ServerFnUrlError,
};
use leptos_axum::ResponseOptions;
use std::sync::Arc;

/// What is told of arguments that cannot be read: they may be quoted.
const MAX_MESSAGE_CHARS: usize = 300;

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
///
/// # Errors
/// [`UiError::Internal`] when the page that asked is gone already (its context went with it).
pub fn auth_service() -> Result<Arc<dyn AuthService>, UiError> {
    service()
}

/// What admin pages do, from context.
///
/// # Errors
/// As [`auth_service`].
pub fn admin_service() -> Result<Arc<dyn AdminService>, UiError> {
    service()
}

/// How the server is, from context.
///
/// # Errors
/// As [`auth_service`].
pub fn health_service() -> Result<Arc<dyn HealthService>, UiError> {
    service()
}

/// How clients reach the server, from context.
///
/// # Errors
/// As [`auth_service`].
pub fn connect_service() -> Result<Arc<dyn ConnectService>, UiError> {
    service()
}

/// What the operator does with media, from context.
///
/// # Errors
/// As [`auth_service`].
pub fn media_admin_service() -> Result<Arc<dyn MediaAdminService>, UiError> {
    service()
}

/// Long work, from context.
///
/// # Errors
/// As [`auth_service`].
pub fn job_service() -> Result<Arc<dyn JobService>, UiError> {
    service()
}

/// What public pages do, from context.
///
/// # Errors
/// As [`auth_service`].
pub fn public_service() -> Result<Arc<dyn PublicService>, UiError> {
    service()
}

fn service<T: ?Sized + Send + Sync + 'static>() -> Result<Arc<T>, UiError> {
    use_context().ok_or_else(internal)
}

/// The error of the current request that is nobody's fault but ours.
pub(crate) fn internal() -> UiError {
    UiError::Internal {
        request_id: request_id(),
    }
}

/// The error of a request whose arguments cannot be read; `message` says why.
pub(crate) fn malformed(message: &str) -> UiError {
    let shown = message.chars().filter(|c| !c.is_control());
    fail(UiError::Malformed {
        message: shown.take(MAX_MESSAGE_CHARS).collect(),
        request_id: request_id(),
    })
}

/// Empty outside of a request.
fn request_id() -> String {
    let parts = use_context::<Parts>();
    let id = parts.and_then(|parts| parts.extensions.get::<RequestId>().cloned());
    id.map(|RequestId(id)| id.to_string()).unwrap_or_default()
}

/// Proof that the current request is the operator's.
///
/// # Errors
/// [`UiError::SignInRequired`] or [`UiError::CrossSite`]; the response gets the status to match.
pub async fn require_admin() -> Result<AdminProof, UiError> {
    let parts = parts().await?;
    auth_service()?.require_admin(&parts).await.map_err(fail)
}

/// Proof that the current request may use the public pages.
///
/// # Errors
/// As [`require_admin`].
pub async fn require_public() -> Result<PublicProof, UiError> {
    let parts = parts().await?;
    auth_service()?.require_public(&parts).await.map_err(fail)
}

/// As [`require_public`], and which browser asks.
///
/// # Errors
/// As [`require_admin`].
pub async fn require_visitor() -> Result<Visitor, UiError> {
    let parts = parts().await?;
    auth_service()?.require_visitor(&parts).await.map_err(fail)
}

/// Sets the status of a server function's response to that of `error` and returns the error.
///
/// Two responses are left alone: that of a form sent without our code, a redirect back to its page,
/// and that of a page which is being rendered and shows the error itself.
pub fn fail(error: UiError) -> UiError {
    if use_context::<Parts>().is_some_and(|parts| is_call(&parts))
        && let Some(response) = use_context::<ResponseOptions>()
    {
        response.set_status(status(&error));
        if let UiError::TooManyAttempts { retry_secs } = &error {
            response.insert_header(header::RETRY_AFTER, (*retry_secs).into());
        }
    }
    error
}

/// As [`fail`]; a form sent without our code is led to `page`, a path of ours that shows the error,
/// and not to where its `Referer` says, which may hold the errors before.
pub fn fail_at(page: &str, error: UiError) -> UiError {
    let parts = use_context::<Parts>().filter(is_plain_form);
    if let Some(path) = parts.and_then(|parts| with_error(page, parts.uri.path(), &error)) {
        leptos_axum::redirect(&path);
    }
    fail(error)
}

/// The path of a page, with the error of a server function for that page to show.
fn with_error(page: &str, function: &str, error: &UiError) -> Option<String> {
    // The host is only there for the parser.
    let url = ServerFnUrlError::new(function, error.clone())
        .to_url(&format!("http://localhost{page}"))
        .ok()?;
    let query = url.query().unwrap_or_default();
    Some(format!("{}?{query}", url.path()))
}

/// A call by our own code, as opposed to a page or a plain form.
fn is_call(parts: &Parts) -> bool {
    parts.uri.path().starts_with("/api/") && !accepts_html(parts)
}

/// A form that the browser sends by itself.
fn is_plain_form(parts: &Parts) -> bool {
    parts.uri.path().starts_with("/api/") && accepts_html(parts)
}

fn accepts_html(parts: &Parts) -> bool {
    let accept = parts.headers.get(header::ACCEPT);
    accept
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

fn status(error: &UiError) -> StatusCode {
    match error {
        UiError::SignInRequired | UiError::WrongPassword => StatusCode::UNAUTHORIZED,
        UiError::TooManyAttempts { .. } => StatusCode::TOO_MANY_REQUESTS,
        UiError::Invalid { .. } | UiError::Malformed { .. } | UiError::NotEncrypted { .. } => {
            StatusCode::BAD_REQUEST
        }
        UiError::NotFound => StatusCode::NOT_FOUND,
        UiError::SetByEnvironment { .. } => StatusCode::CONFLICT,
        UiError::CrossSite => StatusCode::FORBIDDEN,
        UiError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        UiError::Internal { .. } | UiError::Connection => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(path: &str, accept: &str) -> Parts {
        let request = http::Request::get(path).header(header::ACCEPT, accept);
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn only_calls_of_our_code_get_a_status() {
        assert!(is_call(&parts("/api/list_accounts", "application/json")));
        assert!(!is_call(&parts("/api/sign_in", "text/html,*/*")));
        assert!(!is_call(&parts("/admin/accounts", "*/*")));
    }

    #[test]
    fn only_forms_of_a_browser_are_led_back() {
        assert!(is_plain_form(&parts("/api/sign_in", "text/html,*/*")));
        assert!(!is_plain_form(&parts("/api/sign_in", "application/json")));
        assert!(!is_plain_form(&parts("/admin/accounts", "text/html")));
    }
}

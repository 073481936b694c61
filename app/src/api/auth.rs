//! Who is looking, signing in and out, the password.

use crate::{dto::Viewer, error::UiError};
use leptos::{prelude::*, server_fn::codec::Json};

#[cfg(feature = "ssr")]
use super::{auth_service, fail, fail_at, parts, require_admin};
#[cfg(feature = "ssr")]
use crate::{
    error::{Field, Rule},
    service::Door,
    session::{safe_next, sign_in_page},
};

#[cfg(feature = "ssr")]
const PASSWORD_PAGE: &str = "/admin/password";

/// Who looks at the page and what they may do. Never refused.
#[server(endpoint = "get_viewer", input = Json)]
pub async fn get_viewer() -> Result<Viewer, UiError> {
    let parts = parts().await?;
    auth_service()?.viewer(&parts).await
}

/// Starts a session and redirects to `next` when it is a path of ours.
#[server(endpoint = "sign_in")]
pub async fn sign_in(password: String, next: Option<String>) -> Result<(), UiError> {
    let parts = parts().await?;
    let next = safe_next(next.as_deref());
    auth_service()?
        .sign_in(&parts, Door::to(next), password)
        .await
        .map_err(|error| fail_at(&sign_in_page(next), error))?;
    leptos_axum::redirect(next);
    Ok(())
}

/// Ends the session and redirects to the sign-in page.
#[server(endpoint = "sign_out")]
pub async fn sign_out() -> Result<(), UiError> {
    let parts = parts().await?;
    auth_service()?.sign_out(&parts).await.map_err(fail)?;
    leptos_axum::redirect("/login");
    Ok(())
}

/// Changes the operator's password and ends all other sessions.
#[server(endpoint = "change_password")]
pub async fn change_password(
    current: String,
    new: String,
    repeated: String,
) -> Result<(), UiError> {
    let admin = require_admin().await?;
    if new != repeated {
        let invalid = UiError::Invalid {
            field: Field::RepeatedPassword,
            rule: Rule::Differs,
        };
        return Err(fail_at(PASSWORD_PAGE, invalid));
    }
    let parts = parts().await?;
    auth_service()?
        .change_password(admin, &parts, current, new)
        .await
        .map_err(|error| fail_at(PASSWORD_PAGE, error))?;
    leptos_axum::redirect("/admin/accounts?changed=password");
    Ok(())
}

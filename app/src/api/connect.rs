//! How clients reach the server.

use crate::{dto::Connection, error::UiError};
use leptos::{prelude::*, server_fn::codec::Json};

#[cfg(feature = "ssr")]
use super::{connect_service, fail, parts, public_service, require_admin, require_public};

/// What a client has to be told. Never a key: the operator knows those that are set.
#[server(endpoint = "get_connection", input = Json)]
pub async fn get_connection() -> Result<Connection, UiError> {
    let admin = require_admin().await?;
    let public = require_public().await?;
    let models = public_service()?.list_models(public).await.map_err(fail)?;
    let parts = parts().await?;
    Ok(connect_service()?.connection(admin, &parts, models).await)
}

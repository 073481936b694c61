//! `/admin/connect`: what clients of the API are configured with, and whether it works.
//!
//! - `snippet`: templates and their values (pure); `clients`: the table of clients
//! - `address`: what an address says about who reaches it (pure)
//! - `state`: address, key and model that the parts of the page share
//! - `details`, `client_view`: how it is shown
//! - `check`, `check_view`: asking the server as a client does
//!
//! Nothing of a configured key is part of the page. One that is typed lives in a signal and nowhere else.

mod address;
mod check;
mod check_view;
mod client_view;
mod clients;
mod details;
mod snippet;
mod state;

use self::{
    check_view::CheckView,
    client_view::GroupView,
    clients::{GROUPS, MCP, MCP_OFF},
    details::Details,
    state::Setup,
};
use crate::{
    api::connect::get_connection,
    components::{NotLoaded, TableSkeleton},
    dto::Connection,
    error::UiError,
    i18n::{t, text::connect as text},
};
use leptos::prelude::*;

/// How clients reach the server, as it is when the page is opened.
#[derive(Clone, Copy)]
pub(crate) struct FirstConnection(OnceResource<Result<Connection, UiError>>);

impl FirstConnection {
    /// Starts loading, outside of every `Suspense`.
    pub(crate) fn load() -> Self {
        Self(OnceResource::new_blocking(get_connection()))
    }
}

/// The page, with [`FirstConnection`] as context.
///
/// Server-side rendering: complete, with the address under which the request came. What only our code can
/// do, copying and the check, waits for it.
#[component]
pub fn ConnectPage() -> impl IntoView {
    let FirstConnection(first) = expect_context();
    view! {
        <Suspense fallback=|| {
            view! { <TableSkeleton /> }
        }>
            {move || Suspend::new(async move {
                match first.await {
                    Ok(connection) => view! { <ConnectView connection /> }.into_any(),
                    Err(error) => view! { <NotLoaded error /> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn ConnectView(connection: Connection) -> impl IntoView {
    let tools = match connection.mcp_path {
        Some(_) => std::slice::from_ref(&MCP),
        None => std::slice::from_ref(&MCP_OFF),
    };
    let setup = Setup::new(connection);
    let groups = GROUPS.iter().map(|group| (group.title, group.clients));
    view! {
        <div class="connect">
            <p class="lead connect__lead">{t(text::LEAD)}</p>
            <Details setup />
            <CheckView setup />
            {groups
                .chain([(text::GROUP_TOOLS, tools)])
                .map(|(title, clients)| view! { <GroupView title clients setup /> })
                .collect_view()}
        </div>
    }
}

//! How clients reach this server, for the operator's page.

use async_trait::async_trait;
use grok2api_app::{
    dto::{Connection, ModelOption},
    service::{AdminProof, ConnectService},
};
use http::request::Parts;

use url::Url;

use super::{AppState, links::Links};

/// Implements [`ConnectService`].
pub(super) struct Connect(pub(super) AppState);

#[async_trait]
impl ConnectService for Connect {
    async fn connection(
        &self,
        _admin: AdminProof,
        parts: &Parts,
        models: Vec<ModelOption>,
    ) -> Connection {
        let snapshot = self.0.current.load_full();
        let config = &snapshot.settings.config;
        Connection {
            base: as_browsers_write(Links::of(parts, &snapshot.settings).base()),
            is_configured: !config.app.app_url.is_empty(),
            is_open: snapshot.is_open(),
            models,
            mcp_path: self.0.mcp.as_ref().map(|mcp| mcp.mount_path().to_owned()),
        }
    }
}

/// In small letters and without the port that the scheme has anyway, so that a page can compare it with
/// where it was opened.
fn as_browsers_write(base: &str) -> String {
    let url = Url::parse(base);
    url.map_or_else(|_| base.to_owned(), |url| url.to_string())
        .trim_end_matches('/')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_compared_as_browsers_write_it() {
        for (written, read) in [
            ("https://Grok.Example:443", "https://grok.example"),
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
            ("https://grok.example/under", "https://grok.example/under"),
            ("odd", "odd"),
        ] {
            assert_eq!(as_browsers_write(written), read);
        }
    }
}

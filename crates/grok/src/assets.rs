//! The files that an account keeps at the upstream (`upstream-protocol` 2.4): list and delete.

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde_json::Value;
use url::Url;

use crate::client::Client;
use crate::error::UpstreamError;
use crate::net::{Request, Traffic};

/// Files of a page, as the web app asks for them.
const PAGE_SIZE: &str = "50";
/// Pages of one list at most: 10,000 files.
const MAX_PAGES: usize = 200;

/// The files of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AssetList {
    /// Each once, in the order of their last use.
    pub ids: Vec<String>,
    /// There are more, which were not asked for.
    pub is_cut: bool,
}

impl Client {
    /// Lists an account's files, page by page, up to 10,000. `timeout` is for a page.
    ///
    /// # Errors
    /// As every call; [`UpstreamError::Malformed`] for an answer without a list.
    pub async fn list_assets(
        &self,
        credential: &str,
        timeout: Duration,
    ) -> Result<AssetList, UpstreamError> {
        let (mut list, mut seen) = (AssetList::default(), HashSet::new());
        let (mut tokens, mut token) = (HashSet::new(), None::<String>);
        for _ in 0..MAX_PAGES {
            let page = self.asset_page(credential, token.as_deref(), timeout).await;
            let (ids, next) = read(&page?)?;
            list.ids
                .extend(ids.into_iter().filter(|id| seen.insert(id.clone())));
            let Some(next) = next.filter(|next| tokens.insert(next.clone())) else {
                return Ok(list);
            };
            token = Some(next);
        }
        list.is_cut = true;
        Ok(list)
    }

    async fn asset_page(
        &self,
        credential: &str,
        token: Option<&str>,
        timeout: Duration,
    ) -> Result<Value, UpstreamError> {
        let request = Request {
            method: Method::GET,
            url: page_url(self.web_url("/rest/assets"), token),
            headers: self.headers().files_page(credential)?,
            body: Bytes::new(),
        };
        self.ask(Traffic::Files, &request, credential, timeout)
            .await
    }

    /// Deletes one of an account's files.
    ///
    /// # Errors
    /// As every call; a 404 where it is gone already.
    pub async fn delete_asset(
        &self,
        credential: &str,
        id: &str,
        timeout: Duration,
    ) -> Result<(), UpstreamError> {
        let mut url = self.web_url("/rest/assets-metadata");
        if let Ok(mut path) = url.path_segments_mut() {
            path.push(id);
        }
        let request = Request {
            method: Method::DELETE,
            url,
            headers: self.headers().files_page(credential)?,
            body: Bytes::new(),
        };
        let deleting = self.send(Traffic::Files, &request, credential);
        let deleted = tokio::time::timeout(timeout, deleting).await;
        deleted.map_err(|_| UpstreamError::Timeout)?.map(drop)
    }
}

fn page_url(mut url: Url, token: Option<&str>) -> Url {
    url.query_pairs_mut()
        .append_pair("pageSize", PAGE_SIZE)
        .append_pair("orderBy", "ORDER_BY_LAST_USE_TIME")
        .append_pair("source", "SOURCE_ANY")
        .append_pair("isLatest", "true")
        .extend_pairs(token.map(|token| ("pageToken", token)));
    url
}

/// The ids of a page, and what asks for the next one.
fn read(page: &Value) -> Result<(Vec<String>, Option<String>), UpstreamError> {
    let next = page.get("nextPageToken").and_then(Value::as_str);
    let next = next.filter(|next| !next.is_empty()).map(str::to_owned);
    let Some(assets) = page.get("assets") else {
        // An account without files.
        return match page.as_object() {
            Some(object) if object.is_empty() || next.is_some() => Ok((Vec::new(), next)),
            _ => Err(NO_LIST),
        };
    };
    let assets = assets.as_array().ok_or(NO_LIST)?;
    let id = |asset: &Value| Some(asset.get("assetId")?.as_str()?.to_owned());
    // Dots would lead a deletion to the list itself.
    let is_id = |id: &String| !matches!(id.as_str(), "" | "." | "..");
    let ids = assets.iter().filter_map(id).filter(is_id);
    Ok((ids.collect(), next))
}

const NO_LIST: UpstreamError = UpstreamError::Malformed {
    what: "no list of files in the answer",
};

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_is_read_and_what_is_none_is_refused() {
        let page = json!({"assets": [{"assetId": "a"}, {"other": 1}, {"assetId": ""}, {"assetId": ".."}], "nextPageToken": "2"});
        assert_eq!(
            read(&page),
            Ok((vec!["a".to_owned()], Some("2".to_owned())))
        );
        assert_eq!(read(&json!({})), Ok((Vec::new(), None)));
        assert_eq!(
            read(&json!({"assets": [], "nextPageToken": ""})),
            Ok((Vec::new(), None))
        );
        for other in [json!({"error": "x"}), json!([]), json!({"assets": "x"})] {
            assert_eq!(read(&other), Err(NO_LIST), "{other}");
        }
    }
}

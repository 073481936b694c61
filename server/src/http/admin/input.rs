//! What bodies say.

use axum::extract::{FromRequest, Request};
use grok2api_app::{
    dto::{AccountChoice, AccountFilter, ExportFormat, Tier},
    service::AdminProof,
};
use openai::Invalid;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{
    http::{AppState, body::WholeBody, error::ApiError},
    services::accounts::NewAccount,
};

/// A JSON body. Mistakes name the field where serde does.
pub(super) async fn read<T>(state: &AppState, request: Request) -> Result<T, ApiError>
where
    T: DeserializeOwned + Send + 'static,
{
    let body = WholeBody::from_request(request, state).await?;
    let (value, _memory) = body.parse(parse).await?;
    Ok(value)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Invalid> {
    // A call that needs no more than its address may come without a body.
    let bytes = if bytes.is_empty() { b"{}" } else { bytes };
    serde_json::from_slice(bytes).map_err(|error| {
        let text = error.to_string();
        let code = match error.is_data() {
            true => "invalid_value",
            false => "invalid_json",
        };
        Invalid::new(
            code,
            field_in(&text),
            format!("The body is refused: {text}."),
        )
    })
}

/// The field that a message of serde names in backticks.
fn field_in(text: &str) -> String {
    let named = ["unknown field `", "missing field `", "duplicate field `"];
    let rest = named.iter().find_map(|start| text.split_once(start));
    let name = rest.and_then(|(_, rest)| rest.split('`').next());
    name.unwrap_or("body").to_owned()
}

/// Which accounts a call means, by one of: ids, a filter, or their cookies, as older clients do.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Chosen {
    ids: Option<Vec<String>>,
    filter: Option<AccountFilter>,
    token: Option<String>,
    tokens: Option<Vec<String>>,
    /// `all`: everything, as older clients say.
    scope: Option<String>,
    /// Of an export.
    pub(super) format: ExportFormat,
}

impl Chosen {
    /// # Errors
    /// Nothing is chosen, or in two ways.
    pub(super) fn choice(
        self,
        state: &AppState,
        admin: &AdminProof,
    ) -> Result<AccountChoice, ApiError> {
        let cookies = match (self.token, self.tokens) {
            (None, None) => None,
            (token, tokens) => Some(token.into_iter().chain(tokens.unwrap_or_default())),
        };
        let cookies: Option<Vec<String>> = cookies.map(Iterator::collect);
        let all = self.scope.filter(|scope| scope == "all");
        let all = all.map(|_| AccountFilter::default());
        match (self.ids, self.filter.or(all), cookies) {
            (Some(ids), None, None) => Ok(AccountChoice::Ids(ids)),
            (None, Some(filter), None) => Ok(AccountChoice::Found(filter)),
            (None, None, Some(cookies)) => {
                let ids = state.accounts.ids_of_cookies(admin, &cookies);
                Ok(AccountChoice::Ids(ids))
            }
            _ => {
                let message = "Say which accounts are meant, in one way: `ids`, `filter` (an empty \
                               one means all), or `tokens` with their cookies.";
                Err(Invalid::new("no_accounts_chosen", "ids", message).into())
            }
        }
    }
}

/// An account to add: its cookie, or an object with more; or what is wrong with it. One that is
/// wrong says nothing of the others, so they are read one by one.
pub(super) fn new_account(token: Value, tier: Tier) -> Result<NewAccount, String> {
    let mut object = match token {
        Value::String(_) => Map::from_iter([("token".to_owned(), token)]),
        Value::Object(object) => object,
        _ => return Err("it is neither a text nor an object".to_owned()),
    };
    let cookie = field(&mut object, "token", "a text")?;
    Ok(NewAccount {
        cookie: cookie.ok_or("`token` is missing")?,
        tier,
        tags: field(&mut object, "tags", "a list of texts")?.unwrap_or_default(),
        note: field(&mut object, "note", "a text")?.unwrap_or_default(),
    })
}

fn field<T: DeserializeOwned>(
    object: &mut Map<String, Value>,
    name: &str,
    kind: &str,
) -> Result<Option<T>, String> {
    let value = object.remove(name).filter(|value| !value.is_null());
    let read = value.map(serde_json::from_value).transpose();
    read.map_err(|_| format!("`{name}` is not {kind}"))
}

/// Accounts to add.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTokens<T> {
    /// A list of texts and objects, see [`new_account`].
    pub(super) tokens: Option<T>,
    /// Accounts in any form; for a job.
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) tier: Tier,
    /// The predecessor's page sends the map of all accounts.
    #[serde(rename = "ssoBasic")]
    basic: Option<serde::de::IgnoredAny>,
    #[serde(rename = "ssoSuper")]
    super_: Option<serde::de::IgnoredAny>,
    #[serde(rename = "ssoHeavy")]
    heavy: Option<serde::de::IgnoredAny>,
}

impl<T> NewTokens<T> {
    /// # Errors
    /// It is the map of all accounts: whoever saves that overwrites what others have changed.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        let lists = [&self.basic, &self.super_, &self.heavy];
        if lists.into_iter().all(Option::is_none) {
            return Ok(());
        }
        Err(ApiError::Conflict(
            "whole_map_refused",
            "The map of all accounts is not taken: it would undo what others have changed \
             meanwhile. Add accounts with `{\"tokens\": [\"<cookie>\"], \"tier\": \"basic\"}`, change \
             one with `PATCH /v1/admin/tokens/{id}`, and delete with \
             `POST /v1/admin/tokens/delete`."
                .to_owned(),
        ))
    }
}

/// New values of an account.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Patch {
    pub(super) tier: Option<Tier>,
    pub(super) tags: Option<Vec<String>>,
    pub(super) note: Option<String>,
    pub(super) enabled: Option<bool>,
    /// Empty: none of its own.
    pub(super) proxy: Option<String>,
    /// Another cookie.
    pub(super) token: Option<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_account_that_is_wrong_says_what_is_wrong_with_it() {
        let fault = |token: Value| new_account(token, Tier::Basic).unwrap_err();
        for (token, expected) in [
            (json!(5), "it is neither a text nor an object"),
            (json!({"note": "x"}), "`token` is missing"),
            (json!({"token": 5}), "`token` is not a text"),
            (json!({"token": "x", "note": []}), "`note` is not a text"),
            (
                json!({"token": "x", "tags": "a"}),
                "`tags` is not a list of texts",
            ),
        ] {
            assert_eq!(fault(token), expected);
        }
        let account = new_account(json!({"token": "x", "note": null}), Tier::Basic);
        assert_eq!(account.unwrap().cookie, "x");
    }

    #[test]
    fn mistakes_name_their_field() {
        let field = |json: &str| parse::<Patch>(json.as_bytes()).unwrap_err().param;
        assert_eq!(field("{\"nots\": 1}").as_deref(), Some("nots"));
        assert_eq!(field("{\"note\": 1}").as_deref(), Some("body"));
        assert_eq!(field("{").as_deref(), Some("body"));
        assert!(parse::<Patch>(b"").is_ok());
    }
}

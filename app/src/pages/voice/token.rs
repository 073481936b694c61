//! What opens a room, from our server.

use super::trouble::Trouble;
use leptos::prelude::window;
use serde::Deserialize;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, RequestInit, Response};

/// What `GET /v1/public/voice/token` answers.
#[derive(Debug, Deserialize, PartialEq)]
pub(super) struct Token {
    pub(super) token: String,
    pub(super) url: String,
}

#[derive(Deserialize)]
struct Refusal {
    error: Reason,
}

#[derive(Deserialize)]
struct Reason {
    code: String,
}

/// # Errors
/// Why there is none.
pub(super) async fn ask(
    voice: &str,
    personality: &str,
    speed: &str,
    signal: &AbortSignal,
) -> Result<Token, Trouble> {
    // All three are words of ours or numbers.
    let url =
        format!("/v1/public/voice/token?voice={voice}&personality={personality}&speed={speed}");
    let (is_good, body) = get(&url, signal).await.map_err(|_| Trouble::Offline)?;
    read(is_good, &body)
}

async fn get(url: &str, signal: &AbortSignal) -> Result<(bool, String), JsValue> {
    let options = RequestInit::new();
    options.set_signal(Some(signal));
    let response = JsFuture::from(window().fetch_with_str_and_init(url, &options)).await?;
    let response: Response = response.dyn_into()?;
    let body = JsFuture::from(response.text()?).await?;
    Ok((response.ok(), body.as_string().unwrap_or_default()))
}

fn read(is_good: bool, body: &str) -> Result<Token, Trouble> {
    if is_good {
        return serde_json::from_str(body).map_err(|_| Trouble::Upstream);
    }
    let refusal = serde_json::from_str::<Refusal>(body).ok();
    let code = refusal.map(|refusal| refusal.error.code);
    Err(match code.as_deref() {
        Some("no_token") => Trouble::NoAccount,
        Some("sign_in_required") => Trouble::SignIn,
        Some("at_capacity" | "shutting_down" | "store_unavailable") => Trouble::Busy,
        _ => Trouble::Upstream,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_known_by_its_code() {
        let refusal = |code: &str| format!(r#"{{"error":{{"message":"x","code":"{code}"}}}}"#);
        assert_eq!(read(false, &refusal("no_token")), Err(Trouble::NoAccount));
        assert_eq!(
            read(false, &refusal("sign_in_required")),
            Err(Trouble::SignIn)
        );
        assert_eq!(read(false, &refusal("at_capacity")), Err(Trouble::Busy));
        assert_eq!(read(false, "<html>"), Err(Trouble::Upstream));
        let good = r#"{"token":"t","url":"wss://x","participant_name":"","room_name":""}"#;
        assert_eq!(read(true, good).unwrap().url, "wss://x");
        assert_eq!(read(true, "{}"), Err(Trouble::Upstream));
    }
}

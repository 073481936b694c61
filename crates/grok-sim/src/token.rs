//! Tokens for voice rooms: JSON Web Tokens as LiveKit's are, signed by this simulator for itself.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::reply::Reply;

/// How long a token opens its room.
const LIFETIME_SECS: u64 = 3600;
/// The claim that holds what the room does; no other server has it.
const REPLY: &str = "simulatorReply";

/// What a token says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RoomToken {
    /// The upstream's name for the account's owner.
    pub(crate) user: String,
    pub(crate) room: String,
    pub(crate) voice: String,
    pub(crate) reply: Reply,
}

impl RoomToken {
    pub(crate) fn sign(&self, key: &[u8]) -> String {
        let now = now_secs();
        let claims = json!({
            "iss": "simulator",
            "sub": self.user,
            "nbf": now,
            "exp": now + LIFETIME_SECS,
            "video": {
                "room": self.room, "roomJoin": true, "canPublish": true, "canSubscribe": true,
            },
            "metadata": json!({"voice": self.voice}).to_string(),
            REPLY: self.reply,
        });
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let text = format!(
            "{}.{}",
            part(&json!({"alg": "HS256", "typ": "JWT"})),
            part(&claims)
        );
        let signature = mac(key, &text).map(|mac| mac.finalize().into_bytes());
        let signature = signature.unwrap_or_default();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// What a token says that was signed here and is not too old.
    pub(crate) fn read(token: &str, key: &[u8]) -> Option<Self> {
        let (text, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        mac(key, text)?.verify_slice(&signature).ok()?;
        let claims = URL_SAFE_NO_PAD.decode(text.split_once('.')?.1).ok()?;
        let claims: Value = serde_json::from_slice(&claims).ok()?;
        let metadata: Value = serde_json::from_str(claims["metadata"].as_str()?).ok()?;
        if claims["exp"].as_u64()? <= now_secs() {
            return None;
        }
        Some(Self {
            user: claims["sub"].as_str()?.to_owned(),
            room: claims["video"]["room"].as_str()?.to_owned(),
            voice: metadata["voice"].as_str()?.to_owned(),
            reply: serde_json::from_value(claims[REPLY].clone()).ok()?,
        })
    }
}

fn mac(key: &[u8], text: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(text.as_bytes());
    Some(mac)
}

fn now_secs() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_by_its_own_simulator_only() {
        let token = RoomToken {
            user: "u1".to_owned(),
            room: "r1".to_owned(),
            voice: "ara".to_owned(),
            reply: Reply::dropped_room(),
        };
        let text = token.sign(b"one");
        assert_eq!(RoomToken::read(&text, b"one"), Some(token));
        assert_eq!(RoomToken::read(&text, b"two"), None);
        assert_eq!(RoomToken::read("a.b.c", b"one"), None);
    }
}

//! Why there is no talking, and what to do about it.

use crate::i18n::{Text, text::voice as text};
use js_sys::Reflect;
use wasm_bindgen::JsValue;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Browsers give microphones to https and to this machine only.
    Insecure,
    NoMicrophone,
    /// The person, or the browser for them, said no.
    Refused,
    /// Another program has it.
    MicrophoneInUse,
    /// Our own script for rooms did not come.
    NoClient,
    NoAccount,
    SignIn,
    Busy,
    /// Grok gave nothing that opens a room.
    Upstream,
    /// Our server did not answer.
    Offline,
    /// The room did not open.
    NoRoom,
    /// The room was there, and is no more.
    Lost,
}

impl Trouble {
    /// What a browser means that gives no microphone.
    pub(super) fn of_microphone(error: &JsValue) -> Self {
        let name = Reflect::get(error, &"name".into()).ok();
        match name.and_then(|name| name.as_string()).as_deref() {
            Some("NotAllowedError" | "SecurityError") => Self::Refused,
            Some("NotReadableError" | "AbortError") => Self::MicrophoneInUse,
            _ => Self::NoMicrophone,
        }
    }

    pub(super) fn words(self) -> Text {
        match self {
            Self::Insecure => text::INSECURE,
            Self::NoMicrophone => text::NO_MICROPHONE,
            Self::Refused => text::REFUSED,
            Self::MicrophoneInUse => text::MICROPHONE_IN_USE,
            Self::NoClient => text::NO_CLIENT,
            Self::NoAccount => text::NO_ACCOUNT,
            Self::SignIn => text::SIGN_IN,
            Self::Busy => text::BUSY,
            Self::Upstream => text::UPSTREAM,
            Self::Offline => text::OFFLINE,
            Self::NoRoom => text::NO_ROOM,
            Self::Lost => text::LOST,
        }
    }

    /// Whether the same once more may help.
    pub(super) fn is_worth_another_try(self) -> bool {
        !matches!(self, Self::Insecure | Self::SignIn)
    }
}

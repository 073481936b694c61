//! Callers as text.

use crate::{
    dto::MediaCaller,
    i18n::{Language, text::media as text},
};

pub(super) fn caller(caller: &MediaCaller, language: Language) -> String {
    let text = match caller {
        MediaCaller::Key(label) => return text::CallerKey { label }.fill(language),
        MediaCaller::Open => text::CALLER_OPEN,
        MediaCaller::Visitors => text::CALLER_VISITORS,
        MediaCaller::Unknown => text::CALLER_UNKNOWN,
    };
    text.get(language).to_owned()
}

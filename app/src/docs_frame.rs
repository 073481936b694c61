//! What `/docs` needs to look like the other pages: the server writes that page by itself, from the
//! document of the API. Compiled for the server only.

use crate::{
    i18n::{
        Language, Text,
        text::{connect, docs, shell},
    },
    prefs::{Prefs, Theme},
};
use http::HeaderMap;

/// How the page is framed for one visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocsFrame {
    language: Language,
    theme: Theme,
}

impl DocsFrame {
    /// As the visitor who sends these headers prefers it.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let Prefs { theme, language } = Prefs::of(headers);
        Self { language, theme }
    }

    /// The value of `<html lang>`.
    #[must_use]
    pub fn language(self) -> &'static str {
        self.language.tag()
    }

    /// The value of `<html data-theme>`; `None` leaves the decision to the system.
    #[must_use]
    pub fn theme(self) -> Option<&'static str> {
        self.theme.attribute()
    }

    /// A text of the frame in the visitor's language.
    #[must_use]
    pub fn text(self, text: DocsText) -> &'static str {
        text.of_all().get(self.language)
    }
}

/// The texts of the frame. What the document says itself is English.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocsText {
    Title,
    Lead,
    Document,
    SetUp,
    Skip,
    Connect,
    Contents,
    SignIn,
    SignInOr,
    SignInNobody,
    Parameters,
    Body,
    BodyOptional,
    Answers,
    Errors,
    ErrorsLead,
    Example,
    Shapes,
    ShapesLead,
    Field,
    Type,
    Meaning,
    Required,
    Status,
    Schemes,
    Version,
}

impl DocsText {
    fn of_all(self) -> Text {
        match self {
            Self::Title => docs::TITLE,
            Self::Lead => docs::LEAD,
            Self::Document => docs::DOCUMENT,
            Self::SetUp => docs::SET_UP,
            Self::Skip => shell::SKIP,
            Self::Connect => connect::TITLE,
            Self::Contents => docs::CONTENTS,
            Self::SignIn => docs::SIGN_IN,
            Self::SignInOr => docs::SIGN_IN_OR,
            Self::SignInNobody => docs::SIGN_IN_NOBODY,
            Self::Parameters => docs::PARAMETERS,
            Self::Body => docs::BODY,
            Self::BodyOptional => docs::BODY_OPTIONAL,
            Self::Answers => docs::ANSWERS,
            Self::Errors => docs::ERRORS,
            Self::ErrorsLead => docs::ERRORS_LEAD,
            Self::Example => docs::EXAMPLE,
            Self::Shapes => docs::SHAPES,
            Self::ShapesLead => docs::SHAPES_LEAD,
            Self::Field => docs::FIELD,
            Self::Type => docs::TYPE,
            Self::Meaning => docs::MEANING,
            Self::Required => docs::REQUIRED,
            Self::Status => docs::STATUS,
            Self::Schemes => docs::SCHEMES,
            Self::Version => docs::VERSION,
        }
    }
}

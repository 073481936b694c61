//! [`UiError`] as it is sent: `{"kind": "too_many_attempts", "retry_secs": 3}`.
//!
//! A struct and not serde's internally tagged enum, which reads every value into a tree first: that
//! is seven kilobytes of code for every first visit.

use super::{Field, Rule, UiError};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(super) struct Sent {
    kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_secs: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    field: Option<Field>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rule: Option<Rule>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    app_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    variable: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    SignInRequired,
    WrongPassword,
    TooManyAttempts,
    Invalid,
    Malformed,
    NotFound,
    CrossSite,
    NotEncrypted,
    SetByEnvironment,
    Unavailable,
    Internal,
    Connection,
}

impl From<Kind> for Sent {
    fn from(kind: Kind) -> Self {
        Self {
            kind,
            retry_secs: None,
            field: None,
            rule: None,
            app_url: None,
            variable: None,
            message: None,
            request_id: None,
        }
    }
}

impl From<UiError> for Sent {
    fn from(error: UiError) -> Self {
        match error {
            UiError::SignInRequired => Kind::SignInRequired.into(),
            UiError::WrongPassword => Kind::WrongPassword.into(),
            UiError::TooManyAttempts { retry_secs } => Self {
                retry_secs: Some(retry_secs),
                ..Kind::TooManyAttempts.into()
            },
            UiError::Invalid { field, rule } => Self {
                field: Some(field),
                rule: Some(rule),
                ..Kind::Invalid.into()
            },
            UiError::Malformed {
                message,
                request_id,
            } => Self {
                message: Some(message),
                request_id: Some(request_id),
                ..Kind::Malformed.into()
            },
            UiError::NotFound => Kind::NotFound.into(),
            UiError::CrossSite => Kind::CrossSite.into(),
            UiError::NotEncrypted { app_url } => Self {
                app_url: Some(app_url),
                ..Kind::NotEncrypted.into()
            },
            UiError::SetByEnvironment { variable } => Self {
                variable: Some(variable),
                ..Kind::SetByEnvironment.into()
            },
            UiError::Unavailable => Kind::Unavailable.into(),
            UiError::Internal { request_id } => Self {
                request_id: Some(request_id),
                ..Kind::Internal.into()
            },
            UiError::Connection => Kind::Connection.into(),
        }
    }
}

impl TryFrom<Sent> for UiError {
    type Error = &'static str;

    fn try_from(sent: Sent) -> Result<Self, Self::Error> {
        const MISSING: &str = "a value of this kind of error is missing";
        Ok(match sent.kind {
            Kind::SignInRequired => Self::SignInRequired,
            Kind::WrongPassword => Self::WrongPassword,
            Kind::TooManyAttempts => Self::TooManyAttempts {
                retry_secs: sent.retry_secs.ok_or(MISSING)?,
            },
            Kind::Invalid => Self::Invalid {
                field: sent.field.ok_or(MISSING)?,
                rule: sent.rule.ok_or(MISSING)?,
            },
            Kind::Malformed => Self::Malformed {
                message: sent.message.ok_or(MISSING)?,
                request_id: sent.request_id.ok_or(MISSING)?,
            },
            Kind::NotFound => Self::NotFound,
            Kind::CrossSite => Self::CrossSite,
            Kind::NotEncrypted => Self::NotEncrypted {
                app_url: sent.app_url.ok_or(MISSING)?,
            },
            Kind::SetByEnvironment => Self::SetByEnvironment {
                variable: sent.variable.ok_or(MISSING)?,
            },
            Kind::Unavailable => Self::Unavailable,
            Kind::Internal => Self::Internal {
                request_id: sent.request_id.ok_or(MISSING)?,
            },
            Kind::Connection => Self::Connection,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::PasswordRule;

    #[test]
    fn every_error_survives_and_is_flat() {
        let errors = [
            (UiError::SignInRequired, r#"{"kind":"sign_in_required"}"#),
            (UiError::WrongPassword, r#"{"kind":"wrong_password"}"#),
            (
                UiError::TooManyAttempts { retry_secs: 3 },
                r#"{"kind":"too_many_attempts","retry_secs":3}"#,
            ),
            (
                UiError::Invalid {
                    field: Field::NewPassword,
                    rule: PasswordRule::IsDefault.into(),
                },
                r#"{"kind":"invalid","field":"new_password","rule":{"password":"is_default"}}"#,
            ),
            (
                UiError::Malformed {
                    message: "limit: -1".to_owned(),
                    request_id: "r1".to_owned(),
                },
                r#"{"kind":"malformed","message":"limit: -1","request_id":"r1"}"#,
            ),
            (UiError::NotFound, r#"{"kind":"not_found"}"#),
            (UiError::CrossSite, r#"{"kind":"cross_site"}"#),
            (
                UiError::NotEncrypted {
                    app_url: "https://a.example".to_owned(),
                },
                r#"{"kind":"not_encrypted","app_url":"https://a.example"}"#,
            ),
            (
                UiError::SetByEnvironment {
                    variable: "A".to_owned(),
                },
                r#"{"kind":"set_by_environment","variable":"A"}"#,
            ),
            (UiError::Unavailable, r#"{"kind":"unavailable"}"#),
            (
                UiError::Internal {
                    request_id: "r1".to_owned(),
                },
                r#"{"kind":"internal","request_id":"r1"}"#,
            ),
            (UiError::Connection, r#"{"kind":"connection"}"#),
        ];
        for (error, json) in errors {
            assert_eq!(serde_json::to_string(&error).unwrap(), json);
            assert_eq!(serde_json::from_str::<UiError>(json).unwrap(), error);
        }
    }

    #[test]
    fn an_error_without_its_value_is_refused() {
        assert!(serde_json::from_str::<UiError>(r#"{"kind":"too_many_attempts"}"#).is_err());
    }
}

//! Numbers as texts.

use std::{fmt::Display, str::FromStr};

use serde::{Deserialize, Deserializer, Serializer, de::Error};

pub(super) fn serialize<S: Serializer>(number: &impl Display, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(number)
}

pub(super) fn deserialize<'de, T: FromStr, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    let text = <std::borrow::Cow<'_, str>>::deserialize(from)?;
    text.parse()
        .map_err(|_| D::Error::custom("a number is not one"))
}

/// A number that may be missing.
pub(super) mod maybe {
    use super::{Deserializer, Display, FromStr, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(
        number: &Option<impl Display>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match number {
            Some(number) => to.collect_str(number),
            None => to.serialize_none(),
        }
    }

    pub(in super::super) fn deserialize<'de, T: FromStr, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<T>, D::Error> {
        super::deserialize(from).map(Some)
    }
}

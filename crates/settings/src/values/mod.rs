//! How the types of fields are read, limited and written.

mod lists;
mod numbers;
mod secrets;
mod texts;
mod times;

use toml::de::DeValue;

use crate::declare::Raw;

pub(crate) use lists::Texts;
pub(crate) use texts::Text;
pub use times::Limit;

impl<'a> Raw<'a> {
    /// The value if it is a string.
    pub(crate) fn text(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Toml(value) => value.as_str(),
        }
    }

    pub(super) fn integer(self) -> Option<i128> {
        match self {
            Self::Text(text) => text.trim().parse().ok(),
            Self::Toml(value) => {
                let integer = value.as_integer()?;
                i128::from_str_radix(integer.as_str(), integer.radix()).ok()
            }
        }
    }

    pub(super) fn number(self) -> Option<f64> {
        let number: f64 = match self {
            Self::Text(text) => text.trim().parse().ok()?,
            Self::Toml(DeValue::Float(float)) => float.as_str().parse().ok()?,
            Self::Toml(_) => self.integer()? as f64,
        };
        number.is_finite().then_some(number)
    }

    /// The items of a list; a text counts as its items separated by commas.
    pub(super) fn items(self) -> Option<Vec<Raw<'a>>> {
        match self {
            Self::Toml(DeValue::Array(array)) => {
                Some(array.iter().map(|item| Raw::Toml(item.get_ref())).collect())
            }
            _ => {
                let items = self.text()?.split(',').map(str::trim);
                Some(
                    items
                        .filter(|item| !item.is_empty())
                        .map(Raw::Text)
                        .collect(),
                )
            }
        }
    }
}

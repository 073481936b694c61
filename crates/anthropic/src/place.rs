//! Where in a request a value stands.

use std::fmt;

use crate::Invalid;

/// The place of a value. Becomes text only when there is an error or an attachment to name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'p> {
    Body,
    Field(&'p Place<'p>, &'static str),
    Item(&'p Place<'p>, usize),
}

impl<'p> Place<'p> {
    /// The place of a field of the object here.
    pub(crate) fn field(&'p self, name: &'static str) -> Self {
        Self::Field(self, name)
    }

    /// The place of an element of the array here.
    pub(crate) fn item(&'p self, index: usize) -> Self {
        Self::Item(self, index)
    }

    /// A mistake here.
    pub(crate) fn invalid(&self, message: impl Into<String>) -> Invalid {
        Invalid {
            param: self.to_string(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body => f.write_str("body"),
            Self::Field(Place::Body, name) => f.write_str(name),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Item(parent, index) => write!(f, "{parent}.{index}"),
        }
    }
}

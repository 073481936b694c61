//! Switches and numbers.

use std::ops::RangeInclusive;

use crate::declare::{Raw, Setting};

impl Setting for bool {
    type Rule = ();

    fn read(raw: Raw<'_>, (): &()) -> Option<Self> {
        match raw {
            Raw::Toml(value) => value.as_bool(),
            Raw::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" | "on" => Some(true),
                "false" | "0" | "no" | "off" => Some(false),
                _ => None,
            },
        }
    }

    fn expected((): &()) -> String {
        "true or false".to_owned()
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

macro_rules! whole_number {
    ($($kind:ty)+) => { $(
        impl Setting for $kind {
            type Rule = RangeInclusive<$kind>;

            fn read(raw: Raw<'_>, rule: &Self::Rule) -> Option<Self> {
                Self::try_from(raw.integer()?).ok().filter(|value| rule.contains(value))
            }

            fn expected(rule: &Self::Rule) -> String {
                format!("a whole number from {} to {}", rule.start(), rule.end())
            }

            fn write(&self) -> String {
                self.to_string()
            }
        }
    )+ };
}

whole_number!(u16 u32 u64);

impl Setting for f64 {
    type Rule = RangeInclusive<f64>;

    fn read(raw: Raw<'_>, rule: &Self::Rule) -> Option<Self> {
        raw.number().filter(|value| rule.contains(value))
    }

    fn expected(rule: &Self::Rule) -> String {
        format!("a number from {} to {}", rule.start(), rule.end())
    }

    fn write(&self) -> String {
        format!("{self:?}")
    }
}

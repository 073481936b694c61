//! How sections are declared: the macros and the traits behind them.

/// A value as it was written.
#[derive(Clone, Copy)]
pub(super) enum Raw<'a> {
    /// From an environment variable: text that the field's type gives a meaning.
    Text(&'a str),
    /// From the file.
    Toml(&'a toml::de::DeValue<'a>),
}

/// A type that a field can have.
pub(super) trait Setting: Sized {
    /// What limits the values of one field.
    type Rule;

    /// The value, or `None` if it has the wrong type or breaks the rule.
    fn read(raw: Raw<'_>, rule: &Self::Rule) -> Option<Self>;

    /// What is allowed, as the end of "expected …".
    fn expected(rule: &Self::Rule) -> String;

    /// The value as TOML.
    fn write(&self) -> String;

    /// Whether the value must never be shown.
    fn is_hidden(_rule: &Self::Rule) -> bool {
        false
    }
}

/// One field of a section.
#[derive(Clone, Copy)]
pub(super) struct Field<S> {
    pub(super) name: &'static str,
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "rendered into the committed template")
    )]
    pub(super) docs: &'static [&'static str],
    pub(super) is_hidden: fn() -> bool,
    pub(super) expected: fn() -> String,
    pub(super) write: fn(&S) -> String,
    /// False if the value is not accepted; the section is unchanged then.
    pub(super) set: fn(&mut S, Raw<'_>) -> bool,
}

/// Why a key was not set.
#[derive(Debug)]
pub(super) enum Refused {
    Unknown,
    BadValue { expected: String, is_hidden: bool },
}

/// A struct declared by [`section!`].
pub(super) trait Fields: Default + 'static {
    const FIELDS: &'static [Field<Self>];
}

/// A section without its type.
pub(super) trait Section {
    fn set(&mut self, key: &str, raw: Raw<'_>) -> Result<(), Refused>;
}

impl<S: Fields> Section for S {
    fn set(&mut self, key: &str, raw: Raw<'_>) -> Result<(), Refused> {
        let field = S::FIELDS
            .iter()
            .find(|field| field.name == key)
            .ok_or(Refused::Unknown)?;
        if (field.set)(self, raw) {
            return Ok(());
        }
        let (expected, is_hidden) = ((field.expected)(), (field.is_hidden)());
        Err(Refused::BadValue {
            expected,
            is_hidden,
        })
    }
}

/// Declares a section: `name: Type = default, rule;` with the field's doc comment.
///
/// Gives the struct, `Default`, a `Debug` without secrets, and the list of fields.
macro_rules! section {
    (
        $(#[$meta:meta])*
        $name:ident {
            $( $(#[doc = $doc:literal])+ $field:ident: $kind:ty = $default:expr, $rule:expr; )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone)]
        pub struct $name {
            $( $(#[doc = $doc])+ pub $field: $kind, )+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $default, )+ }
            }
        }

        impl $crate::config::settings::Fields for $name {
            const FIELDS: &'static [$crate::config::settings::Field<Self>] = &[
                $( $crate::config::settings::Field {
                    name: stringify!($field),
                    docs: &[$($doc),+],
                    is_hidden: || <$kind as $crate::config::settings::Setting>::is_hidden(&$rule),
                    expected: || <$kind as $crate::config::settings::Setting>::expected(&$rule),
                    write: |section| {
                        $crate::config::settings::Setting::write(&section.$field)
                    },
                    set: |section, raw| {
                        let read = <$kind as $crate::config::settings::Setting>::read(raw, &$rule);
                        let is_accepted = read.is_some();
                        if let Some(value) = read {
                            section.$field = value;
                        }
                        is_accepted
                    },
                }, )+
            ];
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::config::settings::debug(self, stringify!($name), f)
            }
        }
    };
}

/// Declares the configuration as a list of sections, plus the model table.
macro_rules! sections {
    (
        $(#[$meta:meta])*
        $name:ident { $( #[doc = $doc:literal] $section:ident: $kind:ty, )+ }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub struct $name {
            $( #[doc = $doc] pub $section: $kind, )+
            /// The model catalogue, in the order of `/v1/models`.
            pub models: Vec<ModelConfig>,
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $section: Default::default(), )+ models: models::built_in() }
            }
        }

        impl $name {
            /// Names of the sections and of their keys.
            const KEYS: &'static [(&'static str, fn() -> Vec<&'static str>)] = &[
                $( (stringify!($section), $crate::config::settings::names::<$kind>), )+
            ];

            /// Sections as they appear in the commented file: name, what it is about, body.
            #[cfg(test)]
            const TEMPLATE: &'static [(&'static str, &'static str, fn() -> String)] = &[
                $( (stringify!($section), $doc, template::body::<$kind>), )+
            ];

            fn section(&mut self, name: &str) -> Option<&mut dyn Section> {
                match name {
                    $( stringify!($section) => Some(&mut self.$section), )+
                    _ => None,
                }
            }
        }
    };
}

pub(super) use {section, sections};

/// The names of a section's keys.
pub(super) fn names<S: Fields>() -> Vec<&'static str> {
    S::FIELDS.iter().map(|field| field.name).collect()
}

/// `Debug` of a section: every field as TOML, secrets as `(hidden)`.
pub(super) fn debug<S: Fields>(
    section: &S,
    name: &str,
    f: &mut std::fmt::Formatter<'_>,
) -> std::fmt::Result {
    let mut shown = f.debug_struct(name);
    for field in S::FIELDS {
        let value = (field.write)(section);
        let is_shown = !(field.is_hidden)() || value == r#""""#;
        shown.field(
            field.name,
            &format_args!("{}", if is_shown { &value } else { "(hidden)" }),
        );
    }
    shown.finish()
}

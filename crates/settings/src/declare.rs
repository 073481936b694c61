//! How sections are declared: the macros and the traits behind them.
//!
//! `README.md` of this crate shows the form of a declaration and what follows from it.

/// A value as it was written.
#[derive(Clone, Copy)]
pub(crate) enum Raw<'a> {
    /// From an environment variable: text that the field's type gives a meaning.
    Text(&'a str),
    /// From the file.
    Toml(&'a toml::de::DeValue<'a>),
}

/// A type that a field can have.
pub(crate) trait Setting: Sized {
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

/// What the program does with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Read whenever it is needed: a changed value is in force from the next request on.
    Read,
    /// Read at the start only.
    Restart,
    /// Accepted and checked, but nothing reads it yet.
    Reserved,
}

impl State {
    /// What the commented file says of it.
    #[cfg(test)]
    pub(crate) const fn note(self) -> Option<&'static str> {
        match self {
            Self::Read => None,
            Self::Restart => Some("Takes effect after a restart."),
            Self::Reserved => Some("No effect in this version."),
        }
    }
}

/// Why a value is refused although its type and range are right; follows the key's name.
pub(crate) type Reason = &'static str;

/// One field of a section.
pub(crate) struct Field<S> {
    pub(crate) name: &'static str,
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "rendered into the committed template")
    )]
    pub(crate) docs: &'static [&'static str],
    pub(crate) state: State,
    pub(crate) is_hidden: fn() -> bool,
    pub(crate) expected: fn() -> String,
    pub(crate) write: fn(&S) -> String,
    /// False if the value is not accepted; the section is unchanged then.
    pub(crate) set: fn(&mut S, Raw<'_>) -> bool,
    /// Looks at the value of all layers together, if any of them set it.
    pub(crate) check: fn(&S) -> Result<(), Reason>,
}

/// The options that may end a declaration.
impl<S> Field<S> {
    /// The key is read at the start only.
    pub(crate) const fn restart(mut self) -> Self {
        self.state = State::Restart;
        self
    }

    /// Nothing reads the key yet.
    pub(crate) const fn reserved(mut self) -> Self {
        self.state = State::Reserved;
        self
    }

    /// A value of the right type may still be refused.
    pub(crate) const fn check(mut self, check: fn(&S) -> Result<(), Reason>) -> Self {
        self.check = check;
        self
    }
}

/// Why a key was not set.
#[derive(Debug)]
pub(crate) enum Refused {
    Unknown,
    BadValue { expected: String, is_hidden: bool },
}

/// A key with its value.
pub(crate) struct Written {
    pub(crate) key: &'static str,
    pub(crate) state: State,
    /// As TOML, secrets included.
    pub(crate) value: String,
}

/// A struct declared by [`section!`].
pub(crate) trait Fields: Default + 'static {
    const FIELDS: &'static [Field<Self>];
}

/// A section without its type.
pub(crate) trait Section {
    /// Sets a key and says what the program does with it.
    fn set(&mut self, key: &str, raw: Raw<'_>) -> Result<State, Refused>;

    /// Whether the value of a key passes the check declared with it.
    fn check(&self, key: &str) -> Result<(), Reason>;

    /// All keys in the order of their declaration.
    fn written(&self) -> Vec<Written>;
}

impl<S: Fields> Section for S {
    fn set(&mut self, key: &str, raw: Raw<'_>) -> Result<State, Refused> {
        let field = field::<S>(key).ok_or(Refused::Unknown)?;
        if (field.set)(self, raw) {
            return Ok(field.state);
        }
        let (expected, is_hidden) = ((field.expected)(), (field.is_hidden)());
        Err(Refused::BadValue {
            expected,
            is_hidden,
        })
    }

    fn check(&self, key: &str) -> Result<(), Reason> {
        field::<S>(key).map_or(Ok(()), |field| (field.check)(self))
    }

    fn written(&self) -> Vec<Written> {
        let written = |field: &Field<S>| Written {
            key: field.name,
            state: field.state,
            value: (field.write)(self),
        };
        S::FIELDS.iter().map(written).collect()
    }
}

fn field<S: Fields>(key: &str) -> Option<&'static Field<S>> {
    S::FIELDS.iter().find(|field| field.name == key)
}

/// Declares a section: `name: Type = default, rule;` with the field's doc comment, and
/// `, restart`, `, reserved` or `, check(function)` before the semicolon where they apply.
///
/// Makes the struct, `Default`, a `Debug` without secrets, and the list of fields.
macro_rules! section {
    (
        $(#[$meta:meta])*
        $name:ident {
            $(
                $(#[doc = $doc:literal])+
                $field:ident: $kind:ty = $default:expr, $rule:expr
                    $(, $option:ident $(($argument:expr))?)*;
            )+
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

        impl $crate::declare::Fields for $name {
            const FIELDS: &'static [$crate::declare::Field<Self>] = &[
                $( $crate::declare::Field::<Self> {
                    name: stringify!($field),
                    docs: &[$($doc),+],
                    state: $crate::declare::State::Read,
                    is_hidden: || <$kind as $crate::declare::Setting>::is_hidden(&$rule),
                    expected: || <$kind as $crate::declare::Setting>::expected(&$rule),
                    write: |section| {
                        $crate::declare::Setting::write(&section.$field)
                    },
                    set: |section, raw| {
                        let read = <$kind as $crate::declare::Setting>::read(raw, &$rule);
                        let is_accepted = read.is_some();
                        if let Some(value) = read {
                            section.$field = value;
                        }
                        is_accepted
                    },
                    check: |_| Ok(()),
                }$(.$option($($argument)?))*, )+
            ];
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::declare::debug(self, stringify!($name), f)
            }
        }
    };
}

/// Declares the configuration as a list of sections, plus the model table.
macro_rules! sections {
    (
        $(#[$meta:meta])*
        $name:ident { $( #[doc = $doc:literal] $section:ident: $kind:ident, )+ }
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
                $( (stringify!($section), $crate::declare::names::<$kind>), )+
            ];

            /// Sections as they appear in the commented file.
            #[cfg(test)]
            const TEMPLATE: &'static [template::SectionTemplate] = &[
                $( template::SectionTemplate {
                    name: stringify!($section),
                    kind: stringify!($kind),
                    about: $doc,
                    body: template::body::<$kind>,
                }, )+
            ];

            fn section_mut(&mut self, name: &str) -> Option<&mut dyn Section> {
                match name {
                    $( stringify!($section) => Some(&mut self.$section), )+
                    _ => None,
                }
            }

            /// The sections in the order of their declaration, with their names.
            fn sections(&self) -> Vec<(&'static str, &dyn Section)> {
                vec![$( (stringify!($section), &self.$section), )+]
            }
        }
    };
}

pub(crate) use {section, sections};

/// The names of a section's keys.
pub(crate) fn names<S: Fields>() -> Vec<&'static str> {
    S::FIELDS.iter().map(|field| field.name).collect()
}

/// `Debug` of a section: every field as TOML, secrets as `(hidden)`.
pub(crate) fn debug<S: Fields>(
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

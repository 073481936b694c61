//! Reading a body where it lies. A value is looked at when a rule asks for it, and copied when it
//! becomes part of the request: a body of 20 MiB costs its own size once more, not a tree of values.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::Invalid;

/// One JSON value. Only strings are decoded, and borrowed from the body unless they hold escapes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Boolean(bool),
    /// As the caller wrote it.
    Number(&'a str),
    String(Cow<'a, str>),
    Array(Array<'a>),
    Object(Object<'a>),
}

/// The text of a JSON array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Array<'a>(&'a str);

/// The text of a JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Object<'a>(&'a str);

/// Some fields of an object, as the texts of their values. A field that is `null` is absent.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    names: &'static [&'static str],
    values: Vec<Option<&'a str>>,
}

/// Reads a body. Everything in it is checked here, so what is read from it later is valid JSON.
///
/// # Errors
/// `json_invalid`, with line and column.
pub(crate) fn read(body: &[u8]) -> Result<Json<'_>, Invalid> {
    let invalid = |error: &dyn fmt::Display| {
        let message = format!("The body is not valid JSON: {error}.");
        Invalid::new("json_invalid", "body", message)
    };
    let text = std::str::from_utf8(body).map_err(|error| invalid(&error))?;
    serde_json::from_str::<Checked>(text).map_err(|error| invalid(&error))?;
    Ok(Json::new(text.trim_ascii()))
}

impl<'a> Json<'a> {
    /// `text` is one valid JSON value without space around it.
    fn new(text: &'a str) -> Self {
        match text.as_bytes().first() {
            Some(b'{') => Self::Object(Object(text)),
            Some(b'[') => Self::Array(Array(text)),
            Some(b'"') => Self::String(decoded(text)),
            Some(b't') => Self::Boolean(true),
            Some(b'f') => Self::Boolean(false),
            Some(b'-' | b'0'..=b'9') => Self::Number(text),
            _ => Self::Null,
        }
    }

    /// What it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    /// The text of a string that is not blank.
    pub(crate) fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::String(text) if !text.trim().is_empty() => Some(text),
            _ => None,
        }
    }

    /// The number, rounded to the nearest that there is.
    pub(crate) fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The number, if it is written as a whole one.
    pub(crate) fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The JSON text of an array or object.
    pub(crate) fn text(&self) -> Option<&'a str> {
        match self {
            Self::Array(Array(text)) | Self::Object(Object(text)) => Some(text),
            _ => None,
        }
    }

    /// An array or object without anything in it.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Array(Array(text)) | Self::Object(Object(text)) => is_empty(text),
            _ => false,
        }
    }

    /// The fields of an object; none for every other value.
    pub(crate) fn fields(&self, names: &'static [&'static str]) -> Fields<'a> {
        match self {
            Self::Object(object) => object.fields(names),
            _ => Fields::none(names),
        }
    }
}

impl PartialEq<&str> for Json<'_> {
    fn eq(&self, other: &&str) -> bool {
        matches!(self, Self::String(text) if text == other)
    }
}

impl<'a> Array<'a> {
    pub(crate) fn is_empty(self) -> bool {
        is_empty(self.0)
    }

    /// Makes something of each element, one after the other.
    ///
    /// # Errors
    /// The first that `make` refuses; what follows is not looked at.
    pub(crate) fn try_map<T>(
        self,
        make: impl FnMut(usize, Json<'a>) -> Result<T, Invalid>,
    ) -> Result<Vec<T>, Invalid> {
        let mut made = Ok(Vec::new());
        let elements = Elements {
            make,
            made: &mut made,
        };
        // Valid already, so the only error is that the visitor stopped early.
        let _ = serde_json::Deserializer::from_str(self.0).deserialize_seq(elements);
        made
    }
}

impl<'a> Object<'a> {
    pub(crate) fn is_empty(self) -> bool {
        is_empty(self.0)
    }

    /// Reads the fields called `names` and passes over all others. Of several with one name the last
    /// counts.
    pub(crate) fn fields(self, names: &'static [&'static str]) -> Fields<'a> {
        let mut fields = Fields::none(names);
        // Valid already: it cannot fail.
        let _ = serde_json::Deserializer::from_str(self.0).deserialize_map(&mut fields);
        fields
    }
}

impl<'a> Fields<'a> {
    fn none(names: &'static [&'static str]) -> Self {
        Self {
            names,
            values: vec![None; names.len()],
        }
    }

    /// The value of a field, which must be among the names that were read.
    pub(crate) fn get(&self, name: &str) -> Option<Json<'a>> {
        self.raw(name).map(Json::new)
    }

    /// The JSON text of a field's value.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a str> {
        let index = self.names.iter().position(|known| *known == name);
        debug_assert!(index.is_some(), "{name} was not read");
        *self.values.get(index?)?
    }
}

fn is_empty(text: &str) -> bool {
    let inside = text.get(1..text.len().saturating_sub(1));
    inside.is_none_or(|inside| inside.trim_ascii().is_empty())
}

/// What a JSON string says.
fn decoded(text: &str) -> Cow<'_, str> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str::<Text<'_>>(text).map_or_else(|_| Cow::Borrowed(text), |text| text.0)
}

impl<'de> Visitor<'de> for &mut Fields<'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        #[derive(Deserialize)]
        struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
        while let Some(Name(name)) = map.next_key()? {
            let index = self.names.iter().position(|known| *known == name);
            match index.and_then(|index| self.values.get_mut(index)) {
                Some(value) => {
                    let text = map.next_value::<&RawValue>()?.get();
                    *value = Some(text).filter(|text| *text != "null");
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Runs `make` over the elements of an array.
struct Elements<'m, T, F> {
    make: F,
    made: &'m mut Result<Vec<T>, Invalid>,
}

impl<'de, T, F: FnMut(usize, Json<'de>) -> Result<T, Invalid>> Visitor<'de> for Elements<'_, T, F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        let mut all = Vec::new();
        while let Some(element) = seq.next_element::<&RawValue>()? {
            match (self.make)(all.len(), Json::new(element.get())) {
                Ok(one) => all.push(one),
                Err(invalid) => {
                    *self.made = Err(invalid);
                    return Ok(());
                }
            }
        }
        *self.made = Ok(all);
        Ok(())
    }
}

/// Any JSON value, read completely and kept nowhere. Stricter than [`IgnoredAny`], which lets
/// half surrogate pairs, numbers without end and any depth pass.
struct Checked;

impl<'de> Deserialize<'de> for Checked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Checked {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self, A::Error> {
        while seq.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Json<'_> {
        read(text.as_bytes()).unwrap()
    }

    #[test]
    fn every_kind_of_value_is_told_by_its_first_byte() {
        for (text, json, kind) in [
            ("null", Json::Null, "null"),
            (" true", Json::Boolean(true), "a boolean"),
            ("false\n", Json::Boolean(false), "a boolean"),
            ("-1", Json::Number("-1"), "a number"),
            ("0.5e3", Json::Number("0.5e3"), "a number"),
            ("9", Json::Number("9"), "a number"),
            ("\"a\"", Json::String("a".into()), "a string"),
            ("[1]", Json::Array(Array("[1]")), "an array"),
            ("{\"a\":1}", Json::Object(Object("{\"a\":1}")), "an object"),
        ] {
            assert_eq!(value(text), json, "{text}");
            assert_eq!(value(text).kind(), kind, "{text}");
        }
    }

    #[test]
    fn strings_are_borrowed_unless_they_hold_escapes() {
        let Json::String(plain) = value("\"aé\"") else {
            unreachable!("a string")
        };
        assert!(matches!(plain, Cow::Borrowed("aé")));
        assert_eq!(value(r#""a\n\ud83e\udd80\/""#), "a\n🦀/");
        assert!(value("\"a\"") != "b" && value("1") != "1");
        assert_eq!(value("\" a\"").into_text().as_deref(), Some(" a"));
        assert_eq!(value("\" \\n\"").into_text(), None);
        assert_eq!(value("1").into_text(), None);
    }

    #[test]
    fn numbers_are_read_as_far_as_they_go() {
        assert_eq!(value("1.5").as_f64(), Some(1.5));
        assert_eq!(value("\"1.5\"").as_f64(), None);
        assert_eq!(value("18446744073709551615").as_u64(), Some(u64::MAX));
        for text in ["18446744073709551616", "-1", "1.0", "1e2", "\"1\""] {
            assert_eq!(value(text).as_u64(), None, "{text}");
        }
    }

    #[test]
    fn empty_is_what_holds_nothing() {
        for (text, is_empty) in [
            ("[]", true),
            ("[ \n]", true),
            ("{\t}", true),
            ("[0]", false),
            ("{\"a\":0}", false),
            ("\"\"", false),
            ("0", false),
        ] {
            assert_eq!(value(text).is_empty(), is_empty, "{text}");
        }
    }

    #[test]
    fn of_an_object_the_named_fields_are_read() {
        const NAMES: &[&str] = &["a", "b", "é", "d"];
        let text = r#"{"b":[1, 2],"x":{"a":1},"a":1,"\u00e9":{"a":"}"},"d":5,"a":"last","d":null}"#;
        let fields = value(text).fields(NAMES);
        assert_eq!(fields.get("a"), Some(Json::String("last".into())));
        assert_eq!(fields.raw("b"), Some("[1, 2]"));
        assert_eq!(fields.raw("é"), Some("{\"a\":\"}\"}"));
        assert_eq!(fields.get("d"), None, "null is absent");
        assert_eq!(value("[1]").fields(NAMES).get("a"), None);
    }

    #[test]
    fn elements_are_read_up_to_the_first_that_is_refused() {
        let Json::Array(list) = value(r#"[1, "a" ,[2],{}]"#) else {
            unreachable!("an array")
        };
        let all = list.try_map(|index, element| Ok((index, element.kind())));
        let expected = [
            (0, "a number"),
            (1, "a string"),
            (2, "an array"),
            (3, "an object"),
        ];
        assert_eq!(all, Ok(expected.to_vec()));
        let mut seen = 0;
        let refused: Result<Vec<()>, Invalid> = list.try_map(|index, _| {
            seen += 1;
            if index == 1 {
                Err(Invalid::value("x", "no."))
            } else {
                Ok(())
            }
        });
        assert_eq!((refused, seen), (Err(Invalid::value("x", "no.")), 2));
        assert!(Array("[]").is_empty() && !list.is_empty());
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        for (body, place) in [
            (&b""[..], "line 1 column 0"),
            (b"{\"a\":1,}", "line 1 column 8"),
            (b"{\"a\":\n\"\\ud800\"}", "line 2 column 8"),
            (b"[1e999]", "line 1 column 6"),
            (b"\"\xff\"", "from index 1"),
            (b"1 2", "line 1 column 3"),
        ] {
            let invalid = read(body).unwrap_err();
            assert_eq!(invalid.code, "json_invalid");
            assert!(invalid.message.contains(place), "{}", invalid.message);
        }
        let deep = |depth| ["[".repeat(depth), "]".repeat(depth)].concat();
        assert!(read(deep(127).as_bytes()).is_ok());
        assert!(read(deep(128).as_bytes()).is_err());
    }
}

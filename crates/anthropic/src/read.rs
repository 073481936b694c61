//! Reading typed values out of a request, each with its place.
//!
//! Nothing is copied or collected before its rule was checked: a value is a slice of the body
//! ([`RawValue`]) until somebody wants it, and a field that nobody wants is skipped.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{Invalid, place::Place};

/// The fields of an object that somebody wants, by name. `null` counts as absent.
#[derive(Clone, Debug)]
pub(crate) struct Object<'a, 'p> {
    place: &'p Place<'p>,
    names: &'static [&'static str],
    values: Vec<Option<&'a RawValue>>,
}

impl<'a, 'p> Object<'a, 'p> {
    /// Reads the fields `names` of the object that `text` is.
    ///
    /// # Errors
    /// It is no JSON, or no object.
    pub(crate) fn read(
        place: &'p Place<'p>,
        text: &'a str,
        names: &'static [&'static str],
    ) -> Result<Self, Invalid> {
        let mut json = serde_json::Deserializer::from_str(text);
        let fields = Fields(names).deserialize(&mut json);
        match fields.and_then(|values| json.end().map(|()| values)) {
            Ok(values) => Ok(Self {
                place,
                names,
                values,
            }),
            Err(error) => Err(no_object(place, text, &error)),
        }
    }

    /// Where one of its fields stands.
    pub(crate) fn place_of(&self, name: &'static str) -> Place<'p> {
        self.place.field(name)
    }

    /// Reads a field that may be absent.
    ///
    /// # Errors
    /// Those of `read`.
    pub(crate) fn optional<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&Place<'_>, &'a RawValue) -> Result<T, Invalid>,
    ) -> Result<Option<T>, Invalid> {
        let index = self.names.iter().position(|known| *known == name);
        debug_assert!(index.is_some(), "{name} is not among {:?}", self.names);
        let raw = index.and_then(|index| self.values.get(index).copied().flatten());
        raw.map(|raw| read(&self.place_of(name), raw)).transpose()
    }

    /// Reads a field that must be there.
    ///
    /// # Errors
    /// It is absent, and those of `read`.
    pub(crate) fn required<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&Place<'_>, &'a RawValue) -> Result<T, Invalid>,
    ) -> Result<T, Invalid> {
        self.optional(name, read)?
            .ok_or_else(|| self.place_of(name).invalid("Is required."))
    }
}

/// The mistake of a text that could not be read as an object.
fn no_object(place: &Place<'_>, text: &str, error: &serde_json::Error) -> Invalid {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(raw) if !raw.get().starts_with('{') => wrong_type(place, raw, "an object"),
        _ => not_json(place, error),
    }
}

fn not_json(place: &Place<'_>, error: &serde_json::Error) -> Invalid {
    place.invalid(format!("Is not valid JSON: {error}."))
}

/// Reads a text. Only one with escapes in it is copied.
pub(crate) fn string<'a>(place: &Place<'_>, raw: &'a RawValue) -> Result<Cow<'a, str>, Invalid> {
    let inside = raw
        .get()
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    match inside {
        None => Err(wrong_type(place, raw, "a string")),
        Some(inside) if !inside.contains('\\') => Ok(Cow::Borrowed(inside)),
        Some(_) => serde_json::from_str(raw.get())
            .map(Cow::Owned)
            .map_err(|_| place.invalid("Holds an escape that is no character.")),
    }
}

/// Reads a text that is not blank.
pub(crate) fn not_blank<'a>(place: &Place<'_>, raw: &'a RawValue) -> Result<Cow<'a, str>, Invalid> {
    string(place, raw).and_then(|text| match text.trim() {
        "" => Err(place.invalid("Must not be blank.")),
        _ => Ok(text),
    })
}

/// Reads `true` or `false`.
pub(crate) fn boolean(place: &Place<'_>, raw: &RawValue) -> Result<bool, Invalid> {
    match raw.get() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(wrong_type(place, raw, "true or false")),
    }
}

/// Reads a whole number of at least `min`.
pub(crate) fn integer(place: &Place<'_>, raw: &RawValue, min: u64) -> Result<u64, Invalid> {
    match raw.get().parse::<u64>() {
        Ok(number) if number >= min => Ok(number),
        _ => Err(place.invalid(format!("Must be a whole number of at least {min}."))),
    }
}

/// Reads a number from 0 to 1.
pub(crate) fn fraction(place: &Place<'_>, raw: &RawValue) -> Result<f64, Invalid> {
    match serde_json::from_str::<f64>(raw.get()) {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok(number),
        _ => Err(place.invalid("Must be a number between 0 and 1.")),
    }
}

/// Reads an array, element by element, up to the first mistake.
///
/// # Errors
/// It is no array, and those of `read`.
pub(crate) fn each<'a>(
    place: &Place<'_>,
    raw: &'a RawValue,
    mut read: impl FnMut(&Place<'_>, &'a RawValue) -> Result<(), Invalid>,
) -> Result<(), Invalid> {
    let walked = walk(place, raw, PhantomData, |at, raw| read(at, raw));
    walked.map_err(|stop| stop.into_invalid(place))
}

/// Reads an array of objects, of which the fields `names` are wanted, up to the first mistake.
///
/// # Errors
/// It is no array, an element is no object, and those of `read`.
pub(crate) fn objects<'a>(
    place: &Place<'_>,
    raw: &'a RawValue,
    names: &'static [&'static str],
    mut read: impl FnMut(&Object<'a, '_>) -> Result<(), Invalid>,
) -> Result<(), Invalid> {
    let walked = walk(place, raw, Fields(names), |place, values| {
        read(&Object {
            place,
            names,
            values,
        })
    });
    walked.map_err(|stop| {
        let named = match &stop {
            Stop::Mistake(_) => None,
            // Another pass over the elements, one by one, finds the one that is no object.
            Stop::Unreadable(_) => each(place, raw, |at, raw| {
                Object::read(at, raw.get(), names).map(drop)
            })
            .err(),
        };
        named.unwrap_or_else(|| stop.into_invalid(place))
    })
}

/// Why the walk through an array ended early.
enum Stop {
    Mistake(Invalid),
    Unreadable(serde_json::Error),
}

impl Stop {
    fn into_invalid(self, place: &Place<'_>) -> Invalid {
        match self {
            Self::Mistake(invalid) => invalid,
            Self::Unreadable(error) => not_json(place, &error),
        }
    }
}

/// Gives each element of an array to `read`, in the form that `seed` makes of it.
fn walk<'a, S: DeserializeSeed<'a> + Copy>(
    place: &Place<'_>,
    raw: &'a RawValue,
    seed: S,
    read: impl FnMut(&Place<'_>, S::Value) -> Result<(), Invalid>,
) -> Result<(), Stop> {
    if !raw.get().starts_with('[') {
        return Err(Stop::Mistake(wrong_type(place, raw, "an array")));
    }
    let mut mistake = None;
    let elements = Elements {
        place,
        seed,
        read,
        mistake: &mut mistake,
    };
    let walked = serde_json::Deserializer::from_str(raw.get()).deserialize_seq(elements);
    match (mistake, walked) {
        (Some(mistake), _) => Err(Stop::Mistake(mistake)),
        (None, walked) => walked.map_err(Stop::Unreadable),
    }
}

/// Reads an array into a list.
///
/// # Errors
/// It is no array, and those of `read`.
pub(crate) fn list<'a, T>(
    place: &Place<'_>,
    raw: &'a RawValue,
    mut read: impl FnMut(&Place<'_>, &'a RawValue) -> Result<T, Invalid>,
) -> Result<Vec<T>, Invalid> {
    let mut list = Vec::new();
    each(place, raw, |place, raw| {
        list.push(read(place, raw)?);
        Ok(())
    })?;
    Ok(list)
}

/// The mistake of being something else than `wanted`.
pub(crate) fn wrong_type(place: &Place<'_>, raw: &RawValue, wanted: &str) -> Invalid {
    let kind = match raw.get().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    };
    place.invalid(format!("Must be {wanted}, not {kind}."))
}

/// Collects the values of the known names.
#[derive(Clone, Copy)]
struct Fields(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Fields {
    type Value = Vec<Option<&'de RawValue>>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fields {
    type Value = Vec<Option<&'de RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = vec![None; self.0.len()];
        while let Some(index) = map.next_key_seed(Name(self.0))? {
            match index.and_then(|index| values.get_mut(index)) {
                Some(value) => *value = map.next_value()?,
                None => map.next_value::<IgnoredAny>().map(drop)?,
            }
        }
        Ok(values)
    }
}

/// Turns a name into its index among the known ones.
struct Name(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|known| *known == name))
    }
}

/// Gives the elements of an array to `read`.
struct Elements<'m, S, R> {
    place: &'m Place<'m>,
    seed: S,
    read: R,
    mistake: &'m mut Option<Invalid>,
}

impl<'de, S, R> Visitor<'de> for Elements<'_, S, R>
where
    S: DeserializeSeed<'de> + Copy,
    R: FnMut(&Place<'_>, S::Value) -> Result<(), Invalid>,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        let mut index = 0;
        while let Some(element) = seq.next_element_seed(self.seed)? {
            if let Err(invalid) = (self.read)(&self.place.item(index), element) {
                *self.mistake = Some(invalid);
                return Err(A::Error::custom("a mistake in an element"));
            }
            index += 1;
        }
        Ok(())
    }
}

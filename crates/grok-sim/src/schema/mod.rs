//! Values that fit a JSON schema, as a model would make them up: from the question where it says
//! something, else from the names of the properties.
//!
//! `cues` takes words and numbers out of the question, `text` and `pattern` make texts, and this file
//! walks the schema. Properties that are not required are left out, but for the first one when none
//! is required. Everything is bounded: a schema that refers to itself ends at a depth.

mod cues;
mod pattern;
mod text;

use serde_json::{Map, Value, json};

pub(crate) use cues::Cues;

/// Values in one sample at most.
const MAX_VALUES: usize = 2_000;
/// From this depth on, only what must be there.
const DEEP: usize = 5;
/// From this depth on, nothing but `null`.
const TOO_DEEP: usize = 24;
/// References that lead to one another.
const MAX_REFERENCES: usize = 16;
/// Elements of an array that a schema can ask for.
const MAX_ELEMENTS: usize = 50;

/// A value that fits the schema.
pub(crate) fn sample(schema: &Value, cues: &mut Cues) -> Value {
    let mut sampler = Sampler {
        root: schema,
        cues,
        left: MAX_VALUES,
    };
    sampler.value(schema, "", 0)
}

/// Arguments that fit the schema of a tool; an object whatever the schema says.
pub(crate) fn arguments(schema: &Value, cues: &mut Cues) -> Value {
    let is_empty = schema.as_object().is_none_or(Map::is_empty);
    let value = if is_empty {
        json!({})
    } else {
        sample(schema, cues)
    };
    if value.is_object() { value } else { json!({}) }
}

struct Sampler<'a> {
    root: &'a Value,
    cues: &'a mut Cues,
    left: usize,
}

impl Sampler<'_> {
    fn value(&mut self, schema: &Value, name: &str, depth: usize) -> Value {
        if depth > TOO_DEEP || self.left == 0 {
            return Value::Null;
        }
        self.left -= 1;
        let schema = self.resolve(schema, depth);
        if let Some(fixed) = fixed(&schema) {
            return fixed;
        }
        match kind(&schema) {
            "object" => self.object(&schema, depth),
            "array" => self.array(&schema, name, depth),
            "integer" => self.number(&schema, true),
            "number" => self.number(&schema, false),
            "boolean" => json!(true),
            "null" => Value::Null,
            _ => json!(text::sample(&schema, name, self.cues)),
        }
    }

    /// The schema without references and alternatives.
    fn resolve(&mut self, schema: &Value, depth: usize) -> Value {
        let mut schema = schema.clone();
        for _ in 0..MAX_REFERENCES {
            if depth > TOO_DEEP || self.left == 0 {
                return json!({});
            }
            let target = schema.get("$ref").and_then(Value::as_str);
            if let Some(target) = target {
                let found = self.root.pointer(target.trim_start_matches('#'));
                schema = found.cloned().unwrap_or_else(|| json!({}));
                continue;
            }
            let alternatives = ["anyOf", "oneOf"]
                .into_iter()
                .find_map(|word| Some((word, schema.get(word)?.as_array()?)));
            if let Some((word, branches)) = alternatives {
                let chosen = choose(branches, depth).cloned().unwrap_or(Value::Null);
                schema = merged(&schema, word, [chosen]);
                continue;
            }
            let Some(parts) = schema.get("allOf").and_then(Value::as_array).cloned() else {
                break;
            };
            self.left = self.left.saturating_sub(parts.len());
            let parts = parts.iter().map(|part| self.resolve(part, depth + 1));
            schema = merged(&schema, "allOf", parts);
        }
        schema
    }

    fn object(&mut self, schema: &Value, depth: usize) -> Value {
        let no_properties = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object);
        let properties = properties.unwrap_or(&no_properties);
        let required = schema.get("required").and_then(Value::as_array);
        let mut names: Vec<&str> = required
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        if names.is_empty() && depth < DEEP {
            names.extend(properties.keys().next().map(String::as_str));
        }
        let any = schema.get("additionalProperties").cloned();
        let any = any.filter(Value::is_object).unwrap_or_else(|| json!({}));
        let mut object = Map::new();
        for name in names {
            let property = properties.get(name).unwrap_or(&any);
            object.insert(name.to_owned(), self.value(property, name, depth + 1));
        }
        let least = count(schema, "minProperties").min(MAX_ELEMENTS);
        for (name, property) in properties {
            if object.len() < least && !object.contains_key(name) {
                object.insert(name.clone(), self.value(property, name, depth + 1));
            }
        }
        for number in object.len()..least {
            let name = format!("key{number}");
            let value = self.value(&any, &name, depth + 1);
            object.insert(name, value);
        }
        Value::Object(object)
    }

    fn array(&mut self, schema: &Value, name: &str, depth: usize) -> Value {
        let first = schema.get("prefixItems").and_then(Value::as_array);
        let first = first.map(Vec::as_slice).unwrap_or_default();
        let least = count(schema, "minItems").max(first.len());
        let usual = if depth < DEEP { 1 } else { 0 };
        let most = schema.get("maxItems").and_then(Value::as_u64);
        let most = most.map_or(MAX_ELEMENTS, |most| usize::try_from(most).unwrap_or(0));
        let length = least.max(usual).min(most).min(MAX_ELEMENTS);
        let any = json!({});
        let items = schema.get("items").filter(|items| items.is_object());
        let is_unique = schema.get("uniqueItems") == Some(&json!(true));
        let mut array = Vec::with_capacity(length);
        for index in 0..length {
            let item = first.get(index).or(items).unwrap_or(&any);
            let value = self.value(item, singular(name), depth + 1);
            array.push(if is_unique {
                self.unlike(value, item, &array)
            } else {
                value
            });
        }
        Value::Array(array)
    }

    /// Another value when this one is in the list already.
    fn unlike(&mut self, value: Value, schema: &Value, others: &[Value]) -> Value {
        if !others.contains(&value) {
            return value;
        }
        let choices = self.resolve(schema, 0).get("enum").cloned();
        let choices = choices.as_ref().and_then(Value::as_array);
        if let Some(choices) = choices {
            let unused = choices.iter().find(|choice| !others.contains(choice));
            return unused.cloned().unwrap_or(value);
        }
        match &value {
            Value::String(text) => json!(format!("{text} {}", others.len() + 1)),
            Value::Number(number) => match number.as_i64() {
                Some(number) => json!(number + others.len() as i64),
                None => value,
            },
            _ => value,
        }
    }

    fn number(&mut self, schema: &Value, is_integer: bool) -> Value {
        let bound = |word: &str| schema.get(word).and_then(Value::as_f64);
        let step = bound("multipleOf").filter(|step| *step > 0.0);
        let whole = is_integer.then_some(1.0);
        let grain = step.or(whole);
        let width = bound("exclusiveMaximum")
            .or(bound("maximum"))
            .zip(bound("exclusiveMinimum").or(bound("minimum")))
            .map_or(1.0, |(most, least)| most - least);
        let inside = grain.unwrap_or(width.min(1.0) / 2.0);
        let above = bound("exclusiveMinimum").map(|least| least + inside);
        let below = bound("exclusiveMaximum").map(|most| most - inside);
        let least = bound("minimum").into_iter().chain(above).reduce(f64::max);
        let most = bound("maximum").into_iter().chain(below).reduce(f64::min);
        let mut number = self.cues.number().unwrap_or(1.0);
        if let Some(least) = least {
            number = number.max(least);
        }
        if let Some(most) = most {
            number = number.min(most);
        }
        if let Some(grain) = grain {
            let steps = number / grain;
            number = steps.floor() * grain;
            if least.is_some_and(|least| number < least) {
                number = steps.ceil() * grain;
            }
        }
        if is_integer || number.fract() == 0.0 && number.abs() < 1e15 {
            return json!(number as i64);
        }
        json!(number)
    }
}

/// What the schema leaves no choice about.
fn fixed(schema: &Value) -> Option<Value> {
    if let Some(value) = schema.get("const") {
        return Some(value.clone());
    }
    schema.get("enum")?.as_array()?.first().cloned()
}

fn kind(schema: &Value) -> &str {
    let named = match schema.get("type") {
        Some(Value::String(kind)) => Some(kind.as_str()),
        Some(Value::Array(kinds)) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str);
            kinds.clone().find(|kind| *kind != "null").or(kinds.next())
        }
        _ => None,
    };
    let has = |words: &[&str]| words.iter().any(|word| schema.get(word).is_some());
    named.unwrap_or_else(|| {
        if has(&["properties", "required", "additionalProperties"]) {
            "object"
        } else if has(&["items", "prefixItems", "minItems"]) {
            "array"
        } else if has(&["minimum", "maximum", "multipleOf"]) {
            "number"
        } else {
            "string"
        }
    })
}

/// The first alternative that is a value; `null` if that is possible and it is deep already.
fn choose(branches: &[Value], depth: usize) -> Option<&Value> {
    let is_null = |branch: &&Value| branch.get("type") == Some(&json!("null"));
    let deep = branches
        .iter()
        .find(|branch| depth >= DEEP && is_null(branch));
    deep.or_else(|| branches.iter().find(|branch| !is_null(branch)))
        .or_else(|| branches.first())
}

/// The schema without one word, and with what the parts say.
fn merged(schema: &Value, without: &str, parts: impl IntoIterator<Item = Value>) -> Value {
    let mut whole = schema.as_object().cloned().unwrap_or_default();
    whole.remove(without);
    for part in parts {
        let Value::Object(part) = part else { continue };
        for (word, value) in part {
            match (whole.get_mut(&word), value) {
                (Some(Value::Object(known)), Value::Object(more)) => known.extend(more),
                (Some(Value::Array(known)), Value::Array(more)) if word == "required" => {
                    known.extend(more);
                }
                (_, value) => {
                    whole.insert(word, value);
                }
            }
        }
    }
    Value::Object(whole)
}

fn count(schema: &Value, word: &str) -> usize {
    let count = schema.get(word).and_then(Value::as_u64).unwrap_or(0);
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// What one of these is called.
fn singular(name: &str) -> &str {
    name.strip_suffix('s')
        .filter(|name| name.len() > 2)
        .unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(schema: Value, question: &str) -> Value {
        sample(&schema, &mut Cues::of(question))
    }

    #[test]
    fn required_properties_are_filled_from_the_question() {
        let schema = json!({
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "days": {"type": "integer", "minimum": 1, "maximum": 7},
                "unit": {"enum": ["celsius", "fahrenheit"]},
                "note": {"type": "string"},
            },
            "required": ["city", "days", "unit"],
        });
        assert_eq!(
            made(schema, "What is the weather in New York for 30 days?"),
            json!({"city": "New York", "days": 7, "unit": "celsius"})
        );
    }

    #[test]
    fn references_alternatives_and_nesting_are_followed() {
        let schema = json!({
            "$ref": "#/$defs/Tree",
            "$defs": {"Tree": {
                "type": "object",
                "properties": {
                    "kind": {"const": "tree"},
                    "leaf": {"anyOf": [{"type": "null"}, {"type": "boolean"}]},
                    "branches": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
                    "both": {"allOf": [
                        {"properties": {"a": {"type": "integer"}}, "required": ["a"]},
                        {"properties": {"b": {"type": ["null", "number"]}}, "required": ["b"]},
                    ]},
                },
                "required": ["kind", "leaf", "branches", "both"],
            }},
        });
        let tree = made(schema, "A tree");
        assert_eq!(tree["branches"][0]["kind"], "tree");
        assert_eq!(tree["leaf"], true);
        assert_eq!(tree["both"], json!({"a": 1, "b": 1}));
        assert!(tree.to_string().len() < 2_000, "it ends by itself");
    }

    #[test]
    fn counts_and_bounds_hold() {
        let array = json!({
            "type": "array", "minItems": 3, "uniqueItems": true,
            "items": {"enum": ["a", "b", "c"]},
        });
        assert_eq!(made(array, ""), json!(["a", "b", "c"]));
        let empty = json!({"type": "array", "maxItems": 0});
        assert_eq!(made(empty, ""), json!([]));
        let above = json!({"type": "number", "exclusiveMinimum": 3});
        assert_eq!(made(above, ""), json!(3.5));
        let between = json!({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.25});
        assert_eq!(made(between, ""), json!(0.125));
        let even = json!({"type": "integer", "minimum": 5, "multipleOf": 4});
        assert_eq!(made(even, ""), json!(8));
        let pair = json!({"type": "object", "minProperties": 2});
        assert_eq!(made(pair, "").as_object().map(Map::len), Some(2));
    }

    #[test]
    fn endless_schemas_end() {
        let endless = json!({
            "type": "object",
            "properties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}},
            "required": ["a", "b"],
        });
        assert!(made(endless, "").to_string().len() < 100_000);
        assert!(made(json!({"$ref": "#"}), "").is_string());
        let twice = json!({"allOf": [{"$ref": "#"}, {"$ref": "#"}]});
        assert!(made(twice, "").is_string());
    }

    #[test]
    fn arguments_are_an_object() {
        for schema in [
            json!({}),
            json!({"type": "string"}),
            json!({"type": "object"}),
        ] {
            assert_eq!(arguments(&schema, &mut Cues::of("")), json!({}));
        }
    }
}

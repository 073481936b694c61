//! What it costs to hold a value against a schema, counted before it is done.
//!
//! References let a short schema ask for more steps than any machine can make: sixty definitions that
//! each offer the next one twice are 2^60 steps for one number.

use serde_json::{Map, Value};

/// Most steps that a check may take.
const MAX_STEPS: usize = 100_000;

/// Most schemas inside one another, references among them: each takes room on the stack.
const MAX_DEPTH: usize = 256;

/// Most patterns of a schema.
const MAX_PATTERNS: usize = 64;

const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];
/// Keywords for what other keywords left over: those are held against the value once more.
const REPEATING: [&str; 2] = ["unevaluatedItems", "unevaluatedProperties"];

/// Keywords with one schema or a list of them for the value itself.
const FOR_ITSELF: [&str; 7] = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else"];
/// Keywords with a schema or a list of them for what is in the value.
const FOR_CHILDREN: [&str; 9] = [
    "items",
    "prefixItems",
    "additionalItems",
    "unevaluatedItems",
    "contains",
    "additionalProperties",
    "unevaluatedProperties",
    "propertyNames",
    "contentSchema",
];

/// How many patterns a schema has.
///
/// # Errors
/// Why the cost of a check cannot be counted, or is too much whatever the value.
pub(super) fn patterns(root: &Value) -> Result<usize, String> {
    let (mut open, mut patterns) = (vec![root], 0);
    while let Some(schema) = open.pop() {
        match schema {
            Value::Object(keywords) => {
                check_references(root, keywords)?;
                if !std::ptr::eq(schema, root) && keywords.get("$id").is_some_and(Value::is_string)
                {
                    return Err("`$id` is only for the whole schema".to_owned());
                }
                patterns += usize::from(keywords.get("pattern").is_some_and(Value::is_string));
                let fields = keywords.get("patternProperties").and_then(Value::as_object);
                patterns += fields.map_or(0, Map::len);
                open.extend(keywords.values());
            }
            Value::Array(list) => open.extend(list),
            _ => {}
        }
    }
    if patterns > MAX_PATTERNS {
        return Err(format!("it has more than {MAX_PATTERNS} patterns"));
    }
    Ok(patterns)
}

fn check_references(root: &Value, keywords: &Map<String, Value>) -> Result<(), String> {
    let mut targets = REFERENCES
        .iter()
        .filter_map(|word| keywords.get(*word)?.as_str());
    match targets.find(|target| target_of(root, target).is_none()) {
        None => Ok(()),
        Some(target) => Err(format!(
            "the reference `{target}` is none that can be followed: only `#`, and `#/` with the path to a schema, can"
        )),
    }
}

/// What a reference leads to, if that can be told from it alone.
fn target_of<'a>(root: &'a Value, target: &str) -> Option<&'a Value> {
    root.pointer(&decode(target.strip_prefix('#')?))
}

/// Whether the check ends within [`MAX_STEPS`] and [`MAX_DEPTH`], of a schema whose [`patterns`] could be
/// counted. A step is a schema
/// at a value; every branch counts, also those that a check may leave out.
pub(super) fn is_bearable(root: &Value, value: &Value) -> bool {
    let mut steps = Steps {
        root,
        left: MAX_STEPS,
        depth: 0,
        weight: 1,
        open: vec![(root, value, 0, 1)],
    };
    while let Some((schema, value, depth, weight)) = steps.open.pop() {
        (steps.depth, steps.weight) = (depth, weight);
        if steps.take(schema, value).is_none() {
            return false;
        }
    }
    true
}

struct Steps<'a> {
    root: &'a Value,
    left: usize,
    /// Of what is taken now.
    depth: usize,
    /// How often what is taken now is held against its value.
    weight: usize,
    open: Vec<(&'a Value, &'a Value, usize, usize)>,
}

impl<'a> Steps<'a> {
    /// `None` if there are too many.
    fn take(&mut self, schema: &'a Value, value: &'a Value) -> Option<()> {
        let Value::Object(keywords) = schema else {
            return Some(());
        };
        let repeated = REPEATING
            .iter()
            .filter(|word| keywords.contains_key(**word));
        let often = self.weight.saturating_mul(1 + repeated.count());
        for (keyword, inner) in keywords {
            match (keyword.as_str(), inner) {
                (keyword, Value::String(target)) if REFERENCES.contains(&keyword) => {
                    self.add(target_of(self.root, target)?, value, often)?;
                }
                ("properties", Value::Object(fields)) => {
                    for (name, inner) in fields {
                        if let Some(child) = value.get(name) {
                            self.add(inner, child, self.weight)?;
                        }
                    }
                }
                ("patternProperties", Value::Object(patterns)) => {
                    for inner in patterns.values() {
                        self.add_children(inner, value)?;
                    }
                }
                ("dependentSchemas" | "dependencies", Value::Object(dependents)) => {
                    for inner in dependents.values() {
                        self.add(inner, value, often)?;
                    }
                }
                (keyword, inner) if FOR_ITSELF.contains(&keyword) => {
                    for inner in one_or_more(inner) {
                        self.add(inner, value, often)?;
                    }
                }
                (keyword, inner) if FOR_CHILDREN.contains(&keyword) => {
                    for inner in one_or_more(inner) {
                        self.add_children(inner, value)?;
                    }
                }
                _ => {}
            }
        }
        Some(())
    }

    fn add_children(&mut self, schema: &'a Value, value: &'a Value) -> Option<()> {
        match value {
            Value::Array(items) => {
                let mut items = items.iter();
                items.try_for_each(|item| self.add(schema, item, self.weight))
            }
            Value::Object(fields) => {
                let mut fields = fields.values();
                fields.try_for_each(|item| self.add(schema, item, self.weight))
            }
            _ => Some(()),
        }
    }

    fn add(&mut self, schema: &'a Value, value: &'a Value, weight: usize) -> Option<()> {
        self.left = self.left.checked_sub(weight)?;
        self.open.push((schema, value, self.depth + 1, weight));
        (self.depth < MAX_DEPTH).then_some(())
    }
}

fn one_or_more(schemas: &Value) -> &[Value] {
    match schemas {
        Value::Array(list) => list,
        one => std::slice::from_ref(one),
    }
}

/// The pointer in the fragment of an address. Of the bytes that addresses write as `%XX` only those are
/// read that pointers of schemas have in practice.
fn decode(fragment: &str) -> String {
    fragment
        .replace("%24", "$")
        .replace("%2F", "/")
        .replace("%7E", "~")
        .replace("%20", " ")
        .replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_usual_check_is_bearable_and_a_fork_of_forks_is_not() {
        let tree = json!({"properties": {"next": {"$ref": "#"}}, "items": {"type": "integer"}});
        let list: Vec<_> = (0..50_000).collect();
        assert!(is_bearable(&tree, &json!({"next": {"next": {"next": {}}}})));
        assert!(is_bearable(&tree, &json!(list)));

        let fork = json!({"properties": {"a": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}}});
        let nest = |depth| (0..depth).fold(json!(1), |inner, _| json!({"a": inner}));
        assert!(is_bearable(&fork, &nest(5)));
        assert!(!is_bearable(&fork, &nest(40)));
        assert!(
            !is_bearable(&json!({"allOf": [{"$ref": "#"}]}), &json!(1)),
            "a circle"
        );
    }

    #[test]
    fn what_is_left_over_by_schemas_in_schemas_is_looked_for_again_and_again() {
        let nest = |levels| {
            (0..levels).fold(
                json!({}),
                |inner, _| json!({"allOf": [inner], "unevaluatedProperties": false}),
            )
        };
        assert!(is_bearable(&nest(8), &json!({})));
        assert!(!is_bearable(&nest(60), &json!({})));
        let objects = (0..60).fold(
            json!({}),
            |inner, _| json!({"properties": {"a": inner}, "unevaluatedProperties": false}),
        );
        let value = (0..60).fold(json!({}), |inner, _| json!({"a": inner}));
        assert!(is_bearable(&objects, &value), "once each");
    }

    #[test]
    fn only_what_can_be_counted_is_a_schema() {
        for (schema, why) in [
            (
                json!({"$ref": "#a", "$defs": {"a": {"$anchor": "a"}}}),
                "`#a`",
            ),
            (json!({"$ref": "other.json"}), "`other.json`"),
            (json!({"items": {"$dynamicRef": "#node"}}), "`#node`"),
            (json!({"$ref": "#/$defs/none"}), "`#/$defs/none`"),
            (json!({"items": {"$id": "https://a.io/b"}}), "`$id`"),
            (
                json!({"anyOf": vec![json!({"pattern": "a"}); 65]}),
                "patterns",
            ),
        ] {
            let refused = patterns(&schema).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
        let usual = json!({"$id": "https://a.io/a", "$ref": "#/$defs/a%20b", "$defs": {"a b":
            {"properties": {"$ref": {"type": "string"}, "$id": {"pattern": "^a"}}}}});
        assert_eq!(patterns(&usual), Ok(1));
    }
}

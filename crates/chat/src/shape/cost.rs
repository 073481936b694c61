//! What it costs to hold a value against a schema, counted before it is done.
//!
//! References let a short schema ask for more steps than any machine can make: sixty definitions that
//! each offer the next one twice are 2^60 steps for one number.

use serde_json::Value;

/// Most steps that a check may take.
const MAX_STEPS: usize = 100_000;

/// Most schemas inside one another, references among them: each takes room on the stack.
const MAX_DEPTH: usize = 512;

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

/// Whether the check ends within [`MAX_STEPS`] and [`MAX_DEPTH`]. A step is a schema at a value; every branch counts,
/// also those that a check may leave out.
pub(super) fn is_bearable(root: &Value, value: &Value) -> bool {
    let mut steps = Steps {
        root,
        left: MAX_STEPS,
        depth: 0,
        open: vec![(root, value, 0)],
    };
    while let Some((schema, value, depth)) = steps.open.pop() {
        steps.depth = depth;
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
    open: Vec<(&'a Value, &'a Value, usize)>,
}

impl<'a> Steps<'a> {
    /// `None` if there are too many.
    fn take(&mut self, schema: &'a Value, value: &'a Value) -> Option<()> {
        let Value::Object(keywords) = schema else {
            return Some(());
        };
        for (keyword, inner) in keywords {
            match (keyword.as_str(), inner) {
                ("$ref" | "$dynamicRef" | "$recursiveRef", Value::String(target)) => {
                    // A target with a name of its own may be anywhere; then the root stands for it.
                    let pointer = target.strip_prefix('#').map(decode);
                    let target = pointer.and_then(|pointer| self.root.pointer(&pointer));
                    self.add(target.unwrap_or(self.root), value)?;
                }
                ("properties", Value::Object(fields)) => {
                    for (name, inner) in fields {
                        if let Some(child) = value.get(name) {
                            self.add(inner, child)?;
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
                        self.add(inner, value)?;
                    }
                }
                (keyword, inner) if FOR_ITSELF.contains(&keyword) => {
                    for inner in one_or_more(inner) {
                        self.add(inner, value)?;
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
            Value::Array(items) => items.iter().try_for_each(|item| self.add(schema, item)),
            Value::Object(fields) => fields.values().try_for_each(|item| self.add(schema, item)),
            _ => Some(()),
        }
    }

    fn add(&mut self, schema: &'a Value, value: &'a Value) -> Option<()> {
        self.left = self.left.checked_sub(1)?;
        self.open.push((schema, value, self.depth + 1));
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
}

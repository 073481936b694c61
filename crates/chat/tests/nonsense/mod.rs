//! Nonsense for the parser of any protocol; the protocols' tests include this file.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Puts values of every wrong kind into every place of `sample`, of which there are more than
/// `least`; `check` fails if the parser does not take it well.
pub(crate) fn spoil_every_place(
    sample: &Value,
    least: usize,
    check: impl Fn(&[u8]) -> Result<bool, TestCaseError>,
) {
    assert!(matches!(check(sample.to_string().as_bytes()), Ok(true)));
    let wrong = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!(" "),
        json!("x"),
        json!([]),
        json!([null]),
        json!([[[]]]),
        json!({}),
        json!({"type": {}}),
        json!({"": null}),
    ];
    let mut places = Vec::new();
    collect_places(sample, &mut String::new(), &mut places);
    assert!(places.len() > least, "{}", places.len());
    for place in &places {
        for value in &wrong {
            let mut body = sample.clone();
            let spoiled = body.pointer_mut(place).map(|at| *at = value.clone());
            assert!(spoiled.is_some(), "{place}");
            let body = body.to_string();
            assert!(check(body.as_bytes()).is_ok(), "{place} = {value}");
        }
    }
}

fn collect_places(value: &Value, at: &mut String, places: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(i, v)| (i.to_string(), v))
            .collect(),
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), v)).collect(),
        _ => Vec::new(),
    };
    for (name, child) in children {
        let len = at.len();
        at.push('/');
        at.push_str(&name);
        places.push(at.clone());
        collect_places(child, at, places);
        at.truncate(len);
    }
}

/// Objects with fields out of `names`, and `words` among their texts, so that a parser's branches are hit.
pub(crate) fn any_value(
    names: &'static [&'static str],
    words: &'static [&'static str],
) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0u32..3).prop_map(Value::from),
        prop::sample::select(words).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        let name = prop::sample::select(names).prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

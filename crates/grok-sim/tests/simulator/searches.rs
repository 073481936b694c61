//! Searches of the upstream's own.

use serde_json::{Value, json};

use crate::caller::{Caller, answer, parse, question, start};

async fn lines(caller: &Caller, message: &str, change: impl Fn(&mut Value)) -> Vec<Value> {
    let mut body = question(message);
    change(&mut body);
    let response = caller.chat("plain-account", &body).await.unwrap();
    parse(&response.text().await.unwrap())
}

fn all<'a>(lines: &'a [Value], field: &str) -> Vec<&'a Value> {
    let payloads = lines.iter().map(|line| &line["result"]["response"][field]);
    payloads.filter(|value| !value.is_null()).collect()
}

#[tokio::test]
async fn a_search_has_its_call_results_and_citations() {
    let (simulator, caller) = start().await;
    for message in ["Search for tide tables", "Tell me. [[search tide tables]]"] {
        let lines = lines(&caller, message, |_| ()).await;
        let search = all(&lines, "toolUsageCard");
        assert_eq!(search[0]["webSearch"]["args"]["query"], "tide tables");
        let results = &all(&lines, "webSearchResults")[0]["results"];
        let text = answer(&lines);
        assert!(text.contains("tide tables"), "{text}");
        let cards = &all(&lines, "modelResponse")[0]["cardAttachmentsJson"];
        for (index, card) in cards.as_array().unwrap().iter().enumerate() {
            let card: Value = serde_json::from_str(card.as_str().unwrap()).unwrap();
            assert_eq!(card["url"], results[index]["url"]);
            assert!(text.contains(&format!("card_id={}", card["id"])), "{text}");
        }
        assert_eq!(all(&lines, "cardAttachment").len(), 2);
        let id = &all(&lines, "userResponse");
        assert_eq!(id.len(), 1);
    }
    simulator.stop().await;
}

#[tokio::test]
async fn posts_are_found_as_well_and_a_given_text_is_cited() {
    let (simulator, caller) = start().await;
    let message = "[[search tides]][[xsearch tides]][[then High at noon.]]";
    let lines = lines(&caller, message, |_| ()).await;
    let post = &all(&lines, "xSearchResults")[0]["results"][0];
    let url = format!(
        "https://x.com/{}/status/{}",
        post["username"].as_str().unwrap(),
        post["postId"].as_str().unwrap()
    );
    let cards = all(&lines, "modelResponse")[0]["cardAttachmentsJson"].to_string();
    assert!(cards.contains(&url), "{cards}");
    let text = answer(&lines);
    assert!(text.starts_with("High at noon.<grok:render"), "{text}");
    assert_eq!(text.matches("<grok:render").count(), 4);
    simulator.stop().await;
}

#[tokio::test]
async fn what_is_switched_off_is_not_searched() {
    let (simulator, caller) = start().await;
    let message = "[[search tides]][[xsearch tides]]";
    let fields = |lines: &[Value]| {
        ["webSearchResults", "xSearchResults"].map(|field| all(lines, field).len())
    };
    for (overrides, expected) in [
        (json!({"webSearch": false}), [0, 1]),
        (json!({"xSearch": false}), [1, 0]),
        (json!({"webSearch": false, "xSearch": false}), [0, 0]),
    ] {
        let change = |body: &mut Value| body["toolOverrides"] = overrides.clone();
        let lines = lines(&caller, message, change).await;
        assert_eq!(fields(&lines), expected, "{overrides}");
    }
    let off = |body: &mut Value| body["disableSearch"] = json!(true);
    let lines = lines(&caller, "search for tides", off).await;
    assert_eq!(fields(&lines), [0, 0]);
    assert!(answer(&lines).contains("tides"), "the usual answer");
    simulator.stop().await;
}

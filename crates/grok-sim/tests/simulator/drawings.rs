//! Pictures that a chat makes.

use serde_json::{Value, json};

use grok_sim::Reply;

use crate::caller::{Caller, answer, parse, question, start};

const ACCOUNT: &str = "plain-account";

async fn lines(caller: &Caller, message: &str, change: impl Fn(&mut Value)) -> Vec<Value> {
    let mut body = question(message);
    change(&mut body);
    let response = caller.chat(ACCOUNT, &body).await.unwrap();
    parse(&response.text().await.unwrap())
}

fn all<'a>(lines: &'a [Value], field: &str) -> Vec<&'a Value> {
    let payloads = lines.iter().map(|line| &line["result"]["response"][field]);
    payloads.filter(|value| !value.is_null()).collect()
}

/// What the cards tell: address, percent, moderated.
fn cards(lines: &[Value]) -> Vec<(String, u64, bool)> {
    let told = all(lines, "cardAttachment").into_iter().map(|card| {
        let card: Value = serde_json::from_str(card["jsonData"].as_str().unwrap()).unwrap();
        let chunk = &card["image_chunk"];
        (
            chunk["imageUrl"].as_str().unwrap().to_owned(),
            chunk["progress"].as_u64().unwrap(),
            chunk["moderated"].as_bool().unwrap(),
        )
    });
    told.collect()
}

fn listed(lines: &[Value]) -> Vec<String> {
    let urls = &all(lines, "modelResponse")[0]["generatedImageUrls"];
    serde_json::from_value(urls.clone()).unwrap()
}

#[tokio::test]
async fn a_question_to_draw_has_progress_cards_and_files() {
    let (simulator, caller) = start().await;
    let lines = lines(&caller, "Draw a red fox.", |_| ()).await;
    assert_eq!(answer(&lines), "Here is a red fox:\n\nSay what to change.");
    let progress = all(&lines, "streamingImageGenerationResponse");
    assert_eq!(progress.len(), 4, "{progress:?}");
    let finished: Vec<String> = cards(&lines)
        .into_iter()
        .filter(|(_, percent, is_moderated)| *percent == 100 && !is_moderated)
        .map(|(url, ..)| url)
        .collect();
    assert_eq!(finished.len(), 2);
    assert_eq!(listed(&lines), finished);
    let previews = cards(&lines).into_iter().filter(|card| card.1 < 100);
    assert!(previews.into_iter().all(|card| card.0.contains("-part-")));
    simulator.stop().await;
}

#[tokio::test]
async fn nothing_is_drawn_where_it_is_switched_off_or_not_asked_for() {
    let (simulator, caller) = start().await;
    let off = |body: &mut Value| body["enableImageGeneration"] = json!(false);
    let unasked = lines(&caller, "Hello?", |_| ()).await;
    for lines in [lines(&caller, "Draw a red fox.", off).await, unasked] {
        assert!(
            cards(&lines).is_empty() && listed(&lines).is_empty(),
            "{lines:?}"
        );
        assert!(!answer(&lines).is_empty());
    }
    simulator.stop().await;
}

#[tokio::test]
async fn a_moderated_drawing_is_listed_all_the_same_and_says_nothing() {
    let (simulator, caller) = start().await;
    simulator.script(ACCOUNT, [Reply::moderated_picture()]);
    for message in ["Draw a red fox.", "Draw something moderated."] {
        let lines = lines(&caller, message, |_| ()).await;
        assert_eq!(answer(&lines), "");
        let cards = cards(&lines);
        assert!(cards.iter().any(|card| card.2), "{cards:?}");
        assert_eq!(listed(&lines).len(), 2);
    }
    simulator.stop().await;
}

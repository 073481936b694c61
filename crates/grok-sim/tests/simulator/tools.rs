//! Calls of tools: scripted, by the question, asked for again, in a conversation that is kept.

use grok_sim::Simulator;
use serde_json::{Value, json};

use crate::{
    caller::{Caller, answer, parse, question, start},
    shaped::{ask, calls, message, tokens_of},
};

const WEATHER: &str = "## get_weather\nSays what the weather is like.\nParameters: \
    {\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"},\"days\":{\"type\":\"integer\"}},\
    \"required\":[\"city\"]}\n\n";
const TIME: &str = "## get_time\nSays how late it is.\nParameters: \
    {\"type\":\"object\",\"properties\":{\"zone\":{\"enum\":[\"utc\",\"pet\"]}},\"required\":[\"zone\"]}\n\n";

fn tools(rule: &str) -> String {
    format!(
        "# Tools\nThere are tools. To call one, write a block of exactly this shape:\n<tool_call>\n\
         {{\"name\": \"tool_name\", \"arguments\": {{\"key\": \"value\"}}}}\n</tool_call>\n\
         Several blocks are allowed.\n{rule}\n\n{WEATHER}{TIME}# End of tools\n\n"
    )
}

async fn said(caller: &Caller, rule: &str, prompt: &str) -> String {
    ask(caller, &message(&tools(rule), prompt)).await
}

#[tokio::test]
async fn a_question_that_shares_a_word_with_a_tool_calls_it() {
    let (simulator, caller) = start().await;
    let text = said(&caller, "", "What is the weather in Lima?").await;
    let expected = ("get_weather".to_owned(), json!({"city": "Lima"}));
    assert_eq!(calls(&text), std::slice::from_ref(&expected), "{text}");
    let text = said(&caller, "", "The weather and the time in Lima, please").await;
    let time = ("get_time".to_owned(), json!({"zone": "utc"}));
    assert_eq!(calls(&text), [expected, time], "{text}");
    let text = said(&caller, "", "Why is the sky blue?").await;
    assert!(calls(&text).is_empty() && text.contains("sky"), "{text}");
    simulator.stop().await;
}

#[tokio::test]
async fn the_form_of_a_call_varies_and_its_tags_are_cut() {
    let (simulator, caller) = start().await;
    let mut texts = Vec::new();
    for number in 0..40 {
        let prompt = format!("What is the weather in Lima on day {number}?");
        let tokens = tokens_of(&caller, &message(&tools(""), &prompt)).await;
        let whole = tokens.iter().filter(|token| token.contains("<tool_call>"));
        assert_eq!(whole.count(), 0, "{tokens:?}");
        texts.push(tokens.concat());
        assert_eq!(calls(&texts[number]).len(), 1, "{}", texts[number]);
    }
    let some = |wanted: &dyn Fn(&String) -> bool| texts.iter().any(wanted);
    assert!(some(&|text| text.starts_with("<tool_call>")));
    assert!(some(&|text| text.starts_with("<tool_calls>")));
    assert!(some(&|text| text.starts_with("```")));
    assert!(some(&|text| text.starts_with(char::is_alphabetic)));
    simulator.stop().await;
}

#[tokio::test]
async fn results_are_quoted_and_not_called_for_again() {
    let (simulator, caller) = start().await;
    let prompt = "user: What is the weather in Lima?\n\nassistant: <tool_call>{\"name\":\
        \"get_weather\",\"arguments\":{}}</tool_call>\n\ntool (get_weather, call_1): 21 degrees,\nsunny";
    let text = said(&caller, "", prompt).await;
    assert_eq!(text, "The tool says: 21 degrees, sunny");
    let long = said(&caller, "", &format!("{prompt}{}", "!".repeat(900))).await;
    assert_eq!(long.chars().count(), "The tool says: ".len() + 400);
    simulator.stop().await;
}

#[tokio::test]
async fn a_tool_that_must_be_called_is_called() {
    let (simulator, caller) = start().await;
    let text = said(&caller, "You must call the tool get_time.", "Hello").await;
    assert_eq!(calls(&text)[0].0, "get_time", "{text}");
    let rule = "You must call at least one tool.";
    assert_eq!(calls(&said(&caller, rule, "Hello").await).len(), 1);
    let prompt = "user: The weather?\n\nassistant: <tool_call>{}</tool_call>\n\n\
        tool (get_weather, call_1): sunny";
    let text = said(&caller, rule, prompt).await;
    assert_eq!(calls(&text)[0].0, "get_time", "the other one has answered");
    simulator.stop().await;
}

#[tokio::test]
async fn a_script_leads_through_its_rounds() {
    let (simulator, caller) = start().await;
    let script = "Build it. [[say First.]][[call write {\"path\": \"a.md\", \"text\": \"[[1]]\"}]]\
        [[call ls]][[round]][[call bash {\"command\": \"cat a.md\"}]][[then All done.]]";
    let first = said(&caller, "", script).await;
    let write = json!({"path": "a.md", "text": "[[1]]"});
    let expected = [("write".to_owned(), write), ("ls".to_owned(), json!({}))];
    assert_eq!(calls(&first), expected, "{first}");
    assert!(first.starts_with("First.\n\n"), "{first}");

    let history = format!(
        "system: Be brief.\n\nuser: {script}\n\nassistant: <tool_call>{{}}</tool_call>\n\n\
         user: tool (write, 1): ok"
    );
    let second = said(&caller, "", &format!("{history}\n\ntool (ls, 2): a.md")).await;
    assert_eq!(calls(&second)[0].0, "bash", "{second}");
    let third = format!(
        "{history}\n\nuser: tool (ls, 2): a.md\n\nassistant: <tool_call>{{}}</tool_call>\n\n\
         tool (bash, 3): hello"
    );
    assert_eq!(said(&caller, "", &third).await, "All done.");
    let next = format!("{history}\n\nassistant: All done.\n\nThanks");
    let next = said(&caller, "", &next).await;
    assert!(calls(&next).is_empty(), "an old script is over: {next}");
    simulator.stop().await;
}

#[tokio::test]
async fn a_bad_call_is_corrected_when_it_is_asked_for_again() {
    let (simulator, caller) = start().await;
    let prompt =
        "Go to Lima. [[call get_time {\"zone\":\"utc\"}]][[bad_call get_weather {\"town\":1}]]";
    let text = said(&caller, "", prompt).await;
    assert_eq!(calls(&text)[1].1, json!({"town": 1}), "{text}");
    let again = format!("{prompt}\n\nassistant: {text}\n\n# Correction\nThe city is missing.");
    let text = said(&caller, "", &again).await;
    assert_eq!(
        text,
        "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\":\"Lima\"}}\n</tool_call>",
        "the good call is not repeated"
    );
    simulator.stop().await;
}

#[tokio::test]
async fn a_broken_call_can_be_repaired() {
    let (simulator, caller) = start().await;
    let prompt = "[[broken get_weather {\"city\": \"Lima\"}]]";
    let text = said(&caller, "", prompt).await;
    let broken = "{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Lima\",}\n";
    assert!(text.contains(broken), "{text}");
    let again = format!("{prompt}\n\nassistant: {text}\n\n# Correction\nWrite JSON.");
    assert_eq!(calls(&said(&caller, "", &again).await).len(), 1);
    simulator.stop().await;
}

#[tokio::test]
async fn without_tools_a_script_only_talks() {
    let (simulator, caller) = start().await;
    let script = "[[call write {}]][[then Done.\n\nReally.]]";
    assert_eq!(ask(&caller, script).await, "Done.\n\nReally.");
    let text = ask(&caller, "[[call write {\"a\"]]").await;
    assert!(text.starts_with("The script cannot be read: "), "{text}");
    simulator.stop().await;
}

#[tokio::test]
async fn a_kept_conversation_remembers_its_script() {
    let (simulator, caller) = start().await;
    let script = "[[call get_time]][[round]][[call get_weather]][[then Done.]]";
    let mut body = question(&message(&tools(""), script));
    body["temporary"] = json!(false);
    let lines = send(&caller, "/rest/app-chat/conversations/new", &body).await;
    let id = lines[0]["result"]["conversation"]["conversationId"].clone();
    let path = format!(
        "/rest/app-chat/conversations/{}/responses",
        id.as_str().unwrap()
    );
    let first = answer(&lines);
    assert_eq!(calls(&first)[0].0, "get_time", "{first}");
    let mut parent = lines[1]["result"]["response"]["responseId"].clone();
    let mut texts = Vec::new();
    for result in ["tool (get_time, 1): noon", "tool (get_weather, 2): sunny"] {
        body["message"] = message(&tools(""), result).into();
        body["parentResponseId"] = parent;
        let lines = send(&caller, &path, &body).await;
        let tokens = lines
            .iter()
            .filter_map(|line| line["result"]["token"].as_str());
        texts.push(tokens.collect::<String>());
        parent = lines[0]["result"]["responseId"].clone();
    }
    assert_eq!(calls(&texts[0])[0].0, "get_weather", "{texts:?}");
    assert_eq!(texts[1], "Done.");
    simulator.stop().await;
}

async fn send(caller: &Caller, path: &str, body: &Value) -> Vec<Value> {
    let request = caller.post(path, "owner-account").json(body);
    parse(&request.send().await.unwrap().text().await.unwrap())
}

#[tokio::test]
async fn recorded_requests_tell_their_tools() {
    let (simulator, caller) = start().await;
    said(&caller, "", "Hello").await;
    ask(&caller, "Hello").await;
    let recorded = |simulator: &Simulator, index: usize| simulator.requests()[index].tools();
    assert_eq!(recorded(&simulator, 0), ["get_weather", "get_time"]);
    assert!(recorded(&simulator, 1).is_empty());
    simulator.stop().await;
}

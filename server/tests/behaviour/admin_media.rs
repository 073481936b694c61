//! What the operator sees and deletes of everybody's media.

use std::path::Path;

use serde_json::{Value, json};
use store::{MediaKind, MediaRow};

use crate::{
    browser::Browser,
    gallery::{generate, list},
    support::{Server, Setup, open_store},
};

const PASSWORD: &str = "correct horse battery";
const ACCOUNT: &str = "planted-picture-account-1";
const NO_FILTER: &str = r#"{"kind": null, "caller": null, "account": null, "text": ""}"#;

fn setup() -> Setup {
    Setup::accounts([ACCOUNT])
        .config("[app]\npublic_enabled = true\n")
        .with("GROK2API_APP__APP_KEY", PASSWORD)
}

pub(crate) async fn operator(server: &Server) -> Browser {
    let browser = Browser::new(&server.gateway);
    assert_eq!(browser.sign_in(PASSWORD).await.status, 200);
    browser
}

/// Everything, with these fields of the filter instead.
fn filter(changed: &Value) -> Value {
    let mut filter: Value = serde_json::from_str(NO_FILTER).unwrap();
    for (name, value) in changed.as_object().unwrap() {
        filter[name] = value.clone();
    }
    filter
}

async fn find(operator: &Browser, changed: &Value) -> Value {
    let asked = json!({"filter": filter(changed), "cursor": null});
    let said = operator.call("find_media", &asked).await;
    assert_eq!(said.status, 200, "{said:?}");
    said.json
}

/// A start deletes rows without a file.
pub(crate) fn lay_files(data_dir: &Path, rows: &[MediaRow]) {
    for row in rows {
        let folder = data_dir.join("media").join(row.kind.as_str());
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(&row.file), b"x").unwrap();
    }
}

#[tokio::test]
async fn the_operator_finds_what_every_caller_made_and_no_secret() {
    let server = setup().start().await;
    let visitor = Browser::new(&server.gateway);
    generate(&server, &visitor, 2).await;
    crate::pictures::ask(&server, &json!({"prompt": "A blue bird"})).await;
    let operator = operator(&server).await;
    let all = find(&operator, &json!({})).await;
    assert_eq!(all["count"], 3);
    let visitors = find(&operator, &json!({"caller": "visitors"})).await;
    assert_eq!(visitors["count"], 2);
    let bird = find(&operator, &json!({"text": "blue"})).await;
    let bird = &bird["items"][0];
    assert_eq!(
        (&bird["caller"], &bird["account"], &bird["item"]["prompt"]),
        (&json!("open"), &json!("nt-1"), &json!("A blue bird"))
    );
    assert_eq!(find(&operator, &json!({"kind": "video"})).await["count"], 0);
    assert_eq!(
        find(&operator, &json!({"account": "nt-1"})).await["count"],
        3
    );
    assert!(!all.to_string().contains("planted"), "{all}");

    let said = operator.call("get_media_overview", &json!({})).await.json;
    assert_eq!(said["totals"][0]["count"], 3);
    assert_eq!(said["totals"][0]["bytes"], all["bytes"]);
    assert_eq!(said["accounts"], json!(["nt-1"]));
    let callers = json!([{"caller": "visitors", "count": 2}, {"caller": "open", "count": 1}]);
    assert_eq!(said["callers"], callers);
    assert!(said["limit_bytes"].as_u64().unwrap() > 0);
    assert_eq!(said["last_clean"], Value::Null);
    server.end_with_one().await;
}

#[tokio::test]
async fn nobody_but_the_operator_may_ask() {
    let server = setup().start().await;
    let visitor = Browser::new(&server.gateway);
    let everything = filter(&json!({}));
    for (function, asked) in [
        ("get_media_overview", json!({})),
        ("find_media", json!({"filter": everything, "cursor": null})),
        ("delete_chosen_media", json!({"ids": []})),
        (
            "delete_found_media",
            json!({"filter": everything, "until_ms": null}),
        ),
        ("list_assets", json!({"page": 0})),
        ("start_assets", json!({"work": "clear", "ids": null})),
        ("stop_assets", json!({})),
    ] {
        let said = visitor.call(function, &asked).await;
        assert_eq!((said.status, said.kind()), (401, "sign_in_required"));
    }
    server.end_with_one().await;
}

#[tokio::test]
async fn what_the_operator_deletes_is_gone_for_its_owner_too() {
    let server = setup().start().await;
    let visitor = Browser::new(&server.gateway);
    generate(&server, &visitor, 2).await;
    let items = list(&visitor).await;
    let url = items[0]["url"].as_str().unwrap();
    let operator = operator(&server).await;
    let chosen = json!({"ids": [items[0]["id"]]});
    let said = operator.call("delete_chosen_media", &chosen).await;
    assert_eq!((said.status, said.json), (200, json!(1)));
    assert_eq!(list(&visitor).await, items[1..]);
    assert_eq!(visitor.get(url).await.status(), 404);
    let many = json!({"ids": vec!["x"; 501]});
    let said = operator.call("delete_chosen_media", &many).await;
    assert_eq!((said.status, said.kind()), (400, "invalid"));
    server.end_with_one().await;
}

#[tokio::test]
async fn all_that_a_filter_finds_goes_batch_by_batch_and_what_comes_meanwhile_stays() {
    let server = setup().start().await;
    let (_, folder) = server.end_with_folder().await;
    let store = open_store(folder.path()).await;
    let row = |n: i64, kind, at_ms| MediaRow {
        id: format!("m{n}"),
        at_ms,
        kind,
        file: format!("f{n}"),
        mime: String::new(),
        bytes: 1,
        width: 0,
        height: 0,
        prompt: String::new(),
        model: String::new(),
        params: "{}".to_owned(),
        poster: None,
        parent: None,
        account: "abcd".to_owned(),
        owner: "open".to_owned(),
        key: None,
        request_id: "r".to_owned(),
    };
    let rows = (0..1201).map(|n| row(n, MediaKind::Image, n));
    let later = row(9000, MediaKind::Image, i64::MAX / 2);
    let video = row(9001, MediaKind::Video, 5);
    let rows: Vec<_> = rows.chain([later, video]).collect();
    lay_files(folder.path(), &rows);
    store.insert_media(rows).await.unwrap();
    store.close().await;
    let env = [("GROK2API_APP__APP_KEY", PASSWORD)];
    let gateway = crate::browser::start(folder.path(), &env).await;
    let operator = Browser::new(&gateway);
    operator.sign_in(PASSWORD).await;
    let (mut counts, mut until_ms) = (Vec::new(), Value::Null);
    loop {
        let images = filter(&json!({"kind": "image"}));
        let asked = json!({"filter": images, "until_ms": until_ms});
        let said = operator.call("delete_found_media", &asked).await;
        assert_eq!(said.status, 200, "{said:?}");
        counts.push(said.json["count"].as_u64().unwrap());
        until_ms = said.json["until_ms"].clone();
        if said.json["is_done"] == true {
            break;
        }
    }
    assert_eq!(counts, [500, 500, 201]);
    let left = find(&operator, &json!({})).await;
    let left: Vec<_> = left["items"].as_array().unwrap().iter().collect();
    let left: Vec<_> = left.iter().map(|one| &one["item"]["id"]).collect();
    assert_eq!(left, ["m9000", "m9001"]);
}

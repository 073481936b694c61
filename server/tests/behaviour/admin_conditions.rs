//! How accounts are, as `/v1/admin` tells it, finds them by it and sorts by it.

use serde_json::json;

use crate::admin_api::{ended, get, posted, setup};

const FINE: &str = "planted-fine-account-1";
const REFUSED: &str = "planted-401-account-2";
const SILENT: &str = "planted-500-account-3";

#[tokio::test]
async fn accounts_are_found_and_sorted_by_the_condition_that_is_shown() {
    let server = setup([FINE, REFUSED, SILENT])
        .with("GROK2API_TOKEN__AUTO_REFRESH", "false")
        .start()
        .await;
    assert_eq!(get(&server, "/tokens?status=unknown").await["total"], 3);

    let started = posted(&server, "/tokens/check/async", &json!({"filter": {}})).await;
    ended(&server, &started["task_id"]).await;
    let found = async |status: &str| {
        let page = get(&server, &format!("/tokens?status={status}")).await;
        let shown = (&page["data"][0]["masked"], &page["data"][0]["condition"]);
        assert_eq!(page["total"], 1, "{status}: {page}");
        assert_eq!(shown.1, status);
        shown.0.as_str().unwrap().to_owned()
    };
    assert_eq!(found("active").await, "…nt-1");
    assert_eq!(found("failing").await, "…nt-2");
    assert_eq!(found("unknown").await, "…nt-3");

    let sorted = get(&server, "/tokens?sort=status&order=asc").await;
    let conditions = sorted["data"].as_array().unwrap().iter();
    let conditions: Vec<_> = conditions.map(|one| one["condition"].clone()).collect();
    assert_eq!(conditions, ["active", "unknown", "failing"]);
    let counts = &sorted["counts"];
    assert_eq!(
        (&counts["total"], &counts["failing"]),
        (&json!(3), &json!(1))
    );
    let quota = get(&server, "/tokens?status=active").await["data"][0]["quota"].clone();
    assert_eq!(
        counts["quota_left"], quota,
        "what Grok has told, and no guess"
    );

    let of_failing = json!({"filter": {"status": "failing"}});
    assert_eq!(
        posted(&server, "/tokens/disable", &of_failing).await["changed"],
        1
    );
    assert_eq!(found("disabled").await, "…nt-2");
    server.end().await;
}

//! The list of an account's files, and their deletion.

use grok::AssetList;

use super::*;

fn page(ids: &[&str], next: Option<&str>) -> Reply {
    let assets: Vec<_> = ids.iter().map(|id| json!({"assetId": id})).collect();
    let answer = json!({"assets": assets, "nextPageToken": next});
    Reply::new(200, answer.to_string())
}

#[tokio::test]
async fn files_are_listed_until_no_page_follows() {
    let fake = Fake::start([page(&["a", "b"], Some("p 2")), page(&["b", "c"], None)]).await;
    let list = client(&fake).list_assets(CREDENTIAL, LONG).await.unwrap();
    let expected = AssetList {
        ids: ["a", "b", "c"].map(str::to_owned).to_vec(),
        is_cut: false,
    };
    assert_eq!(list, expected, "each once");
    let received = fake.received();
    let first =
        "/rest/assets?pageSize=50&orderBy=ORDER_BY_LAST_USE_TIME&source=SOURCE_ANY&isLatest=true";
    let asked: Vec<_> = received.iter().map(|one| one.uri.clone()).collect();
    assert_eq!(asked, [first.to_owned(), format!("{first}&pageToken=p+2")]);
    let referer = format!("{}files", fake.url);
    assert_eq!(received[0].method, "GET");
    assert_eq!(received[0].header("referer"), Some(referer.as_str()));
    let cookie = received[0].header("cookie").unwrap();
    assert!(cookie.contains(CREDENTIAL), "the account's cookie");
}

#[tokio::test]
async fn a_list_that_goes_in_circles_ends() {
    let fake = Fake::start([page(&["a"], Some("1")), page(&["b"], Some("1"))]).await;
    let list = client(&fake).list_assets(CREDENTIAL, LONG).await.unwrap();
    assert_eq!((list.ids.len(), list.is_cut), (2, false));
}

#[tokio::test]
async fn an_endless_list_is_cut() {
    let pages = (0..200).map(|n| page(&[&format!("a{n}")], Some(&format!("p{n}"))));
    let fake = Fake::start(pages).await;
    let list = client(&fake).list_assets(CREDENTIAL, LONG).await.unwrap();
    assert_eq!((list.ids.len(), list.is_cut), (200, true));
}

#[tokio::test]
async fn a_file_is_deleted_by_its_id_alone() {
    let gone = Reply::new(404, r#"{"code":5,"message":"gone"}"#);
    let fake = Fake::start([Reply::new(200, "{}"), gone]).await;
    let client = client(&fake);
    client
        .delete_asset(CREDENTIAL, "a/../b?c", LONG)
        .await
        .unwrap();
    let error = client.delete_asset(CREDENTIAL, "d", LONG).await;
    assert_eq!(error.unwrap_err().status(), Some(404));
    let received = fake.received();
    assert_eq!(received[0].method, "DELETE");
    assert_eq!(received[0].uri, "/rest/assets-metadata/a%2F..%2Fb%3Fc");
}

#[tokio::test]
async fn a_dead_session_is_told_as_such() {
    let refused = || Reply::new(401, "{}");
    let fake = Fake::start([refused(), refused()]).await;
    let client = client(&fake);
    let error = client.list_assets(CREDENTIAL, LONG).await.unwrap_err();
    assert_eq!(error.class(), Class::Unauthorized);
    let error = client
        .delete_asset(CREDENTIAL, "a", LONG)
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Unauthorized);
}

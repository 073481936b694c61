//! What Lua must not harm: it has numbers and JSON of its own.

use pool::{Account, AccountChange, Change, Cooldown, CooldownReason, Status};
use store::{DOCUMENT_BYTES, Document, DocumentKind, Record, RequestRow, Span, SumQuery};
use test_support::databases::{Engine, Server};

use crate::{
    opened,
    support::{account, accounts, id, request},
};

const ODD: &str = "a/b \\ \"q\" \u{0}\u{1}\u{7f} é 船 🚢 \u{2028} {}[] %d \r\n\t";

#[tokio::test]
async fn texts_and_numbers_of_an_account_survive_a_change_of_others() {
    let mut server = Server::start(Engine::Redis).await.unwrap();
    let store = opened(&server.fresh_database().unwrap()).await;
    let mut odd = Account {
        note: ODD.to_owned(),
        tags: vec![ODD.to_owned(), String::new()],
        created_at_ms: i64::MIN,
        last_sync_at_ms: Some(i64::MAX),
        last_fail_at_ms: Some((1 << 53) + 1),
        last_fail_reason: Some(ODD.to_owned()),
        fail_count: u32::MAX,
        id: id(ODD),
        ..account("a")
    };
    store
        .insert_accounts(std::slice::from_ref(&odd))
        .await
        .unwrap();
    let change = Change::Status {
        status: Status::Cooling,
        cooldown: Some(Cooldown {
            until_ms: i64::MAX - 1,
            reason: CooldownReason::RateLimited,
        }),
    };
    pool::replay(&mut odd, &change);
    let changes = vec![AccountChange {
        id: id(ODD),
        change,
    }];
    let record = Record {
        changes,
        request: None,
    };
    store.commit(record).await.unwrap();
    assert_eq!(accounts(&*store).await, [odd]);
}

#[tokio::test]
async fn names_of_settings_and_documents_may_hold_anything() {
    let mut server = Server::start(Engine::Redis).await.unwrap();
    let store = opened(&server.fresh_database().unwrap()).await;
    store.set_setting(ODD, ODD).await.unwrap();
    let value = store.get_setting(ODD).await.unwrap();
    assert_eq!(value.as_deref(), Some(ODD));
    let document = Document {
        kind: DocumentKind::UpstreamConversation,
        id: ODD.to_owned(),
        group: ODD.to_owned(),
        at_ms: i64::MIN,
        expires_ms: i64::MAX,
        revision: 1,
        data: "\n".repeat(DOCUMENT_BYTES),
    };
    store.put_document(document.clone()).await.unwrap();
    let read = store
        .get_document(DocumentKind::UpstreamConversation, ODD)
        .await;
    assert_eq!(read.unwrap().as_ref(), Some(&document));
    assert_eq!(store.sweep_documents(i64::MAX - 1).await.unwrap(), 0);
    assert_eq!(store.sweep_documents(i64::MAX).await.unwrap(), 1);
}

#[tokio::test]
async fn sums_stay_at_the_largest_number_there_is() {
    let mut server = Server::start(Engine::Redis).await.unwrap();
    let store = opened(&server.fresh_database().unwrap()).await;
    let largest = u64::try_from(i64::MAX).unwrap();
    for (id, bytes) in [("r1", largest), ("r2", u64::MAX), ("r3", 5)] {
        let request = RequestRow {
            bytes,
            duration_ms: bytes / 2,
            ..request(id, 0)
        };
        let record = Record {
            changes: Vec::new(),
            request: Some(request),
        };
        store.commit(record).await.unwrap();
    }
    let minutes = SumQuery {
        span: Span::Minute,
        since_ms: 0,
        until_ms: 1,
    };
    let sums = store.sum_requests(&minutes).await.unwrap();
    assert_eq!(sums.len(), 1);
    let totals = sums[0].totals;
    assert_eq!((totals.requests, totals.bytes), (3, largest));
    assert_eq!(totals.duration_ms, largest);
    assert_eq!(totals.max_duration_ms, largest);
}

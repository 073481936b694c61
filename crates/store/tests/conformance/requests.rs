//! Request records: reading, sums, retention.

use std::sync::Arc;

use store::{
    AttemptRow, Outcome, Record, RequestQuery, RequestRow, Retention, Span, Store, SumQuery,
    SumRetention, SumRow, Totals,
};

use crate::support::{NOW_MS, request, requests};

async fn commit(store: &dyn Store, rows: &[RequestRow]) {
    for row in rows {
        let record = Record {
            changes: Vec::new(),
            request: Some(row.clone()),
        };
        store.commit(record).await.unwrap();
    }
}

/// As little as can be known: a request that was refused before anything was read.
fn bare(id: &str, at_ms: i64) -> RequestRow {
    RequestRow {
        id: id.to_owned(),
        at_ms,
        endpoint: "models".to_owned(),
        stream: false,
        key: None,
        client: None,
        model: None,
        served_model: None,
        account_id: None,
        account: None,
        attempts: Vec::new(),
        status: 401,
        outcome: Outcome::Refused,
        error_code: Some("invalid_api_key".to_owned()),
        first_byte_ms: None,
        duration_ms: 0,
        bytes: 0,
        prompt_tokens: 0,
        completion_tokens: 0,
        reasoning_tokens: 0,
        estimated: false,
        cost: 0,
    }
}

pub(crate) async fn requests_read_back_as_written(store: Arc<dyn Store>) {
    let mut failed = request("r2", NOW_MS + 1);
    failed.outcome = Outcome::Failed;
    failed.status = 504;
    failed.duration_ms = u64::try_from(i64::MAX).unwrap();
    failed.cost = u32::MAX;
    failed.attempts.push(AttemptRow {
        account: "it's \"队\"".to_owned(),
        ..AttemptRow::default()
    });
    let rows = [failed, request("r1", NOW_MS), bare("r0", NOW_MS - 1)];
    commit(&*store, &rows).await;
    for row in &rows {
        let stored = store.get_request(&row.id).await.unwrap();
        assert_eq!(stored.as_ref(), Some(row));
    }
    assert_eq!(requests(&*store).await, rows, "newest first");
    assert_eq!(store.get_request("unknown").await.unwrap(), None);
}

pub(crate) async fn requests_are_listed_by_what_is_asked(store: Arc<dyn Store>) {
    let mut rows = [
        bare("r1", 10),
        request("r2", 20),
        request("r3", 20),
        request("r4", 30),
        request("r5", 40),
    ];
    rows[2].outcome = Outcome::ClientGone;
    rows[3].key = Some("other".to_owned());
    rows[4].served_model = Some("grok-3".to_owned());
    commit(&*store, &rows).await;
    let list = async |query: RequestQuery| {
        let listed = store.list_requests(&query).await.unwrap();
        listed.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    let all = || RequestQuery::newest(9);
    let text = |text: &str| Some(text.to_owned());

    assert_eq!(list(all()).await, ["r5", "r4", "r3", "r2", "r1"]);
    let mut page = RequestQuery::newest(2);
    assert_eq!(list(page.clone()).await, ["r5", "r4"]);
    page.before = Some(rows[3].position());
    assert_eq!(list(page.clone()).await, ["r3", "r2"]);
    page.before = Some(rows[2].position());
    assert_eq!(
        list(page.clone()).await,
        ["r2", "r1"],
        "one at the same time"
    );
    page.until_ms = Some(20);
    assert_eq!(list(page.clone()).await, ["r1"], "the lower bound counts");
    page.until_ms = Some(40);
    assert_eq!(list(page.clone()).await, ["r2", "r1"]);
    page.before = Some(rows[0].position());
    assert_eq!(list(page).await, [""; 0]);

    let (since_ms, until_ms) = (Some(20), Some(40));
    assert_eq!(
        list(RequestQuery { since_ms, ..all() }).await,
        ["r5", "r4", "r3", "r2"]
    );
    assert_eq!(
        list(RequestQuery {
            since_ms,
            until_ms,
            ..all()
        })
        .await,
        ["r4", "r3", "r2"]
    );
    assert_eq!(
        list(RequestQuery {
            only_failed: true,
            ..all()
        })
        .await,
        ["r3", "r1"]
    );
    let until_ms = Some(20);
    let failed = RequestQuery {
        only_failed: true,
        until_ms,
        ..all()
    };
    assert_eq!(list(failed).await, ["r1"]);
    assert_eq!(
        list(RequestQuery {
            key: text("other"),
            ..all()
        })
        .await,
        ["r4"]
    );
    assert_eq!(
        list(RequestQuery {
            endpoint: text("models"),
            ..all()
        })
        .await,
        ["r1"]
    );
    assert_eq!(
        list(RequestQuery {
            model: text("grok-3"),
            ..all()
        })
        .await,
        ["r5"],
        "served"
    );
    let asked = RequestQuery {
        model: text("gpt-4o"),
        ..all()
    };
    assert_eq!(list(asked).await, ["r5", "r4", "r3", "r2"], "asked");
}

pub(crate) async fn long_texts_of_strangers_are_cut(store: Arc<dyn Store>) {
    let row = RequestRow {
        model: Some("m".repeat(100_000)),
        ..request("r1", NOW_MS)
    };
    commit(&*store, &[row]).await;
    let stored = store.get_request("r1").await.unwrap().unwrap();
    assert_eq!(stored.model, Some("m".repeat(128)));
}

async fn sums(store: &dyn Store, span: Span, since_ms: i64, until_ms: i64) -> Vec<SumRow> {
    let query = SumQuery {
        span,
        since_ms,
        until_ms,
    };
    store.sum_requests(&query).await.unwrap()
}

pub(crate) async fn requests_are_summed_by_minute_hour_and_day(store: Arc<dyn Store>) {
    const HOUR_MS: i64 = 3_600_000;
    let first = request("r1", NOW_MS);
    let quick = RequestRow {
        duration_ms: 100,
        first_byte_ms: None,
        ..request("r2", NOW_MS + 59_999)
    };
    let next_minute = request("r3", NOW_MS + 60_000);
    let nobody = bare("r4", NOW_MS);
    let next_hour = request("r5", NOW_MS + HOUR_MS);
    commit(&*store, &[first, quick, next_minute, nobody, next_hour]).await;

    let minutes = sums(&*store, Span::Minute, NOW_MS, NOW_MS + 60_000).await;
    let served = SumRow {
        span: Span::Minute,
        start_ms: NOW_MS,
        model: "grok-4".to_owned(),
        key: "team".to_owned(),
        outcome: Outcome::Served,
        totals: Totals {
            requests: 2,
            prompt_tokens: 22,
            completion_tokens: 44,
            reasoning_tokens: 6,
            bytes: 8192,
            cost: 2,
            duration_ms: 1000,
            max_duration_ms: 900,
            first_byte_ms: 120,
            first_bytes: 1,
        },
    };
    let refused = SumRow {
        model: String::new(),
        key: String::new(),
        outcome: Outcome::Refused,
        totals: Totals {
            requests: 1,
            ..Totals::default()
        },
        ..served.clone()
    };
    assert_eq!(minutes, [refused, served]);
    let counts = |rows: Vec<SumRow>| {
        let counts = rows.iter().map(|row| (row.start_ms, row.totals.requests));
        counts.collect::<Vec<_>>()
    };
    let all = async |span| counts(sums(&*store, span, 0, i64::MAX).await);
    let hour = Span::Hour.start_ms(NOW_MS);
    assert_eq!(
        all(Span::Hour).await,
        [(hour, 1), (hour, 3), (hour + HOUR_MS, 1)]
    );
    let day = Span::Day.start_ms(NOW_MS);
    assert_eq!(all(Span::Day).await, [(day, 1), (day, 4)]);
}

pub(crate) async fn old_requests_are_removed_by_age_number_and_size(store: Arc<dyn Store>) {
    let rows: Vec<_> = (0..100).map(|n| request(&format!("r{n:03}"), n)).collect();
    commit(&*store, &rows).await;
    let prune = async |retention: Retention| {
        let pruned = store.prune_requests(&retention).await.unwrap();
        assert!(!pruned.more);
        let left = requests(&*store).await;
        assert_eq!(left.first(), rows.last(), "the newest stay");
        (pruned.removed, left.len())
    };
    assert_eq!(prune(Retention::default()).await, (0, 100));
    let before_ms = Some(10);
    assert_eq!(
        prune(Retention {
            before_ms,
            ..Retention::default()
        })
        .await,
        (10, 90)
    );
    let max_rows = Some(80);
    assert_eq!(
        prune(Retention {
            max_rows,
            ..Retention::default()
        })
        .await,
        (10, 80)
    );
    let max_bytes = Some(20_000);
    let limits = Retention {
        before_ms,
        max_rows,
        max_bytes,
    };
    let (removed, left) = prune(limits).await;
    assert!((30..80).contains(&left), "{left} rows of some 350 bytes");
    assert_eq!(removed, 80 - u64::try_from(left).unwrap());
    assert_eq!(prune(limits).await, (0, left), "nothing more to do");
    let day = sums(&*store, Span::Day, 0, 1).await;
    assert_eq!(day[0].totals.requests, 100, "sums stay");

    let max_rows = Some(0);
    let all = Retention {
        max_rows,
        ..Retention::default()
    };
    let pruned = store.prune_requests(&all).await.unwrap();
    assert_eq!(pruned.removed, u64::try_from(left).unwrap());
    assert_eq!(requests(&*store).await, []);
}

pub(crate) async fn one_call_removes_a_bounded_number_of_rows(store: Arc<dyn Store>) {
    let mut receipts = Vec::new();
    for n in 0..10_300 {
        let record = Record {
            changes: Vec::new(),
            request: Some(bare(&format!("r{n:05}"), n)),
        };
        receipts.push(store.submit(record).unwrap());
        if receipts.len() == 5000 {
            for receipt in receipts.drain(..) {
                receipt.await.unwrap();
            }
        }
    }
    for receipt in receipts {
        receipt.await.unwrap();
    }
    let retention = Retention {
        max_rows: Some(100),
        ..Retention::default()
    };
    let first = store.prune_requests(&retention).await.unwrap();
    assert_eq!((first.removed, first.more), (10_000, true));
    let second = store.prune_requests(&retention).await.unwrap();
    assert_eq!((second.removed, second.more), (200, false));
    let left = requests(&*store).await;
    assert_eq!((left.len(), left[99].at_ms), (100, 10_200));
}

pub(crate) async fn old_sums_are_removed_by_span(store: Arc<dyn Store>) {
    commit(
        &*store,
        &[request("r1", NOW_MS), request("r2", NOW_MS + 60_000)],
    )
    .await;
    let retention = SumRetention {
        minute_before_ms: NOW_MS + 60_000,
        hour_before_ms: i64::MAX,
        day_before_ms: 0,
    };
    let pruned = store.prune_sums(&retention).await.unwrap();
    assert_eq!((pruned.removed, pruned.more), (2, false));
    let count = async |span| sums(&*store, span, 0, i64::MAX).await.len();
    assert_eq!(count(Span::Minute).await, 1);
    assert_eq!(count(Span::Hour).await, 0);
    assert_eq!(count(Span::Day).await, 1);
}

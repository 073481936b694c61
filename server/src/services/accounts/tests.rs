use std::time::{Duration, Instant};

use futures::FutureExt;
use settings::Config;
use sqlx::{Connection, SqliteConnection};
use store::MasterKey;
use tokio::time::sleep;

use super::*;
use crate::{gateway::Gateway, media::files::MediaFiles, snapshot::Snapshot};

/// The page's service over a store and an empty pool.
async fn page(folder: &tempfile::TempDir) -> Accounts {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let key = MasterKey::load_or_create(folder.path(), None).unwrap();
    let store = store::open("", folder.path(), key).await.unwrap();
    let snapshot = Snapshot::own(Config::default(), Vec::new()).unwrap();
    let files = MediaFiles::open(folder.path()).unwrap();
    let gateway = Gateway::new(&snapshot.settings, store.clone(), files);
    let current = Current::new(snapshot);
    let runtime = Runtime::new(
        folder.path().to_owned(),
        Config::default(),
        current.clone(),
        None,
        gateway,
    );
    Accounts::new(current, Arc::new(runtime), store)
}

fn add<'a>(
    page: &'a Accounts,
    text: &str,
) -> impl Future<Output = Result<ImportPreview, UiError>> + use<'a> {
    let proof = AdminProof::checked();
    page.add_accounts(proof, text.to_owned(), dto::Tier::Basic)
}

#[tokio::test]
async fn a_deletion_that_the_browser_cuts_off_has_deleted_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let page = page(&folder).await;
    add(&page, "cut-off-0001").await.unwrap();
    let pool = page.pool();
    let ids = AccountChoice::Ids(pool.ids().iter().map(ToString::to_string).collect());
    let deletion = page.delete_chosen_accounts(AdminProof::checked(), ids);
    assert!(deletion.now_or_never().is_none(), "it waits for the store");
    assert_eq!(pool.len(), 1);
}

#[tokio::test]
async fn another_instance_undoes_a_deletion() {
    let folder = tempfile::tempdir().unwrap();
    let page = page(&folder).await;
    add(&page, "restored-0001\nrestored-0002").await.unwrap();
    let ids = page.pool().ids().iter().map(ToString::to_string).collect();
    let ids = AccountChoice::Ids(ids);
    let deleted = page
        .delete_chosen_accounts(AdminProof::checked(), ids)
        .await;
    let deleted = deleted.unwrap();
    assert_eq!((deleted.count, page.pool().len()), (2, 0));
    let snapshot = Snapshot::own(Config::default(), Vec::new()).unwrap();
    let other = Accounts::new(
        Current::new(snapshot),
        page.runtime.clone(),
        page.store.clone(),
    );
    let restored = other.restore_accounts(AdminProof::checked(), deleted.undo_id.clone());
    assert_eq!(restored.await, Ok(2));
    let again = page.restore_accounts(AdminProof::checked(), deleted.undo_id);
    assert_eq!(again.await, Err(UiError::NotFound));
}

#[tokio::test]
async fn an_account_that_only_the_store_has_serves_once_it_is_added_again() {
    let folder = tempfile::tempdir().unwrap();
    let page = page(&folder).await;
    // What is left when the browser goes away while the account is being stored.
    let credential = Credential::try_new("cut-off-0001").unwrap();
    let account = Account::new(new_account_id(), credential, pool::Tier::Basic, now_ms());
    page.store.insert_accounts(&[account]).await.unwrap();

    let report = add(&page, "cut-off-0001").await.unwrap();
    assert_eq!((report.new, report.duplicate), (0, 1));
    assert_eq!(page.pool().len(), 1);
    let report = add(&page, "cut-off-0001").await.unwrap();
    assert_eq!((report.new, report.duplicate), (0, 1));
}

#[tokio::test]
async fn an_account_with_a_note_beyond_every_limit_can_be_deleted_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let page = page(&folder).await;
    let credential = Credential::try_new("long-note-0001").unwrap();
    let mut account = Account::new(new_account_id(), credential, pool::Tier::Basic, now_ms());
    account.note = "n".repeat(1_000_000);
    page.insert(vec![account]).await.unwrap();
    let everything = AccountChoice::Found(AccountFilter::default());
    let deleted = page
        .delete_chosen_accounts(AdminProof::checked(), everything)
        .await;
    let deleted = deleted.unwrap();
    assert_eq!((deleted.count, page.pool().len()), (1, 0));
    let restored = page.restore_accounts(AdminProof::checked(), deleted.undo_id);
    assert_eq!(restored.await, Ok(1));
    let accounts: Vec<_> = page
        .pool()
        .ids()
        .iter()
        .filter_map(|id| page.pool().get(id))
        .collect();
    assert_eq!(accounts[0].note.len(), 500);
}

#[test]
fn what_the_store_will_never_take_is_no_outage() {
    let refused = unavailable(store::StoreError::Constraint {
        reason: "too large".to_owned(),
    });
    assert!(matches!(
        refused,
        UiError::Invalid {
            rule: Rule::NotStorable,
            ..
        }
    ));
}

#[tokio::test]
async fn what_a_slow_store_writes_late_is_in_the_pool_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let page = page(&folder).await;
    add(&page, "slow-store-0001").await.unwrap();
    let id = page.pool().ids()[0].to_string();
    let path = folder.path().join(store::DATABASE_FILE);
    let mut foreign = SqliteConnection::connect(path.to_str().unwrap())
        .await
        .unwrap();
    let held = foreign.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let cookie = "slow-store-0002".to_owned();
    let (replaced, added) = tokio::join!(
        page.replace_cookie(AdminProof::checked(), id, cookie),
        add(&page, "slow-store-0003"),
    );
    assert_eq!(replaced.unwrap_err(), UiError::Unavailable);
    assert_eq!(added.unwrap_err(), UiError::Unavailable);

    held.rollback().await.unwrap();
    let asked = Instant::now();
    let patient = || assert!(asked.elapsed() < Duration::from_secs(30));
    while page.store.commit(Record::default()).await.is_err() {
        patient();
        sleep(Duration::from_millis(20)).await;
    }
    loop {
        let stored = page.store.load_accounts().await.unwrap().accounts;
        let known = page.pool().find(|account| Some(account.credential.clone()));
        let stored: HashSet<_> = stored.into_iter().map(|one| one.credential).collect();
        if stored == known.into_iter().collect::<HashSet<_>>() {
            break;
        }
        patient();
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn what_another_instance_has_added_a_moment_ago_is_not_new() {
    let folder = tempfile::tempdir().unwrap();
    let page = page(&folder).await;
    let credential = Credential::try_new("both-have-it-0001").unwrap();
    let account = Account::new(new_account_id(), credential, pool::Tier::Basic, now_ms());
    let there = account.id.clone();
    page.store.insert_accounts(&[account]).await.unwrap();
    let new = NewAccount {
        cookie: "both-have-it-0001".to_owned(),
        tier: dto::Tier::Basic,
        tags: Vec::new(),
        note: String::new(),
    };
    let created = page.create(&AdminProof::checked(), vec![Ok(new)]).await;
    let created = created.unwrap();
    assert_eq!(created[0].status, dto::LineStatus::Duplicate);
    assert_eq!(created[0].id, None);
    assert!(page.pool().contains(&there), "it serves here as well");
}

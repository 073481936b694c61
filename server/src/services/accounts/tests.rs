use futures::FutureExt;
use settings::Config;
use store::MasterKey;

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
async fn a_deletion_that_the_browser_cuts_off_can_be_undone() {
    let folder = tempfile::tempdir().unwrap();
    let page = page(&folder).await;
    add(&page, "cut-off-0001").await.unwrap();
    let pool = page.pool();
    let views = pool.snapshot(now_ms()).into_iter();
    let ids = views.map(|view| view.account.id.to_string()).collect();
    let deletion = page.delete_accounts(AdminProof::checked(), ids);
    assert!(deletion.now_or_never().is_none(), "it waits for the store");
    assert!(pool.is_empty());
    let undo = page.undo.lock()[0].id.clone();
    let restored = page.restore_accounts(AdminProof::checked(), undo).await;
    assert_eq!((restored.unwrap(), pool.len()), (1, 1));
}

#[tokio::test]
async fn an_account_that_only_the_store_has_serves_once_it_is_added_again() {
    let folder = tempfile::tempdir().unwrap();
    let page = page(&folder).await;
    // What is left when the browser goes away while the account is being stored.
    let credential = Credential::try_new("cut-off-0001").unwrap();
    let account = Account::new(new_account_id(), credential, Tier::Basic, now_ms());
    page.store.insert_accounts(&[account]).await.unwrap();

    let report = add(&page, "cut-off-0001").await.unwrap();
    assert_eq!((report.new, report.duplicate), (1, 0));
    assert_eq!(page.pool().len(), 1);
    let report = add(&page, "cut-off-0001").await.unwrap();
    assert_eq!((report.new, report.duplicate), (0, 1));
}

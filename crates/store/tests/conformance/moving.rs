//! Everything is moved from store to store, and into a backup and out of it.

use std::{ops::ControlFlow, sync::Arc};

use store::{
    MasterKey, Store, Table,
    backup::{BackupError, BackupSecret, restore_backup, verify_backup, write_backup},
    moving::{MoveError, MoveProgress, is_half_filled, move_everything},
};

use crate::{
    support::{NOW_MS, account, key},
    tables::{checksums, fill},
};

/// Goes on to the end.
fn go_on(_: MoveProgress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Around through these stores, the first of which is filled here and read last.
pub(crate) async fn everything_moves_around_and_ends_where_it_began(stores: Vec<Arc<dyn Store>>) {
    fill(stores[0].as_ref()).await;
    let before = checksums(stores[0].as_ref()).await;
    for (at, pair) in stores.windows(2).enumerate() {
        let (from, to) = (pair[0].as_ref(), pair[1].as_ref());
        let moved = move_everything(from, to, &at.to_string(), &mut go_on).await;
        let moved = moved.unwrap();
        assert_eq!(
            (moved.unreadable.len(), moved.tables.len()),
            (0, Table::ALL.len())
        );
        assert_eq!(checksums(to).await, before);
    }
    for store in stores {
        store.close().await;
    }
}

pub(crate) async fn a_move_goes_on_where_it_stopped([from, to]: [Arc<dyn Store>; 2]) {
    fill(from.as_ref()).await;
    // Two pages at a time, into the comparison.
    for _ in 0..6 {
        let mut left = 2;
        let mut stop_after_two = |_: MoveProgress| {
            left -= 1;
            match left {
                0 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        };
        let moved = move_everything(from.as_ref(), to.as_ref(), "a", &mut stop_after_two).await;
        assert!(matches!(moved, Err(MoveError::Stopped)), "{moved:?}");
        assert!(is_half_filled(to.as_ref()).await.unwrap());
        let other = move_everything(from.as_ref(), to.as_ref(), "b", &mut go_on).await;
        assert!(matches!(other, Err(MoveError::OtherSource)));
    }
    let moved = move_everything(from.as_ref(), to.as_ref(), "a", &mut go_on).await;
    assert_eq!(moved.unwrap().tables.len(), Table::ALL.len());
    assert!(!is_half_filled(to.as_ref()).await.unwrap());
    assert_eq!(checksums(from.as_ref()).await, checksums(to.as_ref()).await);
    let again = move_everything(from.as_ref(), to.as_ref(), "a", &mut go_on).await;
    assert!(
        matches!(again, Err(MoveError::NotEmpty)),
        "it is in use now"
    );
    from.close().await;
    to.close().await;
}

pub(crate) async fn a_source_that_was_in_use_is_noticed([from, to]: [Arc<dyn Store>; 2]) {
    fill(from.as_ref()).await;
    let mut stop = |_: MoveProgress| ControlFlow::Break(());
    let stopped = move_everything(from.as_ref(), to.as_ref(), "a", &mut stop).await;
    assert!(matches!(stopped, Err(MoveError::Stopped)));
    from.insert_accounts(&[account("late")]).await.unwrap();
    let moved = move_everything(from.as_ref(), to.as_ref(), "a", &mut go_on).await;
    let error = moved.unwrap_err();
    assert!(
        matches!(
            error,
            MoveError::Differs {
                table: Table::Accounts,
                ..
            }
        ),
        "{error}"
    );
    assert!(
        is_half_filled(to.as_ref()).await.unwrap(),
        "no server uses it"
    );
    from.close().await;
    to.close().await;
}

async fn backup(store: &dyn Store, secret: &BackupSecret) -> Vec<u8> {
    let mut file = Vec::new();
    let mut tables = store.tables().await.unwrap();
    let config = Some("[app]\n".to_owned());
    let key = key();
    let written = write_backup(&mut tables, config, &key, secret, NOW_MS, &mut file);
    let summary = written.await.unwrap();
    assert_eq!(summary.rows["requests"], 1_100);
    file
}

pub(crate) async fn a_backup_restores_everything([from, to]: [Arc<dyn Store>; 2]) {
    fill(from.as_ref()).await;
    let before = checksums(from.as_ref()).await;
    let secret = BackupSecret::passphrase("correct horse").unwrap();
    let file = backup(from.as_ref(), &secret).await;
    let text = String::from_utf8_lossy(&file);
    for planted in ["cookie-of-a", "planted", "192.0.2.7"] {
        assert!(!text.contains(planted), "{planted} in clear");
    }
    let read = verify_backup(&file[..], None, &secret).unwrap();
    assert_eq!(read.config.as_deref(), Some("[app]\n"));
    assert!(read.master_key.unwrap().is_same(&key()));
    assert_eq!(read.summary.created_ms, NOW_MS);
    restore_backup(&file[..], None, &secret, to.as_ref(), false)
        .await
        .unwrap();
    assert_eq!(checksums(to.as_ref()).await, before);
    assert!(!is_half_filled(to.as_ref()).await.unwrap());
    to.insert_accounts(&[account("newer")]).await.unwrap();
    let again = restore_backup(&file[..], None, &secret, to.as_ref(), false).await;
    assert!(matches!(again, Err(BackupError::NotEmpty)));
    restore_backup(&file[..], None, &secret, to.as_ref(), true)
        .await
        .unwrap();
    assert_eq!(
        checksums(to.as_ref()).await,
        before,
        "what was newer is gone"
    );
    from.close().await;
    to.close().await;
}

pub(crate) async fn a_backup_with_the_master_key_needs_it(store: Arc<dyn Store>) {
    fill(store.as_ref()).await;
    let file = backup(store.as_ref(), &BackupSecret::MasterKey).await;
    let read = verify_backup(&file[..], Some(&key()), &BackupSecret::MasterKey).unwrap();
    assert!(read.master_key.is_none());
    let other = MasterKey::from_bytes([9; 32]);
    let read = verify_backup(&file[..], Some(&other), &BackupSecret::MasterKey);
    assert!(matches!(read.map(drop), Err(BackupError::WrongKey)));
    let half = verify_backup(
        &file[..file.len() / 2],
        Some(&key()),
        &BackupSecret::MasterKey,
    );
    assert!(half.is_err());
    store.close().await;
}

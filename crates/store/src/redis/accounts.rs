//! Loading the account pool.

use pool::AccountId;
use redis::cmd;

use super::{keys::key, link::Link, media::scan, rows::read_account};
use crate::{StoreError, Unreadable, account::AccountRow};

/// Accounts that are read at once by their ids.
const CHUNK: usize = 1000;

/// Every account, oldest first; what cannot be read comes before.
pub(super) async fn load(link: &Link) -> Result<Vec<Result<AccountRow, Unreadable>>, StoreError> {
    let mut accounts = Vec::new();
    let (mut next, mut fields) = scan(link, "accounts", "0").await?;
    while next != "0" {
        // The server looks for the next ones while we read these.
        let reading = async {
            accounts.extend(fields.into_iter().map(|(id, text)| read(id, &text)));
        };
        let (scanned, ()) = tokio::join!(scan(link, "accounts", &next), reading);
        (next, fields) = scanned?;
    }
    accounts.extend(fields.into_iter().map(|(id, text)| read(id, &text)));
    accounts.sort_by(|one, other| place_of(one).cmp(&place_of(other)));
    // A scan may tell the same twice.
    accounts.dedup_by(|later, account| place_of(later).1 == place_of(account).1);
    Ok(accounts)
}

/// Those of these ids that are there.
pub(super) async fn some(
    link: &Link,
    ids: &[String],
) -> Result<Vec<Result<AccountRow, Unreadable>>, StoreError> {
    let mut accounts = Vec::with_capacity(ids.len());
    for ids in ids.chunks(CHUNK) {
        let mut get = cmd("HMGET");
        get.arg(key("accounts")).arg(ids);
        let texts: Vec<Option<String>> = link.ask(get).await?;
        let found = ids.iter().zip(texts);
        accounts.extend(found.filter_map(|(id, text)| Some(read(id.clone(), &text?))));
    }
    Ok(accounts)
}

fn read(id: String, text: &str) -> Result<AccountRow, Unreadable> {
    let unreadable = |reason: &str| Unreadable {
        id: AccountId::new(id.as_str()),
        reason: reason.to_owned(),
    };
    read_account(id.clone(), text).map_err(unreadable)
}

fn place_of(account: &Result<AccountRow, Unreadable>) -> (Option<i64>, &str) {
    match account {
        Ok(row) => (Some(row.created_at_ms), &row.id),
        Err(unreadable) => (None, unreadable.id.as_str()),
    }
}

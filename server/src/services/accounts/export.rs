//! Accounts with their cookies, written some at a time.

use bytes::Bytes;
use futures::{Stream, stream};
use grok2api_app::{
    dto::{AccountChoice, ExportFormat},
    service::AdminProof,
};
use pool::{Account, AccountId, Pool, Tier};
use store::legacy;

use super::{Accounts, choose};

/// Accounts of one piece.
const CHUNK: usize = 200;

/// A piece that is to be written.
enum Piece {
    Text(String),
    /// A cookie on each line.
    Lines(Vec<AccountId>),
    /// Entries of the list of `token.json` that the text before began.
    Entries(Vec<AccountId>),
}

impl Accounts {
    /// The accounts that are meant, as they are while they are written.
    pub fn export(
        &self,
        _admin: &AdminProof,
        choice: AccountChoice,
        format: ExportFormat,
    ) -> impl Stream<Item = Bytes> + Send + use<> {
        let pool = self.pool();
        let ids = choose(&pool, choice);
        tracing::info!(
            count = ids.len(),
            "accounts are exported with their cookies"
        );
        let pieces: Vec<_> = match format {
            ExportFormat::Text => {
                let chunks = ids.chunks(CHUNK);
                chunks.map(|ids| Piece::Lines(ids.to_vec())).collect()
            }
            ExportFormat::Json => pieces_by_tier(&pool, &ids),
        };
        let mut comma = "";
        stream::iter(pieces.into_iter().map(move |piece| match piece {
            Piece::Text(text) => {
                comma = "";
                text.into()
            }
            Piece::Lines(ids) => each(&pool, &ids, |account| {
                format!("{}\n", account.credential.expose())
            }),
            Piece::Entries(ids) => each(&pool, &ids, |account| {
                format!(
                    "{}\n    {}",
                    std::mem::replace(&mut comma, ","),
                    legacy::write_entry(account)
                )
            }),
        }))
    }
}

fn each(pool: &Pool, ids: &[AccountId], mut write: impl FnMut(&Account) -> String) -> Bytes {
    let accounts = ids.iter().filter_map(|id| pool.get(id));
    let text: String = accounts.map(|account| write(&account)).collect();
    text.into()
}

/// `{"ssoBasic": […], …}` with the pools that have accounts.
fn pieces_by_tier(pool: &Pool, ids: &[AccountId]) -> Vec<Piece> {
    let mut pieces = vec![Piece::Text("{".to_owned())];
    let mut comma = "";
    for tier in Tier::ALL {
        let is_of_tier = |id: &&AccountId| pool.get(id).is_some_and(|one| one.tier == tier);
        let ids: Vec<_> = ids.iter().filter(is_of_tier).cloned().collect();
        if ids.is_empty() {
            continue;
        }
        pieces.push(Piece::Text(format!("{comma}\n\"{}\": [", tier.as_str())));
        pieces.extend(ids.chunks(CHUNK).map(|ids| Piece::Entries(ids.to_vec())));
        pieces.push(Piece::Text("\n  ]".to_owned()));
        comma = ",";
    }
    pieces.push(Piece::Text("\n}\n".to_owned()));
    pieces
}

//! A batch as the arguments of its script.

mod patch;

use std::collections::{BTreeMap, HashSet};

use redis::{Cmd, ToRedisArgs};

use patch::{pack_credential, pack_patch};

use crate::{
    Document, MAX_JOBS_OF_OWNER, MAX_UNMADE_JOBS, Outcome, Totals,
    request::StoredRequest,
    sums::SumKey,
    writer::{Batch, Op},
};

use super::{
    keys::{beyond, place, time, until, with},
    rows::{account_text, job_text, media_text, request_text, sum_place, totals_in_order},
};

/// Requests of one operation: Lua's stack holds two values for each.
const REQUESTS: usize = 1000;

pub(super) fn pack(call: &mut Cmd, batch: &Batch<'_>) {
    pack_new(call, batch);
    for op in &batch.ops {
        pack_op(call, op);
    }
    for requests in batch.requests.chunks(REQUESTS) {
        pack_requests(call, requests);
    }
    for (key, totals) in &batch.sums {
        pack_sum(call, key, totals);
    }
    pack_patches(call, batch);
}

fn put(call: &mut Cmd, args: impl ToRedisArgs) {
    call.arg(args);
}

/// What must not be there yet, since nothing would be undone: what comes twice in the batch itself,
/// and by the hash that it goes into the ids.
fn pack_new(call: &mut Cmd, batch: &Batch<'_>) {
    let mut new = BTreeMap::<&str, Vec<&str>>::new();
    let mut add = |hash, id| new.entry(hash).or_default().push(id);
    for request in &batch.requests {
        add("requests", request.row.id.as_str());
    }
    for op in &batch.ops {
        match op {
            Op::InsertMedia(rows) => rows.iter().for_each(|row| add("media", &row.id)),
            Op::InsertVideoJob(job) => add("video_jobs", &job.id),
            _ => {}
        }
    }
    let twin = new.iter().find_map(|(hash, ids)| {
        let mut seen = HashSet::with_capacity(ids.len());
        let twin = ids.iter().find(|id| !seen.insert(**id))?;
        Some((*hash, *twin))
    });
    put(call, twin.unwrap_or_default());
    put(call, new.len());
    for (hash, ids) in new {
        put(call, (hash, ids.len(), ids));
    }
}

fn pack_op(call: &mut Cmd, op: &Op) {
    match op {
        Op::InsertAccounts(rows) => {
            put(call, ("insert_accounts", rows.len()));
            for row in rows {
                put(call, (&row.id, &row.credential_hash, account_text(row)));
            }
        }
        Op::DeleteAccounts(ids) => {
            put(call, ("delete_accounts", ids.len()));
            ids.iter().for_each(|id| put(call, id.as_str()));
        }
        Op::ReplaceCredential(new) => pack_credential(call, new),
        Op::SetSetting { name, value } => put(call, ("set_setting", name, value)),
        Op::DeleteSetting { name } => put(call, ("delete_setting", name)),
        Op::CreateSession(session) => {
            let over = time(session.expires_at_ms);
            put(
                call,
                ("create_session", &session.id_hash, over, &session.data),
            );
        }
        Op::SaveSession(session) => {
            let over = time(session.expires_at_ms);
            put(
                call,
                ("save_session", &session.id_hash, over, &session.data),
            );
        }
        Op::TouchSession {
            id_hash,
            expires_at_ms,
        } => put(call, ("touch_session", id_hash, time(*expires_at_ms))),
        Op::DeleteSession { id_hash } => put(call, ("delete_session", id_hash)),
        Op::DeleteAllSessions => put(call, "delete_all_sessions"),
        Op::SweepSessions { now_ms } => put(call, ("sweep_sessions", until(*now_ms))),
        Op::TakeLock {
            name,
            holder,
            now_ms,
            until_ms,
        } => put(
            call,
            ("take_lock", name, holder, time(*now_ms), time(*until_ms)),
        ),
        Op::RenewLock {
            name,
            holder,
            now_ms,
            until_ms,
        } => put(
            call,
            ("renew_lock", name, holder, time(*now_ms), time(*until_ms)),
        ),
        Op::ReleaseLock { name, holder } => put(call, ("release_lock", name, holder)),
        Op::InsertMedia(rows) => {
            put(call, ("insert_media", rows.len()));
            rows.iter()
                .for_each(|row| put(call, (&row.id, media_text(row))));
        }
        Op::DeleteMedia { owner, ids } => {
            let whose = owner.as_deref().unwrap_or_default();
            put(
                call,
                ("delete_media", u8::from(owner.is_some()), whose, ids.len()),
            );
            ids.iter().for_each(|id| put(call, id));
        }
        Op::DeleteMediaOf(files) => {
            put(call, ("delete_media_of", files.len()));
            files.iter().for_each(|file| put(call, file));
        }
        Op::InsertVideoJob(job) => {
            put(
                call,
                (
                    "insert_video_job",
                    &job.id,
                    job_text(job),
                    &job.owner,
                    MAX_JOBS_OF_OWNER,
                ),
            );
        }
        Op::UpdateVideoJob(job) => put(call, ("update_video_job", &job.id, job_text(job))),
        Op::DeleteVideoJob { id } => put(call, ("delete_video_job", id)),
        Op::SweepVideoJobs { now_ms } => {
            put(call, ("sweep_video_jobs", until(*now_ms), MAX_UNMADE_JOBS));
        }
        Op::PutDocument(document) => {
            put(call, "put_document");
            put_document(call, document);
        }
        Op::ReplaceDocument(document) => {
            put(call, "replace_document");
            put_document(call, document);
            put(call, document.revision);
        }
        Op::DeleteDocument { kind, id } => put(call, ("delete_document", kind.as_str(), id)),
        Op::DeleteDocuments { kind, group, limit } => {
            put(call, ("delete_documents", kind.as_str(), group, limit));
        }
        Op::DeleteDocumentsUntil {
            kind,
            group,
            at_ms,
            id,
            bytes,
        } => {
            let last = with(&place(*at_ms, id));
            let kind = kind.as_str();
            put(call, ("delete_documents_until", kind, group, last, bytes));
        }
        Op::SweepDocuments { now_ms, limit } => {
            put(call, ("sweep_documents", until(*now_ms), limit));
        }
        Op::PruneRequests { before, limit } => {
            let before = beyond(&place(before.at_ms, &before.id));
            put(call, ("prune_requests", before, limit));
        }
        Op::PruneSums {
            span,
            before_ms,
            limit,
        } => put(
            call,
            (
                "prune_sums",
                span.as_str(),
                beyond(&time(*before_ms)),
                limit,
            ),
        ),
    }
}

fn put_document(call: &mut Cmd, document: &Document) {
    let (at, over) = (time(document.at_ms), time(document.expires_ms));
    let kind = document.kind.as_str();
    put(
        call,
        (
            kind,
            &document.id,
            &document.group,
            at,
            over,
            &document.data,
        ),
    );
}

fn pack_requests(call: &mut Cmd, requests: &[&StoredRequest]) {
    let place_of = |request: &StoredRequest| place(request.row.at_ms, &request.row.id);
    let has_failed = |request: &StoredRequest| request.row.outcome != Outcome::Served;
    let failures = requests
        .iter()
        .filter(|request| has_failed(request))
        .count();
    put(call, ("insert_requests", requests.len(), failures));
    for request in requests {
        put(call, (&request.row.id, request_text(request)));
    }
    for request in requests {
        put(call, (0, place_of(request)));
    }
    for request in requests.iter().filter(|request| has_failed(request)) {
        put(call, (0, place_of(request)));
    }
}

fn pack_sum(call: &mut Cmd, key: &SumKey<'_>, totals: &Totals) {
    put(call, ("add_sum", key.span.as_str(), sum_place(key)));
    for number in totals_in_order(totals) {
        // Counters have 64 bits with a sign.
        put(call, number.min(i64::MAX.unsigned_abs()));
    }
}

fn pack_patches(call: &mut Cmd, batch: &Batch<'_>) {
    let (uses, others): (Vec<_>, Vec<_>) = batch
        .patches
        .iter()
        .partition(|(_, patch)| patch.is_use_only());
    put(call, ("use_quota", uses.len()));
    for (id, _) in &uses {
        put(call, id.as_str());
    }
    for (_, patch) in uses {
        put(call, (patch.used, patch.last_used_at_ms));
    }
    for (id, patch) in others {
        pack_patch(call, id, patch);
    }
}

//! Operations that are one statement each, whose rows are their answer.

use sqlx::Error;

use super::{
    document::{bind_content, bind_name},
    values::Values,
    video_job::bind_video_job,
};
use crate::writer::Op;

/// The statements of an engine. Each binds its values in the order in which they are named here.
pub(crate) struct Statements {
    /// Name, value.
    pub(crate) set_setting: &'static str,
    /// Name.
    pub(crate) delete_setting: &'static str,
    /// Hash of the id, data, end.
    pub(crate) create_session: &'static str,
    /// Data, end, hash of the id.
    pub(crate) save_session: &'static str,
    /// End, hash of the id.
    pub(crate) touch_session: &'static str,
    /// Hash of the id.
    pub(crate) delete_session: &'static str,
    pub(crate) delete_all_sessions: &'static str,
    /// Now.
    pub(crate) sweep_sessions: &'static str,
    /// Until, name, holder, now.
    pub(crate) renew_lock: &'static str,
    /// Name, holder.
    pub(crate) release_lock: &'static str,
    /// As [`bind_video_job`].
    pub(crate) update_video_job: &'static str,
    /// Id.
    pub(crate) delete_video_job: &'static str,
    /// Kind, id, group, time, end, content.
    pub(crate) put_document: &'static str,
    /// Group, time, end, content, kind, id, revision.
    pub(crate) replace_document: &'static str,
    /// Kind, id.
    pub(crate) delete_document: &'static str,
    /// Kind, group, limit.
    pub(crate) delete_documents: &'static str,
    /// Kind, group, time, time, id, bytes.
    pub(crate) delete_documents_until: &'static str,
    /// Now, limit.
    pub(crate) sweep_documents: &'static str,
    /// Span, time, limit.
    pub(crate) prune_sums: &'static str,
}

impl Statements {
    /// The statement of an operation, made by `query`.
    ///
    /// # Errors
    /// It is one that each engine does in its own way.
    pub(crate) fn of<S: Values>(
        &self,
        op: &Op,
        query: impl Fn(&'static str) -> S,
    ) -> Result<S, Error> {
        Ok(match op {
            Op::SetSetting { name, value } => query(self.set_setting).text(name).text(value),
            Op::DeleteSetting { name } => query(self.delete_setting).text(name),
            Op::CreateSession(session) => query(self.create_session)
                .text(&session.id_hash)
                .text(&session.data)
                .int(session.expires_at_ms),
            Op::SaveSession(session) => query(self.save_session)
                .text(&session.data)
                .int(session.expires_at_ms)
                .text(&session.id_hash),
            Op::TouchSession {
                id_hash,
                expires_at_ms,
            } => query(self.touch_session).int(*expires_at_ms).text(id_hash),
            Op::DeleteSession { id_hash } => query(self.delete_session).text(id_hash),
            Op::DeleteAllSessions => query(self.delete_all_sessions),
            Op::SweepSessions { now_ms } => query(self.sweep_sessions).int(*now_ms),
            Op::RenewLock {
                name,
                holder,
                now_ms,
                until_ms,
            } => query(self.renew_lock)
                .int(*until_ms)
                .text(name)
                .text(holder)
                .int(*now_ms),
            Op::ReleaseLock { name, holder } => query(self.release_lock).text(name).text(holder),
            Op::UpdateVideoJob(job) => bind_video_job(query(self.update_video_job), job),
            Op::DeleteVideoJob { id } => query(self.delete_video_job).text(id),
            Op::PutDocument(document) => {
                bind_content(bind_name(query(self.put_document), document), document)
            }
            Op::ReplaceDocument(document) => {
                let content = bind_content(query(self.replace_document), document);
                bind_name(content, document).count(document.revision)
            }
            Op::DeleteDocument { kind, id } => {
                query(self.delete_document).text(kind.as_str()).text(id)
            }
            Op::DeleteDocuments { kind, group, limit } => query(self.delete_documents)
                .text(kind.as_str())
                .text(group)
                .int((*limit).into()),
            Op::DeleteDocumentsUntil {
                kind,
                group,
                at_ms,
                id,
                bytes,
            } => query(self.delete_documents_until)
                .text(kind.as_str())
                .text(group)
                .int(*at_ms)
                .int(*at_ms)
                .text(id)
                .count(*bytes),
            Op::SweepDocuments { now_ms, limit } => query(self.sweep_documents)
                .int(*now_ms)
                .int((*limit).into()),
            Op::PruneSums {
                span,
                before_ms,
                limit,
            } => query(self.prune_sums)
                .text(span.as_str())
                .int(*before_ms)
                .int((*limit).into()),
            Op::InsertAccounts(_)
            | Op::DeleteAccounts(_)
            | Op::ReplaceCredential(_)
            | Op::InsertMedia(_)
            | Op::DeleteMedia { .. }
            | Op::DeleteMediaOf(_)
            | Op::InsertVideoJob(_)
            | Op::SweepVideoJobs { .. }
            | Op::PruneRequests { .. }
            | Op::TakeLock { .. } => {
                let reason = "an operation that is not one statement everywhere";
                return Err(Error::InvalidArgument(reason.to_owned()));
            }
        })
    }
}

//! Rows of generated media, written within a batch.

use std::collections::BTreeSet;

use sqlx::Error;

use super::{
    columns::Columns,
    media::select_is_used,
    rows::{bind_media, read_media_kind},
    session::WriteSession,
    values::Values,
};
use crate::{MediaKind, MediaRow, VIDEO_JOB_PREFIX, writer::Done};

/// Files whose rows were removed.
pub(crate) type Files = BTreeSet<(MediaKind, String)>;

/// The statements of an engine that removes media row by row.
pub(crate) struct MediaStatements {
    /// Selects kind, file and poster of a row; binds its id and its owner, null for any owner.
    pub(crate) files: &'static str,
    /// Binds an id.
    pub(crate) delete: &'static str,
    /// Binds the id of a job.
    pub(crate) delete_job: &'static str,
    /// Selects the first pictures (`poster`) of the rows of a file.
    pub(crate) posters_of: &'static str,
    /// Binds a file.
    pub(crate) delete_of: &'static str,
    /// Binds a file.
    pub(crate) delete_jobs_of: &'static str,
}

/// Adds rows; `insert` binds what [`bind_media`] does.
pub(crate) async fn insert<S: WriteSession>(
    session: &mut S,
    insert: &'static str,
    media: &[MediaRow],
) -> Result<Done, Error> {
    let mut rows = 0;
    for row in media {
        rows += session.execute(bind_media(S::query(insert), row)).await?;
    }
    Ok(Done::of(rows))
}

/// Deletes rows of this owner, or of anybody, together with the jobs that made them.
pub(crate) async fn delete<S: WriteSession>(
    session: &mut S,
    texts: &MediaStatements,
    owner: Option<&str>,
    ids: &[String],
) -> Result<Done, Error> {
    let mut files = Files::new();
    let mut done = Done::default();
    for id in ids {
        let find = S::query(texts.files).text(id).maybe_text(owner);
        for row in session.rows(find).await? {
            let kind = read_media_kind(&row)?;
            files.insert((kind, row.text("file")?));
            let poster = row.maybe_text("poster")?;
            files.extend(poster.map(|poster| (MediaKind::Image, poster)));
            done.rows += session.execute(S::query(texts.delete).text(id)).await?;
            if kind == MediaKind::Video {
                let job = format!("{VIDEO_JOB_PREFIX}{id}");
                session
                    .execute(S::query(texts.delete_job).text(&job))
                    .await?;
            }
        }
    }
    done.unused_files = unused(session, files).await?;
    Ok(done)
}

/// Deletes every row of these files, and the jobs that made them.
pub(crate) async fn delete_of<S: WriteSession>(
    session: &mut S,
    texts: &MediaStatements,
    files: &[String],
) -> Result<Done, Error> {
    let mut posters = Files::new();
    let mut done = Done::default();
    for file in files {
        for row in session.rows(S::query(texts.posters_of).text(file)).await? {
            posters.insert((MediaKind::Image, row.text("poster")?));
        }
        done.rows += session
            .execute(S::query(texts.delete_of).text(file))
            .await?;
        session
            .execute(S::query(texts.delete_jobs_of).text(file))
            .await?;
    }
    done.unused_files = unused(session, posters).await?;
    Ok(done)
}

/// Those of these files that nothing has.
pub(crate) async fn unused<S: WriteSession>(
    session: &mut S,
    files: Files,
) -> Result<Vec<(MediaKind, String)>, Error> {
    let mut unused = Vec::new();
    for (kind, file) in files {
        let row = session.find(select_is_used(kind, &file)).await?;
        if !row.flag("is_used")? {
            unused.push((kind, file));
        }
    }
    Ok(unused)
}

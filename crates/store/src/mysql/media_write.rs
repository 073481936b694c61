//! Rows of generated media, written.

use std::collections::BTreeSet;

use sqlx::{Error, Row, query};

use super::{
    apply::rows,
    connection::Session,
    error::Failure,
    media::is_file_used,
    rows::{bind_media, read_media_kind},
    statements::{
        ALONE_WITH_MEDIA, DELETE_MEDIA, DELETE_MEDIA_OF, DELETE_VIDEO_JOB, DELETE_VIDEO_JOBS_OF,
        FILES_OF_MEDIA, INSERT_MEDIA, POSTERS_OF_FILE,
    },
};
use crate::{MediaKind, MediaRow, VIDEO_JOB_PREFIX, writer::Done};

/// Files by the name of their kind.
type Files = BTreeSet<(&'static str, String)>;

pub(super) async fn insert(session: &mut Session, media: &[MediaRow]) -> Result<Done, Failure> {
    let mut added = 0;
    for row in media {
        added += session
            .execute(bind_media(query(INSERT_MEDIA), row))
            .await?;
    }
    Ok(rows(added))
}

/// Deletes rows of this owner, or of anybody, together with the jobs that made them.
pub(super) async fn delete(
    session: &mut Session,
    owner: &Option<String>,
    ids: &[String],
) -> Result<Done, Failure> {
    session.execute(query(ALONE_WITH_MEDIA)).await?;
    let mut files = Files::new();
    let mut done = Done::default();
    for id in ids {
        let find = query(FILES_OF_MEDIA).bind(id).bind(owner);
        let Some(found) = session.row(find).await? else {
            continue;
        };
        let kind = read_media_kind(found.try_get("kind")?)?;
        files.insert((kind.as_str(), found.try_get("file")?));
        let poster: Option<String> = found.try_get("poster")?;
        files.extend(poster.map(|poster| (MediaKind::Image.as_str(), poster)));
        done.rows += session.execute(query(DELETE_MEDIA).bind(id)).await?;
        if kind == MediaKind::Video {
            let job = query(DELETE_VIDEO_JOB).bind(format!("{VIDEO_JOB_PREFIX}{id}"));
            session.execute(job).await?;
        }
    }
    done.unused_files = unused(session, files).await?;
    Ok(done)
}

/// Deletes every row of these files, and the jobs that made them.
pub(super) async fn delete_of(session: &mut Session, files: &[String]) -> Result<Done, Failure> {
    session.execute(query(ALONE_WITH_MEDIA)).await?;
    let mut posters = Files::new();
    let mut done = Done::default();
    for file in files {
        for row in session.rows(query(POSTERS_OF_FILE).bind(file)).await? {
            posters.insert((MediaKind::Image.as_str(), row.try_get(0)?));
        }
        done.rows += session.execute(query(DELETE_MEDIA_OF).bind(file)).await?;
        session
            .execute(query(DELETE_VIDEO_JOBS_OF).bind(file))
            .await?;
    }
    done.unused_files = unused(session, posters).await?;
    Ok(done)
}

/// Those of these files that nothing has.
async fn unused(session: &mut Session, files: Files) -> Result<Vec<(MediaKind, String)>, Error> {
    let mut unused = Vec::new();
    for (kind, file) in files {
        let kind = read_media_kind(kind)?;
        let found = session.row(is_file_used(kind, &file)).await?;
        let is_used = found.map(|row| row.try_get::<bool, _>(0)).transpose()?;
        if is_used == Some(false) {
            unused.push((kind, file));
        }
    }
    Ok(unused)
}

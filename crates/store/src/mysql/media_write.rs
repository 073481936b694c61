//! Rows of generated media, removed.

use sqlx::query;

use super::{
    connection::Session,
    error::Failure,
    statements::{ALONE_WITH_MEDIA, MEDIA},
};
use crate::{sql::media_write, writer::Done};

pub(super) async fn delete(
    session: &mut Session,
    owner: Option<&str>,
    ids: &[String],
) -> Result<Done, Failure> {
    session.execute(query(ALONE_WITH_MEDIA)).await?;
    Ok(media_write::delete(session, &MEDIA, owner, ids).await?)
}

pub(super) async fn delete_of(session: &mut Session, files: &[String]) -> Result<Done, Failure> {
    session.execute(query(ALONE_WITH_MEDIA)).await?;
    Ok(media_write::delete_of(session, &MEDIA, files).await?)
}

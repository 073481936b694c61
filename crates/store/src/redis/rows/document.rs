//! Documents: what the scripts need in the first line, then group and content.

use crate::{Document, DocumentKind};

use super::super::keys::time_of;

/// `name` is kind and id.
pub(in super::super) fn read_document(name: &str, text: &str) -> Option<Document> {
    let (kind, id) = name.split_once('/')?;
    let (head, rest) = text.split_once('\n')?;
    let mut head = head.split(' ');
    let revision = head.next()?.parse().ok()?;
    let at_ms = time_of(head.next()?)?;
    let expires_ms = time_of(head.next()?)?;
    let (group, data) = rest.split_at_checked(head.next()?.parse().ok()?)?;
    Some(Document {
        kind: DocumentKind::from_name(kind)?,
        id: id.to_owned(),
        group: group.to_owned(),
        at_ms,
        expires_ms,
        revision,
        data: data.to_owned(),
    })
}

//! Documents.

use async_trait::async_trait;

use super::Backend;
use crate::{
    Document, DocumentKind, DocumentQuery, DocumentSize, DocumentStore, Page, StoreError,
    reader::Reader, writer::Op,
};

#[async_trait]
impl<R: Reader> DocumentStore for Backend<R> {
    async fn put_document(&self, document: Document) -> Result<(), StoreError> {
        let document = document.seal(&self.keys)?;
        let op = Op::PutDocument(Box::new(document));
        self.write(op).await.map(drop)
    }

    async fn replace_document(&self, document: Document) -> Result<bool, StoreError> {
        let document = document.seal(&self.keys)?;
        let op = Op::ReplaceDocument(Box::new(document));
        Ok(self.write(op).await? > 0)
    }

    async fn reusable_bytes(&self) -> Result<u64, StoreError> {
        self.reader.reusable_bytes().await
    }

    async fn get_document(
        &self,
        kind: DocumentKind,
        id: &str,
    ) -> Result<Option<Document>, StoreError> {
        let found = self.reader.document(kind, id).await?;
        Ok(found.and_then(|document| document.open(&self.keys)))
    }

    async fn list_documents(&self, query: &DocumentQuery) -> Result<Page<Document>, StoreError> {
        let Page { rows, has_more } = self.reader.documents(query).await?;
        let opened = rows.into_iter().filter_map(|one| one.open(&self.keys));
        Ok(Page {
            rows: opened.collect(),
            has_more,
        })
    }

    async fn oldest_documents(
        &self,
        kind: DocumentKind,
        group: &str,
        limit: u32,
    ) -> Result<Vec<DocumentSize>, StoreError> {
        self.reader.oldest_documents(kind, group, limit).await
    }

    async fn count_documents(&self, kind: DocumentKind, group: &str) -> Result<u64, StoreError> {
        self.reader.count_documents(kind, group).await
    }

    async fn delete_document(&self, kind: DocumentKind, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        Ok(self.write(Op::DeleteDocument { kind, id }).await? > 0)
    }

    async fn delete_documents(&self, kind: DocumentKind, group: &str) -> Result<u64, StoreError> {
        let op = |limit| Op::DeleteDocuments {
            kind,
            group: group.to_owned(),
            limit,
        };
        let mut removed = 0;
        loop {
            let pruned = self.prune(op).await?;
            removed += pruned.removed;
            if !pruned.more {
                return Ok(removed);
            }
        }
    }

    async fn delete_documents_until(
        &self,
        kind: DocumentKind,
        group: &str,
        (at_ms, id): (i64, &str),
        bytes: u64,
    ) -> Result<u64, StoreError> {
        self.write(Op::DeleteDocumentsUntil {
            kind,
            group: group.to_owned(),
            at_ms,
            id: id.to_owned(),
            bytes,
        })
        .await
    }

    async fn sweep_documents(&self, now_ms: i64) -> Result<u64, StoreError> {
        let op = |limit| Op::SweepDocuments { now_ms, limit };
        Ok(self.prune(op).await?.removed)
    }
}

//! The objects of the files endpoint.

use serde::Serialize;

use super::Purpose;
use crate::wire::to_json;

/// One file as the API shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File<'a> {
    /// `file-` and what makes it unique.
    pub id: &'a str,
    pub size_bytes: u64,
    /// Unix seconds, as the other time.
    pub created: i64,
    /// `None`: it stays until it is deleted.
    pub expires: Option<i64>,
    pub name: &'a str,
    pub purpose: Purpose,
}

#[derive(Serialize)]
struct FileJson<'a> {
    id: &'a str,
    object: &'static str,
    bytes: u64,
    created_at: i64,
    expires_at: Option<i64>,
    filename: &'a str,
    purpose: &'static str,
    /// There is nothing to process.
    status: &'static str,
    status_details: (),
}

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<FileJson<'a>>,
    first_id: Option<&'a str>,
    last_id: Option<&'a str>,
    has_more: bool,
}

impl<'a> File<'a> {
    /// The body of an answer about one file.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        to_json(&self.json())
    }

    fn json(&self) -> FileJson<'a> {
        FileJson {
            id: self.id,
            object: "file",
            bytes: self.size_bytes,
            created_at: self.created,
            expires_at: self.expires,
            filename: self.name,
            purpose: self.purpose.as_str(),
            status: "processed",
            status_details: (),
        }
    }
}

/// The body of `GET /v1/files`: one page, in the order given.
#[must_use]
pub fn list_json<'a>(files: impl IntoIterator<Item = File<'a>>, has_more: bool) -> Vec<u8> {
    let data: Vec<_> = files.into_iter().map(|file| file.json()).collect();
    to_json(&List {
        object: "list",
        first_id: data.first().map(|file| file.id),
        last_id: data.last().map(|file| file.id),
        data,
        has_more,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: &str = r#"{"id":"file-2","object":"file","bytes":5,"created_at":1772700000,"expires_at":null,"filename":"b.png","purpose":"vision","status":"processed","status_details":null}"#;

    fn files() -> [File<'static>; 2] {
        let file = File {
            id: "file-1",
            size_bytes: 5,
            created: 1_772_700_000,
            expires: Some(1_772_800_000),
            name: "a \"b\".pdf",
            purpose: Purpose::UserData,
        };
        let second = File {
            id: "file-2",
            expires: None,
            name: "b.png",
            purpose: Purpose::Vision,
            ..file
        };
        [file, second]
    }

    #[test]
    fn files_lists_and_deletions_have_the_documented_bytes() {
        let [first, second] = files();
        let first_json = r#"{"id":"file-1","object":"file","bytes":5,"created_at":1772700000,"expires_at":1772800000,"filename":"a \"b\".pdf","purpose":"user_data","status":"processed","status_details":null}"#;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        assert_eq!(text(first.to_json()), first_json);
        assert_eq!(text(second.to_json()), SECOND);
        let expected = format!(
            r#"{{"object":"list","data":[{first_json},{SECOND}],"first_id":"file-1","last_id":"file-2","has_more":true}}"#
        );
        assert_eq!(text(list_json(files(), true)), expected);
        let empty =
            r#"{"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false}"#;
        assert_eq!(text(list_json([], false)), empty);
    }
}

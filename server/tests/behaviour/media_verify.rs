//! `grok2api media verify`, on a folder whose server is stopped.

use std::{fs, path::Path, process::Command};

use server::media::files::MediaFiles;
use store::{MasterKey, MediaKind, MediaRow};
use test_support::databases::{Engine, Server};

use crate::support::BINARY;

/// A server's folder with pictures that have rows.
struct Kept {
    folder: tempfile::TempDir,
    names: Vec<String>,
}

impl Kept {
    async fn with(pictures: u8) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let mut names = Vec::new();
        for shade in 0..pictures {
            names.push(files.store_image(png(shade).into()).await.unwrap().name);
        }
        let kept = Self { folder, names };
        kept.insert(&kept.names).await;
        kept
    }

    async fn insert(&self, names: &[String]) {
        let key = MasterKey::load_or_create(self.folder.path(), None).unwrap();
        let store = store::open("", self.folder.path(), key).await.unwrap();
        let rows = names.iter().map(|name| row(name)).collect();
        store.insert_media(rows).await.unwrap();
        store.close().await;
    }

    fn place(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join("media/image").join(name)
    }

    fn lay(&self, path: &str, content: &[u8]) {
        fs::write(self.folder.path().join("media").join(path), content).unwrap();
    }

    fn verify(&self, arguments: &[&str]) -> (Option<i32>, String) {
        verify(self.folder.path(), arguments)
    }
}

fn verify(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(BINARY)
        .args(["media", "verify", "--data-dir"])
        .arg(folder)
        .args(arguments)
        .env("LOG_LEVEL", "error")
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

fn png(shade: u8) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x02\0\0\0\x03\x08\x02\0\0\0".to_vec();
    file.push(shade);
    file
}

pub(crate) fn row(name: &str) -> MediaRow {
    MediaRow {
        owner: "open".to_owned(),
        id: uuid::Uuid::new_v4().simple().to_string(),
        at_ms: 1,
        kind: MediaKind::Image,
        file: name.to_owned(),
        mime: "image/png".to_owned(),
        bytes: png(0).len() as u64,
        width: 2,
        height: 3,
        prompt: "a lighthouse".to_owned(),
        model: "grok-imagine-1.0".to_owned(),
        params: "{}".to_owned(),
        poster: None,
        parent: None,
        account: "0001".to_owned(),
        key: None,
        request_id: "request".to_owned(),
    }
}

#[tokio::test]
async fn rows_and_files_that_agree_are_left_as_they_are() {
    let kept = Kept::with(3).await;
    // Two rows of one file.
    kept.insert(&kept.names[..1]).await;
    for arguments in [&[][..], &["--repair"]] {
        let (code, told) = kept.verify(arguments);
        assert_eq!(told, "3 file(s) and 4 row(s) agree.\n");
        assert_eq!(code, Some(0));
    }
    let empty = tempfile::tempdir().unwrap();
    let (code, told) = verify(empty.path(), &[]);
    assert_eq!(
        (code, told.as_str()),
        (Some(0), "0 file(s) and 0 row(s) agree.\n")
    );
}

#[tokio::test]
async fn every_difference_is_named_and_a_repair_leaves_none() {
    let kept = Kept::with(4).await;
    let [whole, missing, cut, other] = &kept.names[..] else {
        unreachable!()
    };
    fs::remove_file(kept.place(missing)).unwrap();
    fs::write(kept.place(cut), "cut").unwrap();
    fs::write(kept.place(other), png(99)).unwrap();
    let unknown = format!("{}.png", "a".repeat(40));
    let without_row = MediaFiles::look(kept.folder.path());
    let without_row = without_row.store_image(png(7).into()).await.unwrap().name;
    kept.lay(&format!("image/{unknown}"), b"damaged and without a row");
    kept.lay("unfinished/half", b"half");

    let length = format!("the file has 3 bytes, its row says {}", png(0).len());
    let expected = [
        (cut, length.as_str()),
        (missing, "the file is missing (1 row(s))"),
        (other, "the content is not what the name says"),
        (&unknown, "the content is not what the name says"),
        (&without_row, "no row names the file"),
    ];
    let mut lines = expected
        .map(|(name, what)| format!("image/{name}: {what}"))
        .to_vec();
    lines.sort();
    lines.push("unfinished/half: left unfinished".to_owned());
    lines.push("5 file(s) and 4 row(s), 6 difference(s).".to_owned());
    let (code, told) = kept.verify(&[]);
    assert_eq!(told.lines().collect::<Vec<_>>(), lines);
    assert_eq!(code, Some(1));

    let (code, told) = kept.verify(&["--repair"]);
    let end = "After the repair:\n1 file(s) and 1 row(s) agree.\n";
    assert!(told.ends_with(end), "{told}");
    assert_eq!(code, Some(0));
    assert!(kept.place(whole).exists());
}

/// On a database that several instances may have.
#[tokio::test]
async fn rows_that_may_be_of_another_instance_are_deleted_on_the_operators_word_alone() {
    let mut database = Server::start(Engine::Redis).await.unwrap();
    let url = database.fresh_database().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(BINARY);
        command
            .args(["media", "verify", "--data-dir"])
            .arg(folder.path());
        let command = command.args(arguments).env("LOG_LEVEL", "error");
        let command = command.env("SERVER_STORAGE_TYPE", "redis");
        let output = command.env("SERVER_STORAGE_URL", &url).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    };
    let files = MediaFiles::open(folder.path()).unwrap();
    let own = files.store_image(png(0).into()).await.unwrap().name;
    let anothers = format!("{}.png", "a".repeat(40));
    let key = MasterKey::load_or_create(folder.path(), None).unwrap();
    let store = store::open(&url, folder.path(), key).await.unwrap();
    let rows = vec![row(&own), row(&anothers)];
    store.insert_media(rows).await.unwrap();
    let (code, told, _) = run(&[]);
    let expected = format!(
        "image/{anothers}: not in this folder; another instance may have it\n1 file(s) and 1 row(s) \
         agree.\n"
    );
    assert_eq!((code, told), (Some(0), expected));
    let (code, told, error) = run(&["--repair"]);
    assert_eq!((code, told.as_str()), (Some(1), ""));
    assert!(error.contains("add --shared-folder"), "{error}");
    assert_eq!(store.media_files().await.unwrap().len(), 2);
    let (code, told, _) = run(&["--repair", "--shared-folder"]);
    let end = "After the repair:\n1 file(s) and 1 row(s) agree.\n";
    assert!(code == Some(0) && told.ends_with(end), "{told}");
    assert_eq!(store.media_files().await.unwrap()[0].file, own);
    store.close().await;
}

#[tokio::test]
async fn what_is_no_file_of_this_server_is_told_and_left_alone() {
    let kept = Kept::with(1).await;
    kept.lay("image/holiday.jpg", b"mine");
    for arguments in [&[][..], &["--repair"]] {
        let (code, told) = kept.verify(arguments);
        assert!(told.contains("image/holiday.jpg: no file of this server; it is left alone"));
        assert_eq!(code, Some(0), "there is nothing to be repaired");
    }
    assert!(kept.place("holiday.jpg").exists());
}

#[test]
fn a_folder_that_is_not_there_is_told_and_not_made() {
    let folder = tempfile::tempdir().unwrap().path().join("mistyped");
    let (code, told) = verify(&folder, &[]);
    assert_eq!((code, told.as_str()), (Some(1), ""));
    assert!(!folder.exists());
}

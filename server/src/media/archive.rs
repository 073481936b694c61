//! Files of generated media in one ZIP, written while it is sent.
//!
//! One file after the other is read and goes out as it is, in pieces; nothing of the archive is kept.
//! A thread waits where the client does not read, so only a few archives are under way.

use std::{
    fs,
    io::{self, BufWriter, Read, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::{Stream, stream};
use store::MediaKind;
use time::OffsetDateTime;
use tokio::{
    runtime::Handle,
    sync::{Semaphore, mpsc},
    task::spawn_blocking,
    time::timeout,
};
use tokio_util::io::{StreamReader, SyncIoBridge};
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use super::files::{MediaFiles, Reading};

/// Under way at once: each has a thread of the 64 that may block.
const ARCHIVES: usize = 4;
/// How long one waits for its turn.
const WAIT: Duration = Duration::from_secs(2);
/// Of what is sent.
const PIECE_BYTES: usize = 64 * 1024;
/// Pieces that wait to be sent.
const PIECES: usize = 2;
/// Names what is not in the archive.
const MISSING: &str = "missing.txt";

/// A file that is to be packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    pub kind: MediaKind,
    pub file: String,
    /// In the archive.
    pub name: String,
    /// Unix milliseconds.
    pub at_ms: i64,
}

/// What goes into an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    pub files: Vec<Packed>,
    /// What was asked for and cannot be found.
    pub missing: Vec<String>,
}

/// As many archives are under way as may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArchivesBusy;

/// Packs archives. Cheap to clone.
#[derive(Clone)]
pub struct Archives {
    files: MediaFiles,
    running: Arc<Semaphore>,
}

impl Archives {
    #[must_use]
    pub fn new(files: MediaFiles) -> Self {
        Self {
            files,
            running: Arc::new(Semaphore::new(ARCHIVES)),
        }
    }

    /// The bytes of an archive, as they are written. Files that are gone by their turn are named in it.
    ///
    /// # Errors
    /// Others' archives are under way. An item of the stream: a file could not be read to its end, and
    /// what has been sent is no archive.
    ///
    /// # Cancellation
    /// Dropping the stream ends the work at its next piece.
    pub async fn pack(
        &self,
        contents: Contents,
    ) -> Result<impl Stream<Item = io::Result<Bytes>> + Send + use<>, ArchivesBusy> {
        let permit = timeout(WAIT, Arc::clone(&self.running).acquire_owned()).await;
        let Ok(Ok(permit)) = permit else {
            return Err(ArchivesBusy);
        };
        let (sender, receiver) = mpsc::channel(PIECES);
        let files = self.files.clone();
        spawn_blocking(move || {
            let _permit = permit;
            if let Err(error) = write(&files, contents, sender.clone()) {
                if !sender.is_closed() {
                    tracing::warn!(%error, "an archive was broken off: {error}");
                }
                // The client, if there still is one, learns that this is not the whole.
                let _ = sender.blocking_send(Err(error));
            }
        });
        Ok(stream::unfold(receiver, |mut receiver| async {
            let piece = receiver.recv().await?;
            Some((piece, receiver))
        }))
    }
}

/// Hands pieces over; waits while two are not sent yet.
struct Pieces {
    sender: mpsc::Sender<io::Result<Bytes>>,
    /// Nobody reads any more, or a file failed. A [`ZipWriter`] that is dropped still writes an end,
    /// which then goes nowhere.
    is_over: Arc<AtomicBool>,
}

impl Write for Pieces {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.is_over.load(Ordering::Relaxed) {
            return Ok(piece.len());
        }
        let sent = self.sender.blocking_send(Ok(Bytes::copy_from_slice(piece)));
        if sent.is_err() {
            self.is_over.store(true, Ordering::Relaxed);
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

type Archive = ZipWriter<zip::write::StreamWriter<BufWriter<Pieces>>>;

fn write(
    files: &MediaFiles,
    contents: Contents,
    sender: mpsc::Sender<io::Result<Bytes>>,
) -> io::Result<()> {
    let is_over = Arc::new(AtomicBool::new(false));
    let pieces = Pieces {
        sender,
        is_over: Arc::clone(&is_over),
    };
    let mut archive = ZipWriter::new_stream(BufWriter::with_capacity(PIECE_BYTES, pieces));
    let written = write_files(&mut archive, files, contents);
    is_over.fetch_or(written.is_err(), Ordering::Relaxed);
    written?;
    archive.finish()?.into_inner().flush()
}

fn write_files(archive: &mut Archive, files: &MediaFiles, contents: Contents) -> io::Result<()> {
    let Contents {
        files: packed,
        mut missing,
    } = contents;
    for one in packed {
        let Some((mut content, _reading)) = open(files, one.kind, &one.file)? else {
            missing.push(one.name);
            continue;
        };
        archive.start_file(&one.name, options(one.at_ms))?;
        io::copy(&mut content, archive)?;
    }
    if !missing.is_empty() {
        archive.start_file(MISSING, options(0))?;
        let names = missing.join("\n");
        write!(
            archive,
            "These files are no longer on the server:\n{names}\n"
        )?;
    }
    Ok(())
}

/// What a file holds, as it is read, and a hold on it; `None` if it is not there any more.
fn open(
    files: &MediaFiles,
    kind: MediaKind,
    name: &str,
) -> io::Result<Option<(Box<dyn Read>, Reading)>> {
    let Some((place, reading)) = files.read(kind, name) else {
        return Ok(None);
    };
    let content: Option<Box<dyn Read>> = match files.bucket() {
        Some(bucket) => {
            let object = Handle::current().block_on(bucket.get(kind, name, None))?;
            object.map(|object| {
                let content = StreamReader::new(Box::pin(object.content));
                Box::new(SyncIoBridge::new(content)) as _
            })
        }
        None => match fs::File::open(place) {
            Ok(file) => Some(Box::new(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        },
    };
    Ok(content.map(|content| (content, reading)))
}

/// Pictures and videos are small already, so they are stored as they are.
fn options(at_ms: i64) -> SimpleFileOptions {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    match date_time(at_ms) {
        Some(at) => options.last_modified_time(at),
        None => options,
    }
}

/// In UTC. Archives know no time before 1980.
fn date_time(at_ms: i64) -> Option<DateTime> {
    let at = OffsetDateTime::from_unix_timestamp(at_ms.div_euclid(1000)).ok()?;
    let year = u16::try_from(at.year()).ok()?;
    let (month, day) = (at.month().into(), at.day());
    DateTime::from_date_and_time(year, month, day, at.hour(), at.minute(), at.second()).ok()
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::StreamExt;
    use zip::ZipArchive;

    use super::*;

    /// A picture by its head, and so many bytes after it.
    async fn store(files: &MediaFiles, shade: u8, filling: usize) -> (String, Bytes) {
        let mut content =
            b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x02\0\0\0\x03\x08\x02\0\0\0".to_vec();
        content.extend(vec![shade; filling]);
        let content = Bytes::from(content);
        let stored = files.store_image(content.clone()).await.unwrap();
        (stored.name, content)
    }

    fn packed(file: &str, name: &str) -> Packed {
        Packed {
            kind: MediaKind::Image,
            file: file.to_owned(),
            name: name.to_owned(),
            at_ms: 1_772_700_000_000,
        }
    }

    #[tokio::test]
    async fn an_archive_holds_the_files_as_they_are_and_names_those_that_are_gone() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let (first, content) = store(&files, 1, 200_000).await;
        let (second, _) = store(&files, 2, 10).await;
        let (gone, _) = store(&files, 3, 10).await;
        let image = MediaKind::Image;
        files.remove(vec![(image, gone.clone())]).await.unwrap();
        let contents = Contents {
            files: vec![
                packed(&first, "2026-03-05-狐-1.png"),
                packed(&gone, "gone.png"),
                packed(&second, "b.png"),
            ],
            missing: vec!["unknown".to_owned()],
        };
        let stream = Archives::new(files).pack(contents).await.unwrap();
        let pieces: Vec<_> = stream.map(Result::unwrap).collect().await;
        assert!(pieces.iter().all(|piece| piece.len() <= PIECE_BYTES));
        let mut archive = ZipArchive::new(io::Cursor::new(pieces.concat())).unwrap();
        let names: Vec<_> = archive
            .file_names()
            .map(|name| name.unwrap().into_owned())
            .collect();
        assert_eq!(names, ["2026-03-05-狐-1.png", "b.png", MISSING]);
        let mut file = archive.by_index(0).unwrap();
        assert_eq!(file.compression(), CompressionMethod::Stored);
        let at = file.last_modified().unwrap();
        assert_eq!(
            (at.year(), at.month(), at.day(), at.hour()),
            (2026, 3, 5, 8)
        );
        let mut read = Vec::new();
        io::copy(&mut file, &mut read).unwrap();
        assert_eq!(read, content);
        drop(file);
        let text = io::read_to_string(archive.by_index(2).unwrap()).unwrap();
        assert!(text.ends_with("unknown\ngone.png\n"), "{text}");
    }

    #[tokio::test]
    async fn who_leaves_ends_the_work_and_makes_room_for_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let (name, _) = store(&files, 1, 1_000_000).await;
        let archives = Archives::new(files.clone());
        let contents = Contents {
            files: vec![packed(&name, "a.png"), packed(&name, "b.png")],
            missing: Vec::new(),
        };
        let mut under_way = Vec::new();
        for _ in 0..ARCHIVES {
            let mut stream = Box::pin(archives.pack(contents.clone()).await.unwrap());
            assert!(stream.next().await.unwrap().is_ok());
            under_way.push(stream);
        }
        let refused = archives.pack(contents.clone()).await.err();
        assert_eq!(refused, Some(ArchivesBusy));
        drop(under_way);
        let all = u32::try_from(ARCHIVES).unwrap();
        let ended = archives.running.acquire_many(all).await.unwrap();
        drop(ended);
        let mut next = pin!(archives.pack(contents).await.unwrap());
        assert!(next.next().await.unwrap().is_ok());
    }
}

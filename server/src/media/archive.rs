//! Files of generated media in one ZIP, written while it is sent.
//!
//! One file after the other is read and goes out as it is, in pieces; nothing of the archive is kept.
//! A thread waits where the client does not read, so only a few archives are under way.

use std::{
    collections::{HashMap, hash_map::Entry},
    fs,
    io::{self, BufWriter, Read, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use parking_lot::Mutex;
use store::MediaKind;
use time::OffsetDateTime;
use tokio::{
    runtime::Handle,
    sync::{Notify, Semaphore, mpsc},
    task::spawn_blocking,
    time::{Instant, timeout, timeout_at},
};
use tokio_util::{
    io::{StreamReader, SyncIoBridge},
    sync::CancellationToken,
};
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use super::files::{MediaFiles, Reading};

/// Under way at once: each has a thread of the 64 that may block.
const ARCHIVES: usize = 4;
/// How long one waits for its turn.
const WAIT: Duration = Duration::from_secs(2);
/// However it is read, an archive takes no longer.
const TOTAL: Duration = Duration::from_secs(3600);
/// Only what is read more slowly, and has been for so long, makes room for another one.
const MIN_BYTES_PER_SEC: u64 = 256 * 1024;
const GRACE: Duration = Duration::from_secs(10);
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

/// Why nothing is packed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArchiveRefused {
    /// Another one of the same owner is under way.
    Own,
    /// As many of others as may be.
    Others,
}

/// Packs archives. Cheap to clone.
#[derive(Clone)]
pub struct Archives {
    files: MediaFiles,
    places: Arc<Semaphore>,
    running: Arc<Running>,
}

/// Archives under way, by their owners.
#[derive(Default)]
struct Running {
    all: Mutex<HashMap<String, Arc<Run>>>,
    one_ended: Notify,
}

/// An archive under way.
struct Run {
    begun: Instant,
    sent_bytes: AtomicU64,
    end: CancellationToken,
}

/// An owner's archive is under way until this is dropped.
struct OneOf {
    owner: String,
    run: Arc<Run>,
    running: Arc<Running>,
}

impl Archives {
    #[must_use]
    pub fn new(files: MediaFiles) -> Self {
        Self {
            files,
            places: Arc::new(Semaphore::new(ARCHIVES)),
            running: Arc::default(),
        }
    }

    /// The bytes of an archive, as they are written. Files that are gone by their turn are named in it.
    /// An owner has one at a time. Where all places are taken, the one that is read most slowly ends if
    /// it is too slow.
    ///
    /// # Errors
    /// Another archive is under way. An item of the stream: a file could not be read to its end, or the
    /// archive was not read in time, and what has been sent is no archive.
    ///
    /// # Cancellation
    /// Dropping the stream ends the work at its next piece.
    pub async fn pack(
        &self,
        owner: &str,
        contents: Contents,
    ) -> Result<impl Stream<Item = io::Result<Bytes>> + Send + use<>, ArchiveRefused> {
        let own = timeout(WAIT, Arc::clone(&self.running).enter(owner)).await;
        let own = own.map_err(|_| ArchiveRefused::Own)?;
        if self.places.available_permits() == 0 {
            self.running.end_slowest();
        }
        let place = timeout(WAIT, Arc::clone(&self.places).acquire_owned()).await;
        let Ok(Ok(place)) = place else {
            return Err(ArchiveRefused::Others);
        };
        let (sender, receiver) = mpsc::channel(PIECES);
        let files = self.files.clone();
        let broken = Arc::new(Mutex::new(None));
        let outcome = Arc::clone(&broken);
        spawn_blocking(move || {
            let (own, _place) = (own, place);
            // The stream ends with the last sender, and the outcome is there by then.
            let last = sender.clone();
            if let Err(error) = write(&files, contents, sender, Arc::clone(&own.run)) {
                if !last.is_closed() {
                    tracing::warn!(%error, "an archive was broken off: {error}");
                }
                *outcome.lock() = Some(error);
            }
        });
        // The client, if there still is one, learns that this is not the whole.
        let failure = stream::once(async move { broken.lock().take() });
        let failure = failure.filter_map(|error| async { error.map(Err) });
        let pieces = stream::unfold(receiver, |mut receiver| async {
            let piece = receiver.recv().await?;
            Some((Ok(piece), receiver))
        });
        Ok(pieces.chain(failure))
    }
}

impl Running {
    /// Waits until an owner has none under way.
    async fn enter(self: Arc<Self>, owner: &str) -> OneOf {
        loop {
            let one_ended = self.one_ended.notified();
            if let Entry::Vacant(place) = self.all.lock().entry(owner.to_owned()) {
                let run = Arc::new(Run {
                    begun: Instant::now(),
                    sent_bytes: AtomicU64::new(0),
                    end: CancellationToken::new(),
                });
                return OneOf {
                    owner: owner.to_owned(),
                    run: Arc::clone(place.insert(run)),
                    running: Arc::clone(&self),
                };
            }
            one_ended.await;
        }
    }

    /// Ends the archive that is read most slowly, if it is too slow.
    fn end_slowest(&self) {
        let all = self.all.lock();
        let slow = all.values().filter(|run| run.begun.elapsed() > GRACE);
        let slow = slow.map(|run| (run.bytes_per_sec(), run));
        let slowest = slow.min_by_key(|(pace, _)| *pace);
        if let Some((_, run)) = slowest.filter(|(pace, _)| *pace < MIN_BYTES_PER_SEC) {
            run.end.cancel();
        }
    }
}

impl Run {
    fn bytes_per_sec(&self) -> u64 {
        let secs = self.begun.elapsed().as_secs().max(1);
        self.sent_bytes.load(Ordering::Relaxed) / secs
    }
}

impl Drop for OneOf {
    fn drop(&mut self) {
        self.running.all.lock().remove(&self.owner);
        self.running.one_ended.notify_waiters();
    }
}

/// Hands pieces over; waits while two are not sent yet.
struct Pieces {
    sender: mpsc::Sender<Bytes>,
    run: Arc<Run>,
    /// Nobody reads any more, or a file failed. A [`ZipWriter`] that is dropped still writes an end,
    /// which then goes nowhere.
    is_over: Arc<AtomicBool>,
}

impl Pieces {
    fn send(&self, piece: &[u8]) -> io::Result<()> {
        let sending = async {
            tokio::select! {
                biased;
                () = self.run.end.cancelled() => Err(io::ErrorKind::TimedOut),
                sent = timeout_at(self.run.begun + TOTAL, self.sender.reserve()) => match sent {
                    Ok(Ok(place)) => {
                        place.send(Bytes::copy_from_slice(piece));
                        Ok(())
                    }
                    Ok(Err(_)) => Err(io::ErrorKind::BrokenPipe),
                    Err(_) => Err(io::ErrorKind::TimedOut),
                }
            }
        };
        Handle::current().block_on(sending)?;
        let bytes = piece.len() as u64;
        self.run.sent_bytes.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }
}

impl Write for Pieces {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.is_over.load(Ordering::Relaxed) {
            return Ok(piece.len());
        }
        if let Err(error) = self.send(piece) {
            self.is_over.store(true, Ordering::Relaxed);
            return Err(error);
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
    sender: mpsc::Sender<Bytes>,
    run: Arc<Run>,
) -> io::Result<()> {
    let is_over = Arc::new(AtomicBool::new(false));
    let pieces = Pieces {
        sender,
        run,
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
        let stream = Archives::new(files).pack("one", contents).await.unwrap();
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
        for owner in 0..ARCHIVES {
            let packing = archives.pack(&owner.to_string(), contents.clone()).await;
            let mut stream = Box::pin(packing.unwrap());
            assert!(stream.next().await.unwrap().is_ok());
            under_way.push(stream);
        }
        let refused = archives.pack("another", contents.clone()).await.err();
        assert_eq!(refused, Some(ArchiveRefused::Others));
        drop(under_way);
        let all = u32::try_from(ARCHIVES).unwrap();
        let ended = archives.places.acquire_many(all).await.unwrap();
        drop(ended);
        let mut next = pin!(archives.pack("another", contents).await.unwrap());
        assert!(next.next().await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn an_owner_has_one_archive_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let (name, _) = store(&files, 1, 1_000_000).await;
        let archives = Archives::new(files);
        let contents = Contents {
            files: vec![packed(&name, "a.png")],
            missing: Vec::new(),
        };
        let first = archives.pack("one", contents.clone()).await.unwrap();
        let refused = archives.pack("one", contents.clone()).await.err();
        assert_eq!(refused, Some(ArchiveRefused::Own));
        assert!(archives.pack("other", contents.clone()).await.is_ok());
        let waiting = archives.pack("one", contents.clone());
        let (next, ()) = tokio::join!(waiting, async { drop(first) });
        assert!(next.is_ok(), "the first was left");
    }

    #[tokio::test(start_paused = true)]
    async fn who_reads_most_slowly_makes_room_and_learns_that_this_is_not_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let (name, _) = store(&files, 1, 1_000_000).await;
        let archives = Archives::new(files);
        let contents = Contents {
            files: vec![packed(&name, "a.png")],
            missing: Vec::new(),
        };
        let mut under_way = Vec::new();
        for owner in 0..ARCHIVES {
            let packing = archives.pack(&owner.to_string(), contents.clone()).await;
            under_way.push(Box::pin(packing.unwrap()));
        }
        for (owner, run) in archives.running.all.lock().iter() {
            // All but one are read quickly enough.
            let bytes = if owner == "2" { 0 } else { 1 << 30 };
            run.sent_bytes.fetch_add(bytes, Ordering::Relaxed);
        }
        tokio::time::advance(GRACE + Duration::from_secs(1)).await;
        assert!(archives.pack("another", contents).await.is_ok());
        let ends: Vec<_> = under_way.remove(2).collect().await;
        let error = ends.last().unwrap().as_ref().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}

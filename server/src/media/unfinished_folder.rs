//! Where files on their way are: `<DATA_DIR>/media/unfinished/<process>/`. Each process has a folder of
//! its own there, since several instances may have one folder of media in common.
//!
//! A process that runs touches its folder each minute. What another has left is known by that nothing
//! has happened there for an hour.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use parking_lot::Mutex;
use uuid::Uuid;

use super::{
    files::{MediaFiles, blocking, make_private, remove_file},
    inventory::entries,
};

const UNFINISHED: &str = "unfinished";

/// So long after its last sign of life a process has ended, and what it was writing has been left.
pub const LEFT_AFTER: Duration = Duration::from_secs(3600);

/// The folder of this process. It is there while it has files in it.
pub(super) struct UnfinishedFolder {
    /// The folder of all processes.
    all: PathBuf,
    own: PathBuf,
    /// Files in it.
    count: Mutex<usize>,
}

impl UnfinishedFolder {
    pub(super) fn of(media: &Path) -> Self {
        let all = media.join(UNFINISHED);
        let own = all.join(Uuid::new_v4().simple().to_string());
        let count = Mutex::default();
        Self { all, own, count }
    }

    /// Makes the folder of all processes.
    pub(super) fn make(&self) -> io::Result<()> {
        make_private(&self.all)
    }

    /// Makes a file and counts it.
    ///
    /// # Errors
    /// It cannot be made.
    pub(super) fn begin(&self) -> io::Result<(PathBuf, File)> {
        let place = self.own.join(Uuid::new_v4().simple().to_string());
        let mut count = self.count.lock();
        make_private(&self.own)?;
        let file = File::options().write(true).create_new(true).open(&place)?;
        *count += 1;
        Ok((place, file))
    }

    /// Removes a file, unless it has its place by now. The last one takes the folder along.
    pub(super) fn end(&self, place: &Path) {
        let mut count = self.count.lock();
        let _ = fs::remove_file(place);
        *count = count.saturating_sub(1);
        if *count == 0 {
            let _ = fs::remove_dir(&self.own);
        }
    }

    /// Says that this process lives.
    fn touch(&self) -> io::Result<()> {
        match File::open(&self.own) {
            Ok(folder) => folder.set_modified(SystemTime::now()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// What others have left, folders and files, where nothing has happened for so long.
    fn left(&self, age: Duration) -> io::Result<Vec<PathBuf>> {
        let mut left = Vec::new();
        for entry in entries(&self.all)? {
            let place = entry?.path();
            if place != self.own && is_left(&place, age)? {
                left.push(place);
            }
        }
        Ok(left)
    }
}

impl MediaFiles {
    /// Says that this process lives, and removes what others have left unfinished; how many files.
    ///
    /// # Errors
    /// It cannot be listed or removed.
    pub async fn sweep_unfinished(&self) -> io::Result<usize> {
        let files = self.clone();
        let sweep = move || {
            files.unfinished().touch()?;
            let mut count = 0;
            for place in files.unfinished().left(files.left_after())? {
                count += names_in(&place)?.len();
                let removed = match place.is_dir() {
                    true => fs::remove_dir_all(&place),
                    false => fs::remove_file(&place),
                };
                gone_is_fine(removed)?;
            }
            Ok(count)
        };
        blocking(sweep).await
    }

    /// Names of files that others have left unfinished, below the folder of all processes.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub async fn list_unfinished(&self) -> io::Result<Vec<String>> {
        let files = self.clone();
        let list = move || {
            let mut names = Vec::new();
            for place in files.unfinished().left(files.left_after())? {
                names.extend(names_in(&place)?);
            }
            Ok(names)
        };
        blocking(list).await
    }

    /// Removes a file that was left.
    ///
    /// # Errors
    /// It cannot be removed.
    pub async fn remove_unfinished(&self, name: &str) -> io::Result<()> {
        let place = self.unfinished().all.join(name);
        let remove = move || {
            remove_file(&place)?;
            // The last one takes its folder along.
            let _ = place.parent().map(fs::remove_dir);
            Ok(())
        };
        blocking(remove).await
    }

    /// Where nobody else can be writing, what is not this process's was left.
    fn left_after(&self) -> Duration {
        match self.has_others() {
            true => LEFT_AFTER,
            false => Duration::ZERO,
        }
    }
}

/// Whether nothing has happened to a file, or to a folder and its files, for so long.
fn is_left(place: &Path, age: Duration) -> io::Result<bool> {
    let mut places = vec![place.to_owned()];
    if place.is_dir() {
        for entry in entries(place)? {
            places.push(entry?.path());
        }
    }
    for place in places {
        match fs::metadata(&place) {
            Ok(about) if !is_older(about.modified()?, age) => return Ok(false),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(true)
}

/// Whether it is so long ago. What lies ahead, by the clock of another machine, is not.
pub(super) fn is_older(at: SystemTime, age: Duration) -> bool {
    age.is_zero() || at.elapsed().is_ok_and(|passed| passed >= age)
}

/// A file's name; of a folder, those of its files behind its own.
fn names_in(place: &Path) -> io::Result<Vec<String>> {
    let name = |place: &Path| {
        let name = place.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    if !place.is_dir() {
        return Ok(vec![name(place)]);
    }
    let folder = name(place);
    let inside = |entry: io::Result<fs::DirEntry>| Ok(format!("{folder}/{}", name(&entry?.path())));
    entries(place)?.map(inside).collect()
}

fn gone_is_fine(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two instances with one folder.
    fn two(folder: &Path) -> [MediaFiles; 2] {
        [(); 2].map(|()| MediaFiles::open(folder).unwrap().among_others(true))
    }

    fn set_age(place: &Path, secs: u64) {
        let at = SystemTime::now() - Duration::from_secs(secs);
        File::open(place).unwrap().set_modified(at).unwrap();
    }

    #[tokio::test]
    async fn a_start_leaves_what_another_instance_is_writing() {
        let folder = tempfile::tempdir().unwrap();
        let [writing, _] = two(folder.path());
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x02\0\0\0\x03\x08\x02\0\0\0";
        let mut file = writing.begin().unwrap();
        file.write(png).unwrap();
        let [_, started] = two(folder.path());
        assert_eq!(started.sweep_unfinished().await.unwrap(), 0);
        assert_eq!(started.list_unfinished().await.unwrap(), [""; 0]);
        let kept = writing.keep(file, store::MediaKind::Image).await.unwrap();
        let read = started.read_whole(store::MediaKind::Image, &kept.name, 100);
        assert_eq!(read.await.unwrap(), &png[..]);
    }

    #[tokio::test]
    async fn what_a_dead_instance_has_left_goes_after_an_hour_and_a_slow_one_keeps_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let [dead, slow] = two(folder.path());
        let (left, under_way) = (dead.begin().unwrap(), slow.begin().unwrap());
        for file in [&left, &under_way] {
            set_age(file.path(), 3700);
            set_age(file.path().parent().unwrap(), 3700);
        }
        // Its clean-up runs each minute, however long nothing comes.
        slow.unfinished().touch().unwrap();
        let [_, started] = two(folder.path());
        assert_eq!(started.sweep_unfinished().await.unwrap(), 1);
        assert!(!left.path().exists() && under_way.path().exists());
        assert!(!left.path().parent().unwrap().exists());
    }

    #[tokio::test]
    async fn one_that_is_alone_takes_everything_that_was_left_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let [before, _] = two(folder.path());
        let left = before.begin().unwrap();
        // As earlier versions left it.
        let old = folder.path().join("media/unfinished/half");
        fs::write(&old, "half").unwrap();
        let alone = MediaFiles::open(folder.path()).unwrap();
        let own = alone.begin().unwrap();
        assert_eq!(alone.sweep_unfinished().await.unwrap(), 2);
        assert!(!left.path().exists() && !old.exists() && own.path().exists());
    }

    #[test]
    fn the_folder_of_a_process_goes_with_its_last_file() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let [first, last] = [(); 2].map(|()| files.begin().unwrap());
        let own = last.path().parent().unwrap().to_owned();
        drop(first);
        assert!(last.path().exists());
        drop(last);
        assert!(!own.exists());
        assert!(files.begin().unwrap().path().exists());
    }
}

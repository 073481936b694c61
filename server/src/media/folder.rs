//! Folders of files, beside each other in the folder of media and in a bucket.

use store::MediaKind;

/// What lies in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Folder {
    Generated(MediaKind),
    /// What callers uploaded.
    Uploaded,
}

impl Folder {
    /// Its name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Generated(kind) => kind.as_str(),
            Self::Uploaded => "uploaded",
        }
    }
}

impl From<MediaKind> for Folder {
    fn from(kind: MediaKind) -> Self {
        Self::Generated(kind)
    }
}

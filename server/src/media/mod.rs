//! Files: those that requests name by URL, and those that were generated.

pub mod archive;
pub(crate) mod bucket;
pub mod budget;
pub mod clean;
mod disk;
pub mod files;
pub(crate) mod folder;
pub mod inventory;
pub mod links;
pub mod names;
pub mod reconcile;
pub mod references;
pub mod remote_file;
mod sniff;
mod stream;
mod thumbnail_files;
pub mod thumbnails;
mod unclaimed;
mod unfinished;
pub mod unfinished_folder;
pub mod uploaded;
pub mod verify;

pub use bucket::BucketError;
pub use sniff::{image_type, picture_size, type_of_file};
pub use unclaimed::Claim;
pub use unfinished::Unfinished;

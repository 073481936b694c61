//! The gallery: all pictures of the server and those that are being drawn, in rows of which only
//! those near the view are in the document.

mod keys;
mod layout;
mod paging;
mod state;
mod tile_view;
mod view;

pub(super) use paging::Paged;
pub(super) use state::Gallery;
pub(super) use view::GalleryView;

//! Files that a person picks, pastes or drops.

use wasm_bindgen::{JsCast, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ClipboardEvent, DataTransfer, Element, File, FileList, FileReader};

/// The content of `file` as a data URI; `None` when the browser cannot read it.
pub(crate) async fn read_data_uri(file: &File) -> Option<String> {
    let reader = FileReader::new().ok()?;
    let loaded = js_sys::Promise::new(&mut |resolve, _| {
        let done = Closure::once_into_js(move || {
            let _ = resolve.call0(&wasm_bindgen::JsValue::NULL);
        });
        reader.set_onloadend(Some(done.unchecked_ref()));
    });
    reader.read_as_data_url(file).ok()?;
    JsFuture::from(loaded).await.ok()?;
    reader.result().ok()?.as_string()
}

/// The text of a file; `None` where it cannot be read.
pub(crate) async fn file_text(file: &File) -> Option<String> {
    let text = wasm_bindgen_futures::JsFuture::from(file.text())
        .await
        .ok()?;
    text.as_string()
}

/// The files of a file input.
pub(crate) fn listed(files: Option<FileList>) -> Vec<File> {
    let Some(files) = files else {
        return Vec::new();
    };
    (0..files.length())
        .filter_map(|index| files.item(index))
        .collect()
}

/// The files that are dropped.
pub(crate) fn transferred(data: Option<DataTransfer>) -> Vec<File> {
    listed(data.and_then(|data| data.files()))
}

/// The files that are pasted; none where words belong: an office program gives its words as a picture,
/// too.
pub(crate) fn pasted(event: &ClipboardEvent) -> Vec<File> {
    let Some(data) = event.clipboard_data() else {
        return Vec::new();
    };
    let has_words = data.types().iter().any(|kind| kind == "text/plain");
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    let is_field = target.is_some_and(|target| target.matches("input, textarea").unwrap_or(false));
    if has_words && is_field {
        return Vec::new();
    }
    listed(data.files())
}

/// Whether a drag carries files (their content is hidden until the drop).
pub(crate) fn carries_files(data: Option<DataTransfer>) -> bool {
    data.is_some_and(|data| data.types().iter().any(|kind| kind == "Files"))
}

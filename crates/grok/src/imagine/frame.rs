//! Frames of the imagine socket (`upstream-protocol` 2.8 and 8.4).

use std::borrow::Cow;

use serde::Deserialize;

use crate::classify;
use crate::error::UpstreamError;

/// One frame that says something of a picture.
#[derive(Debug, PartialEq)]
pub(super) enum Frame<'a> {
    /// A picture at some stage.
    Picture(PictureFrame<'a>),
    /// The upstream has settled a picture.
    Settled { id: String, is_moderated: bool },
    /// The request has failed.
    Failed(UpstreamError),
}

#[derive(Debug, PartialEq)]
pub(super) struct PictureFrame<'a> {
    /// `None` when neither field nor address tells it.
    pub(super) id: Option<String>,
    /// 0 to 100; older upstreams do not say.
    pub(super) percentage: Option<f64>,
    /// Base64, without the head of a data URI; empty when there is none.
    pub(super) blob: &'a str,
    pub(super) url: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<&'a str>,
    image_id: Option<String>,
    job_id: Option<String>,
    id: Option<String>,
    percentage_complete: Option<f64>,
    // Base64 and addresses have nothing that JSON must escape; a text that has is no picture.
    #[serde(borrow, default)]
    blob: Option<&'a str>,
    #[serde(borrow, default)]
    url: Option<Cow<'a, str>>,
    current_status: Option<String>,
    moderated: Option<bool>,
    err_code: Option<String>,
    err_msg: Option<String>,
}

/// Statuses after which nothing more comes of a picture.
const FAILED_STATUSES: [&str; 3] = ["failed", "error", "cancelled"];

impl<'a> Frame<'a> {
    /// `None` for frames that say nothing of use.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let wire: Wire<'a> = serde_json::from_str(text).ok()?;
        match wire.kind? {
            "image" => wire.picture().map(Self::Picture),
            "json" => wire.settled(),
            "error" => Some(Self::Failed(classify::socket_error(
                wire.err_code.as_deref().unwrap_or_default(),
                wire.err_msg.as_deref().unwrap_or_default(),
            ))),
            _ => None,
        }
    }
}

impl<'a> Wire<'a> {
    fn picture(self) -> Option<PictureFrame<'a>> {
        let blob = self.blob.unwrap_or_default();
        let blob = blob.split_once(";base64,").map_or(blob, |(_, data)| data);
        let url = self.url.unwrap_or_default();
        if blob.is_empty() && url.is_empty() {
            return None;
        }
        let named = self.image_id.or(self.job_id).or(self.id);
        Some(PictureFrame {
            id: named.or_else(|| id_of_url(&url).map(str::to_owned)),
            percentage: self.percentage_complete,
            blob,
            url,
        })
    }

    fn settled(self) -> Option<Frame<'a>> {
        let is_moderated = self.moderated == Some(true);
        let status = self.current_status.as_deref().unwrap_or_default();
        let is_over = status == "completed" || FAILED_STATUSES.contains(&status);
        if !is_over && !is_moderated {
            return None;
        }
        Some(Frame::Settled {
            id: self.image_id.or(self.job_id).or(self.id)?,
            is_moderated: is_moderated || FAILED_STATUSES.contains(&status),
        })
    }
}

/// The id in `…/images/<id>.<jpg|jpeg|png>`.
fn id_of_url(url: &str) -> Option<&str> {
    let (_, name) = url.rsplit_once("/images/")?;
    let (id, extension) = name.split_once('.')?;
    let is_id = !id.is_empty() && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    let extension = extension.split('?').next().unwrap_or_default();
    (is_id && ["jpg", "jpeg", "png"].contains(&extension)).then_some(id)
}

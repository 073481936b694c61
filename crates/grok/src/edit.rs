//! Edits of images (`upstream-protocol` 2.7, and 8.5 for today's form).

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use serde_json::{Value, json};

use crate::chat;
use crate::client::Client;
use crate::error::UpstreamError;
use crate::imagine::{MAX_FILE_BYTES, PictureEvent, Stage, nothing_usable};
use crate::media_stream::{MediaEvent, MediaStream};
use crate::picture_fact::{PictureFact, is_picture};
use crate::upload::Uploaded;

/// Most images that one edit takes; older upstreams take the last three of them.
const MAX_INPUTS: usize = 8;
const OLDER_MAX_INPUTS: usize = 3;
const MODEL: &str = "imagine-image-edit";

/// What is to be made of which images.
#[derive(Debug, Clone)]
pub struct EditCall {
    pub prompt: String,
    /// 1 to 8, uploaded by the same account.
    pub inputs: Vec<Uploaded>,
    /// Such as `3:2`; `None` = as the image is.
    pub aspect_ratio: Option<String>,
    /// For the calls before the stream.
    pub timeout: Duration,
}

/// What an edit brings.
#[derive(Debug, Clone, PartialEq)]
pub enum EditEvent {
    /// A picture is so far, in percent.
    Progress { index: u32, percent: f64 },
    /// A finished picture, the next in order.
    Picture(PictureEvent),
}

/// An edit under way. Dropping it ends it.
pub struct EditStream {
    client: Client,
    credential: String,
    stream: MediaStream,
    /// Addresses of finished pictures that were not downloaded yet.
    urls: VecDeque<String>,
    /// Addresses that were seen, those of moderated pictures too.
    seen: HashSet<String>,
    finished: u32,
    is_moderated: bool,
}

impl Client {
    /// Asks for an edit. An older upstream makes two pictures of it, today's one.
    ///
    /// # Errors
    /// As every call; no picture has come yet.
    pub async fn edit(
        &self,
        credential: &str,
        call: &EditCall,
    ) -> Result<EditStream, UpstreamError> {
        let newer = async {
            let body = newer_body(call);
            self.start_media(credential, &body).await
        };
        let older = async {
            let body = self.older_body(credential, call).await?;
            self.start_media(credential, &body).await
        };
        let learned = &self.learned().edit;
        let stream = learned.call(self.protocol(), newer, older).await?;
        Ok(EditStream {
            client: self.clone(),
            credential: credential.to_owned(),
            stream,
            urls: VecDeque::new(),
            seen: HashSet::new(),
            finished: 0,
            is_moderated: false,
        })
    }

    async fn older_body(&self, credential: &str, call: &EditCall) -> Result<Value, UpstreamError> {
        let skipped = call.inputs.len().saturating_sub(OLDER_MAX_INPUTS);
        let references = call.inputs.iter().skip(skipped);
        let references: Result<Vec<_>, _> = references.map(|one| self.asset_url(one)).collect();
        let references = references?;
        let mut config = json!({"imageReferences": references});
        let first = references.first().map(String::as_str).unwrap_or_default();
        let creating = self.create_image_post(credential, first, call.timeout);
        let created = creating.await.ok();
        // Without one the upstream makes the edit as well.
        if let Some(id) = created.or_else(|| id_in(first).map(str::to_owned)) {
            config["parentPostId"] = id.into();
        }
        let config = json!({"imageEditModel": "imagine", "imageEditModelConfig": config});
        Ok(chat::media_body((MODEL, "imageGen"), &call.prompt, &config))
    }

    /// Where an uploaded file lies.
    pub(crate) fn asset_url(&self, uploaded: &Uploaded) -> Result<String, UpstreamError> {
        let url = self.assets_url().join(uploaded.uri.trim_start_matches('/'));
        let url = url.ok().filter(|_| !uploaded.uri.is_empty());
        url.map(String::from).ok_or(UpstreamError::Malformed {
            what: "the upload has no address",
        })
    }
}

fn newer_body(call: &EditCall) -> Value {
    let skipped = call.inputs.len().saturating_sub(MAX_INPUTS);
    let ids = call.inputs.iter().skip(skipped);
    let ids: Vec<&str> = ids.map(|input| input.id.as_str()).collect();
    let mut wish = json!({"prompt": call.prompt, "inputAssets": ids});
    if let Some(ratio) = &call.aspect_ratio {
        wish["aspectRatio"] = ratio.as_str().into();
    }
    json!({
        "modelName": MODEL,
        "message": call.prompt,
        "enableImageStreaming": true,
        "enableSideBySide": true,
        "sendFinalMetadata": true,
        "mediaGenInput": {"imageToImage": wish},
    })
}

/// The id of a file by its address, `…/generated/<id>/…` or `…/users/<user>/<id>/content`.
fn id_in(url: &str) -> Option<&str> {
    let parts: Vec<&str> = url.split('/').collect();
    parts.windows(2).find_map(|pair| match *pair {
        ["generated", id] | [id, "content"] if !id.is_empty() => Some(id),
        _ => None,
    })
}

impl EditStream {
    /// The next event; `None` when all pictures have come.
    ///
    /// # Errors
    /// [`crate::Class::Moderated`] when pictures were made and all withheld; as every call otherwise.
    ///
    /// # Cancellation
    /// A picture that was being downloaded is lost.
    pub async fn next(&mut self) -> Result<Option<EditEvent>, UpstreamError> {
        loop {
            if let Some(url) = self.urls.pop_front() {
                return self.fetch(&url).await.map(Some);
            }
            match self.stream.next().await? {
                Some(MediaEvent::Picture(fact)) => {
                    if let Some(event) = self.take(fact) {
                        return Ok(Some(event));
                    }
                }
                Some(MediaEvent::Complete { pictures, .. }) => {
                    for url in pictures {
                        self.add(url);
                    }
                }
                Some(MediaEvent::Video(_)) => {}
                None if self.finished > 0 => return Ok(None),
                None => return Err(nothing_usable(self.is_moderated)),
            }
        }
    }

    fn take(&mut self, fact: PictureFact) -> Option<EditEvent> {
        if fact.is_moderated {
            self.is_moderated = true;
            self.seen.insert(fact.url);
            return None;
        }
        if fact.progress >= 100.0 && !fact.url.is_empty() {
            self.add(fact.url);
            return None;
        }
        Some(EditEvent::Progress {
            index: fact.index,
            percent: fact.progress,
        })
    }

    /// Notes a finished picture, unless it is a preview or was seen.
    fn add(&mut self, url: String) {
        if is_picture(&url) && self.seen.insert(url.clone()) {
            self.urls.push_back(url);
        }
    }

    async fn fetch(&mut self, url: &str) -> Result<EditEvent, UpstreamError> {
        let download = self.client.download(&self.credential, url).await?;
        let file = download.whole(MAX_FILE_BYTES).await?;
        let index = self.finished;
        self.finished += 1;
        let id = id_in(url).unwrap_or(url);
        Ok(EditEvent::Picture(PictureEvent {
            id: id.to_owned(),
            index,
            stage: Stage::Final,
            file,
        }))
    }
}

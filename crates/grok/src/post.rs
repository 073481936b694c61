//! Media posts (`upstream-protocol` 2.5): what older edits and videos hang on.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::client::Client;
use crate::error::UpstreamError;
use crate::net::{Request, Traffic};

const PATH: &str = "/rest/media/post/create";

impl Client {
    /// Makes a post of an uploaded image, by its absolute address, and returns the post's id.
    ///
    /// # Errors
    /// As every call; [`UpstreamError::Malformed`] when the answer names no id.
    pub(crate) async fn create_image_post(
        &self,
        credential: &str,
        url: &str,
        timeout: Duration,
    ) -> Result<String, UpstreamError> {
        let body = json!({"mediaType": "MEDIA_POST_TYPE_IMAGE", "mediaUrl": url});
        self.create_post(credential, &body, timeout).await
    }

    /// Makes a post of a video that is to be made of a text, and returns the post's id.
    ///
    /// # Errors
    /// As [`Client::create_image_post`].
    pub(crate) async fn create_video_post(
        &self,
        credential: &str,
        prompt: &str,
        timeout: Duration,
    ) -> Result<String, UpstreamError> {
        let body = json!({"mediaType": "MEDIA_POST_TYPE_VIDEO", "prompt": prompt});
        self.create_post(credential, &body, timeout).await
    }

    async fn create_post(
        &self,
        credential: &str,
        body: &Value,
        timeout: Duration,
    ) -> Result<String, UpstreamError> {
        let request = Request {
            method: Method::POST,
            url: self.web_url(PATH),
            headers: self.headers().json(credential)?,
            body: body.to_string().into(),
        };
        let answer = self
            .ask(Traffic::Web, &request, credential, timeout)
            .await?;
        let id = answer.pointer("/post/id").and_then(Value::as_str);
        let id = id.filter(|id| !id.is_empty());
        id.map(str::to_owned).ok_or(UpstreamError::Malformed {
            what: "no post id in the answer",
        })
    }
}

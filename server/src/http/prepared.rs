//! Answers that are the same for many: written once, compressed once for each coding, and shared by all
//! who read them, so that a reader who takes none of it costs a pointer.

use std::io::Write;

use axum::response::{IntoResponse, Response};
use brotli::enc::BrotliEncoderParams;
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY},
};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

/// Of brotli. The best one takes twenty times as long for a twentieth fewer bytes.
const QUALITY: i32 = 5;

/// A body with its tag and its compressed forms.
pub(super) struct Prepared {
    kind: HeaderValue,
    tag: HeaderValue,
    plain: Bytes,
    brotli: OnceCell<Option<Bytes>>,
    gzip: OnceCell<Option<Bytes>>,
}

/// What a client can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Plain,
    Brotli,
    Gzip,
}

impl Prepared {
    /// A body of this `Content-Type`.
    pub(super) fn new(kind: &'static str, body: impl Into<Bytes>) -> Self {
        let plain = body.into();
        let hash = format!("{:x}", Sha256::digest(&plain));
        let tag = format!("W/\"{}\"", hash.get(..16).unwrap_or_default());
        Self {
            kind: HeaderValue::from_static(kind),
            tag: HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("W/\"0\"")),
            plain,
            brotli: OnceCell::new(),
            gzip: OnceCell::new(),
        }
    }

    /// It, or 304 for a client that has it, with these headers besides its own.
    pub(super) async fn answer<const N: usize>(
        &self,
        asked: &HeaderMap,
        headers: [(HeaderName, HeaderValue); N],
    ) -> Response {
        let tag = (ETAG, self.tag.clone());
        let varies = (VARY, HeaderValue::from_static("accept-encoding"));
        if self.is_known(asked) {
            let mut response = (StatusCode::NOT_MODIFIED, headers, [tag]).into_response();
            response.headers_mut().append(varies.0, varies.1);
            return response;
        }
        let (name, body) = match Coding::of(asked) {
            Coding::Plain => ("", None),
            Coding::Brotli => ("br", self.packed(&self.brotli, brotli).await),
            Coding::Gzip => ("gzip", self.packed(&self.gzip, gzip).await),
        };
        let coding = body.is_some().then(|| HeaderValue::from_static(name));
        let body = body.unwrap_or_else(|| self.plain.clone());
        let kind = (CONTENT_TYPE, self.kind.clone());
        let mut response = (headers, [tag, kind], body).into_response();
        response.headers_mut().append(varies.0, varies.1);
        if let Some(coding) = coding {
            response.headers_mut().insert(CONTENT_ENCODING, coding);
        }
        response
    }

    fn is_known(&self, asked: &HeaderMap) -> bool {
        // Weakly compared: with and without `W/` it is the same.
        let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let own = self.tag.to_str().map(strong).unwrap_or_default();
        let known = asked.get_all(IF_NONE_MATCH).iter();
        let mut known = known.filter_map(|tags| tags.to_str().ok());
        known.any(|tags| tags.trim() == "*" || tags.split(',').any(|tag| strong(tag) == own))
    }

    /// Compressed by the first who asks for it, on a thread that serves nobody.
    async fn packed(
        &self,
        form: &OnceCell<Option<Bytes>>,
        pack: fn(&[u8]) -> std::io::Result<Vec<u8>>,
    ) -> Option<Bytes> {
        let packed = form.get_or_init(|| async {
            let plain = self.plain.clone();
            let packed = tokio::task::spawn_blocking(move || pack(&plain)).await;
            packed.ok()?.ok().map(Bytes::from)
        });
        packed.await.clone()
    }
}

impl Coding {
    /// The smallest that a client takes.
    fn of(asked: &HeaderMap) -> Self {
        let lists = asked.get_all(ACCEPT_ENCODING).iter();
        let lists = lists.filter_map(|list| list.to_str().ok());
        let taken: Vec<_> = lists
            .flat_map(|list| list.split(','))
            .filter_map(|one| {
                let mut parts = one.split(';').map(str::trim);
                let name = parts.next().unwrap_or_default();
                let mut parameters = parts.filter_map(|part| part.split_once('='));
                let quality = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
                let quality = quality.map_or("1", |(_, quality)| quality.trim());
                let is_taken = quality.parse::<f32>().is_ok_and(|q| q > 0.0 && q <= 1.0);
                is_taken.then_some(name)
            })
            .collect();
        let takes = |name: &str| taken.iter().any(|one| one.eq_ignore_ascii_case(name));
        if takes("br") {
            Self::Brotli
        } else if takes("gzip") || takes("x-gzip") {
            Self::Gzip
        } else {
            Self::Plain
        }
    }
}

fn brotli(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    let params = BrotliEncoderParams {
        quality: QUALITY,
        ..BrotliEncoderParams::default()
    };
    brotli::BrotliCompress(&mut &*plain, &mut packed, &params)?;
    Ok(packed)
}

fn gzip(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(plain)?;
    gzip.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use axum::body::to_bytes;

    use super::*;

    fn asking(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    async fn read(prepared: &Prepared, asked: &HeaderMap) -> (String, Vec<u8>) {
        let response = prepared.answer(asked, []).await;
        let coding = response.headers().get(CONTENT_ENCODING);
        let coding = coding
            .map_or("", |coding| coding.to_str().unwrap())
            .to_owned();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (coding, body.to_vec())
    }

    #[tokio::test]
    async fn each_client_gets_the_smallest_form_that_it_reads() {
        let text = "the same again and again. ".repeat(1_000);
        let prepared = Prepared::new("text/plain", text.clone());
        for (accepted, coding) in [
            ("", ""),
            ("identity", ""),
            ("gzip, deflate", "gzip"),
            ("gzip, deflate, br, zstd", "br"),
            ("br;q=0, gzip;q=0.5", "gzip"),
            ("br;q=x", ""),
            ("br;Q=0, x-gzip", "gzip"),
            ("br;level=3; q=0", ""),
            ("br;q=inf", ""),
        ] {
            let asked = asking(ACCEPT_ENCODING, accepted);
            let (told, body) = read(&prepared, &asked).await;
            assert_eq!(told, coding, "{accepted}");
            let mut plain = String::new();
            match coding {
                "br" => {
                    let mut bytes = Vec::new();
                    brotli::BrotliDecompress(&mut body.as_slice(), &mut bytes).unwrap();
                    plain = String::from_utf8(bytes).unwrap();
                }
                "gzip" => {
                    let mut reader = flate2::read::GzDecoder::new(body.as_slice());
                    reader.read_to_string(&mut plain).unwrap();
                }
                _ => plain = String::from_utf8(body).unwrap(),
            }
            assert_eq!(plain, text, "{accepted}");
        }
    }

    #[tokio::test]
    async fn a_client_that_has_it_gets_no_body() {
        let prepared = Prepared::new("text/plain", "text");
        let response = prepared.answer(&HeaderMap::new(), []).await;
        let tag = response.headers()[ETAG].to_str().unwrap().to_owned();
        for (known, status) in [
            (tag.clone(), 304),
            (format!("\"x\", {tag}"), 304),
            (tag.trim_start_matches("W/").to_owned(), 304),
            ("*".to_owned(), 304),
            (format!("{tag}junk"), 200),
            ("\"x\"".to_owned(), 200),
        ] {
            let response = prepared.answer(&asking(IF_NONE_MATCH, &known), []).await;
            assert_eq!(response.status(), status, "{known}");
            assert_eq!(response.headers()[ETAG], tag.as_str());
        }
    }
}

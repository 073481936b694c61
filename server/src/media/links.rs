//! Addresses of generated files that end: an instant and a signature over it, the kind and the name.

use std::sync::Arc;

use settings::MediaConfig;
use store::{DerivedKey, MediaKind};
use subtle::ConstantTimeEq;

/// What the key is derived for; another version of the form gets another one.
const PURPOSE: &str = "grok2api media links 1";
/// Addresses end at full hours: one that is given out again within the hour is the same, and so is
/// what a browser has kept of it.
const STEP_SECS: u64 = 3600;

/// Signs and checks. The same for every instance with the same secret key. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LinkKey(DerivedKey);

/// Paths of generated files, signed where the configuration says so. The default signs none.
#[derive(Clone, Debug, Default)]
pub struct Paths {
    /// With what and for how many seconds.
    signed: Option<(LinkKey, u64)>,
}

/// Addresses of generated files, as one caller reaches them. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct FileLinks {
    /// What they begin with; empty for pages of this server.
    base: Arc<str>,
    paths: Paths,
}

/// Why an address does not open its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkRefusal {
    /// There is no signature, or it is for another file or instant.
    NotSigned,
    Expired,
}

impl LinkKey {
    #[must_use]
    pub fn of(key: &store::MasterKey) -> Self {
        Self(key.derive(PURPOSE))
    }

    /// Paths as `media.signed_links` and `media.link_lifetime` want them.
    #[must_use]
    pub fn paths(&self, media: &MediaConfig) -> Paths {
        let lifetime_secs = u64::from(media.link_lifetime) * 3600;
        let signed = media.signed_links.then(|| (self.clone(), lifetime_secs));
        Paths { signed }
    }

    /// What an address that opens this file for `lifetime_secs`, and up to an hour longer, ends with.
    fn query(&self, kind: MediaKind, name: &str, now_secs: u64, lifetime_secs: u64) -> String {
        let until = now_secs.saturating_add(lifetime_secs);
        let expires = until.div_ceil(STEP_SECS).saturating_mul(STEP_SECS);
        let signature = self.sign(kind, name, expires);
        format!("?expires={expires}&signature={signature}")
    }

    /// Seconds until an address ends, by its query.
    ///
    /// # Errors
    /// It does not open this file, or no longer.
    pub fn check(
        &self,
        kind: MediaKind,
        name: &str,
        query: &str,
        now_secs: u64,
    ) -> Result<u64, LinkRefusal> {
        let mut values = [None, None];
        for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match key.as_ref() {
                "expires" => values[0] = Some(value),
                "signature" => values[1] = Some(value),
                _ => {}
            }
        }
        let [Some(expires), Some(signature)] = values else {
            return Err(LinkRefusal::NotSigned);
        };
        let expires: u64 = expires.parse().map_err(|_| LinkRefusal::NotSigned)?;
        let right = self.sign(kind, name, expires);
        if !bool::from(right.as_bytes().ct_eq(signature.as_bytes())) {
            return Err(LinkRefusal::NotSigned);
        }
        match expires.saturating_sub(now_secs) {
            0 => Err(LinkRefusal::Expired),
            left => Ok(left),
        }
    }

    fn sign(&self, kind: MediaKind, name: &str, expires: u64) -> String {
        // No part can hold the line break that separates them.
        self.0.mac(&format!("{}\n{name}\n{expires}", kind.as_str()))
    }
}

impl FileLinks {
    #[must_use]
    pub fn new(base: &str, paths: Paths) -> Self {
        Self {
            base: base.into(),
            paths,
        }
    }

    /// Where a picture's file is.
    #[must_use]
    pub fn image(&self, name: &str, now_secs: u64) -> String {
        let kind = MediaKind::Image;
        let path = self.paths.of(kind.as_str(), (kind, name), now_secs);
        format!("{}{path}", self.base)
    }
}

impl Paths {
    /// Where a file is served: in the folder of its kind, or as a small picture of it.
    #[must_use]
    pub fn of(&self, folder: &str, (kind, name): (MediaKind, &str), now_secs: u64) -> String {
        let query = match &self.signed {
            Some((key, lifetime_secs)) => key.query(kind, name, now_secs, *lifetime_secs),
            None => String::new(),
        };
        format!("/v1/files/{folder}/{name}{query}")
    }
}

#[cfg(test)]
mod tests {
    use store::MasterKey;

    use super::*;

    const NAME: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.png";
    const NOW: u64 = 1_772_700_100;

    fn key(byte: u8) -> LinkKey {
        LinkKey::of(&MasterKey::from_bytes([byte; 32]))
    }

    fn check(query: &str, now: u64) -> Result<u64, LinkRefusal> {
        let query = query.trim_start_matches('?');
        key(1).check(MediaKind::Image, NAME, query, now)
    }

    #[test]
    fn an_address_opens_its_file_until_it_ends() {
        let query = key(1).query(MediaKind::Image, NAME, NOW, 7200);
        let left = check(&query, NOW).unwrap();
        assert!((7200..7200 + 3600).contains(&left), "{left}");
        assert_eq!(check(&query, NOW + left - 1), Ok(1));
        assert_eq!(check(&query, NOW + left), Err(LinkRefusal::Expired));
        let again = key(1).query(MediaKind::Image, NAME, NOW + 1, 7200);
        assert_eq!(again, query, "the same within an hour");
    }

    #[test]
    fn a_page_gets_paths_and_a_program_whole_addresses() {
        let path = format!("/v1/files/image/{NAME}");
        assert_eq!(FileLinks::default().image(NAME, NOW), path);
        let config = MediaConfig {
            signed_links: true,
            ..MediaConfig::default()
        };
        let links = FileLinks::new("https://g.test", key(1).paths(&config));
        let address = links.image(NAME, NOW);
        assert!(
            address.starts_with(&format!("https://g.test{path}?expires=")),
            "{address}"
        );
        assert!(check(address.split_once('?').unwrap().1, NOW).is_ok());
    }

    #[test]
    fn a_signature_is_for_one_file_one_instant_and_one_key() {
        let right = key(1).query(MediaKind::Image, NAME, NOW, 7200);
        let (expires, signature) = right.split_once('&').unwrap();
        let other_name = NAME.replacen('a', "b", 1);
        let end: u64 = expires.trim_start_matches("?expires=").parse().unwrap();
        for wrong in [
            key(2).query(MediaKind::Image, NAME, NOW, 7200),
            key(1).query(MediaKind::Video, NAME, NOW, 7200),
            key(1).query(MediaKind::Image, &other_name, NOW, 7200),
            format!("?expires={}&{signature}", end + 3600),
            format!("?expires={end}&signature="),
            format!("?expires=soon&{signature}"),
            expires.to_owned(),
            format!("?{signature}"),
            String::new(),
        ] {
            assert_eq!(check(&wrong, NOW), Err(LinkRefusal::NotSigned), "{wrong}");
        }
    }
}

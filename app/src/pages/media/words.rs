//! Sizes and callers as text.

use crate::{
    dto::{MediaCaller, MediaItem},
    i18n::{Language, text::media as text},
};

const UNITS: [&str; 3] = ["MB", "GB", "TB"];

/// `214 KB`, `1.4 GB`.
pub(super) fn bytes(bytes: u64) -> String {
    let mut size = bytes / 1024;
    if size < 1024 {
        return format!("{} KB", if bytes == 0 { 0 } else { size.max(1) });
    }
    let mut units = UNITS.iter();
    let mut unit = units.next();
    for larger in units {
        if size < 1024 * 1024 {
            break;
        }
        size /= 1024;
        unit = Some(larger);
    }
    let unit = unit.copied().unwrap_or_default();
    format!("{}.{} {unit}", size / 1024, size % 1024 * 10 / 1024)
}

/// `832 × 1248`, where it is known.
pub(super) fn sides(item: &MediaItem) -> Option<String> {
    (item.width > 0).then(|| format!("{} × {}", item.width, item.height))
}

pub(super) fn caller(caller: &MediaCaller, language: Language) -> String {
    let text = match caller {
        MediaCaller::Key(label) => return text::CallerKey { label }.fill(language),
        MediaCaller::Open => text::CALLER_OPEN,
        MediaCaller::Visitors => text::CALLER_VISITORS,
        MediaCaller::Unknown => text::CALLER_UNKNOWN,
    };
    text.get(language).to_owned()
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_are_short_in_the_largest_unit_that_fits() {
        for (size, said) in [
            (0, "0 KB"),
            (1, "1 KB"),
            (219_000, "213 KB"),
            (1_048_576, "1.0 MB"),
            (1_572_864, "1.5 MB"),
            (1_600_000_000, "1.4 GB"),
            (5 << 40, "5.0 TB"),
            (5 << 50, "5120.0 TB"),
        ] {
            assert_eq!(bytes(size), said);
        }
    }
}

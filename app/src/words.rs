//! Numbers as people read them. Both languages do it this way.

const UNITS: [&str; 3] = ["MB", "GB", "TB"];

/// Seconds as minutes and seconds: `1:15`.
pub(crate) fn clock(secs: u64) -> String {
    format!("{}:{:02}", secs / 60, secs % 60)
}

/// Digits by thousands: `12,345`.
pub(crate) fn group(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `214 KB`, `1.4 GB`.
pub(crate) fn bytes(bytes: u64) -> String {
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

/// `832 × 1248 · 214 KB`, as far as it is known.
pub(crate) fn sizes(width: u32, height: u32, file_bytes: u64) -> Option<String> {
    let sides = sides(width, height);
    let known = sides
        .into_iter()
        .chain((file_bytes > 0).then(|| bytes(file_bytes)));
    let known: Vec<String> = known.collect();
    (!known.is_empty()).then(|| known.join(" · "))
}

/// `832 × 1248`, where it is known.
pub(crate) fn sides(width: u32, height: u32) -> Option<String> {
    (width > 0).then(|| format!("{width} × {height}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_has_two_digits_for_seconds() {
        assert_eq!(
            [0, 9, 75, 3600].map(clock),
            ["0:00", "0:09", "1:15", "60:00"]
        );
    }

    #[test]
    fn digits_are_grouped_by_thousands() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(group(number), text);
        }
    }

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

    #[test]
    fn sizes_are_said_as_far_as_they_are_known() {
        let said = sizes(832, 1248, 219_000);
        assert_eq!(said.as_deref(), Some("832 × 1248 · 213 KB"));
        assert_eq!(sizes(0, 0, 3_400_000).as_deref(), Some("3.2 MB"));
        assert_eq!(sizes(0, 0, 0), None);
    }
}

//! Videos that play: a filmed second of the wanted shape, repeated and put into an MP4 file.
//!
//! The seconds are in `videos/`, made by `scripts/video-fixtures`: H.264 baseline, 24 pictures, the first
//! of which needs no other. What is to be seen follows from the shape alone; the file has the prompt in
//! it, so files of different prompts differ.

use crate::hash;

/// Pictures of one second.
const RATE: u32 = 24;
/// Longest video, in seconds.
const MAX_SECONDS: u32 = 120;

macro_rules! second {
    ($ratio:literal, $resolution:literal, $width:literal, $height:literal) => {
        Second {
            ratio: $ratio,
            resolution: $resolution,
            width: $width,
            height: $height,
            stream: include_bytes!(concat!("../videos/", $ratio, "-", $resolution, ".h264")),
        }
    };
}

/// One filmed second.
struct Second {
    /// With an `x` instead of the colon.
    ratio: &'static str,
    resolution: &'static str,
    width: u16,
    height: u16,
    stream: &'static [u8],
}

static SECONDS: [Second; 10] = [
    second!("16x9", "480p", 848, 480),
    second!("16x9", "720p", 1280, 720),
    second!("9x16", "480p", 480, 848),
    second!("9x16", "720p", 720, 1280),
    second!("3x2", "480p", 720, 480),
    second!("3x2", "720p", 1080, 720),
    second!("2x3", "480p", 480, 720),
    second!("2x3", "720p", 720, 1080),
    second!("1x1", "480p", 480, 480),
    second!("1x1", "720p", 720, 720),
];

/// A video, before it is put together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Film {
    /// What tells it from others of its shape.
    pub(crate) title: u64,
    /// Such as `16:9`.
    pub(crate) ratio: String,
    pub(crate) resolution: String,
    pub(crate) seconds: u32,
}

impl Film {
    pub(crate) fn new(prompt: &str, ratio: &str, resolution: &str, seconds: u32) -> Self {
        Self {
            title: hash::of(prompt),
            ratio: ratio.to_owned(),
            resolution: resolution.to_owned(),
            seconds: seconds.clamp(1, MAX_SECONDS),
        }
    }

    /// The shapes there are.
    pub(crate) fn has_shape(ratio: &str, resolution: &str) -> bool {
        find(ratio, resolution).is_some()
    }

    /// The file; one of an unknown shape is wide and small.
    pub(crate) fn file(&self) -> Vec<u8> {
        let second = find(&self.ratio, &self.resolution);
        let Some(second) = second.or_else(|| SECONDS.first()) else {
            return Vec::new();
        };
        let stream = Stream::read(second.stream);
        let header = |offset| movie(second, &stream, self.seconds, offset);
        let kind = atom(b"ftyp", &[b"isom", &[0, 0, 2, 0], b"isomiso2avc1mp41"]);
        let title = atom(b"free", &[&self.title.to_be_bytes()]);
        let before = kind.len() + header(0).len() + title.len() + 8;
        let header = header(u32::try_from(before).unwrap_or(u32::MAX));
        let pictures: Vec<&[u8]> = (0..self.seconds)
            .flat_map(|_| stream.pictures.iter().map(Vec::as_slice))
            .collect();
        [kind, header, title, atom(b"mdat", &pictures)].concat()
    }
}

fn find(ratio: &str, resolution: &str) -> Option<&'static Second> {
    let ratio = ratio.replace(':', "x");
    SECONDS
        .iter()
        .find(|second| second.ratio == ratio && second.resolution == resolution)
}

/// A stream, taken apart.
#[derive(Default)]
struct Stream<'a> {
    /// What a decoder has to know of the whole.
    sequence: &'a [u8],
    /// What it has to know of each picture.
    picture: &'a [u8],
    /// Each with the length before it.
    pictures: Vec<Vec<u8>>,
}

impl<'a> Stream<'a> {
    fn read(stream: &'a [u8]) -> Self {
        let mut read = Self::default();
        for unit in units(stream) {
            match unit.first().map(|head| head & 0x1f) {
                Some(1 | 5) => {
                    let length = u32::try_from(unit.len()).unwrap_or(0).to_be_bytes();
                    read.pictures.push([&length, unit].concat());
                }
                Some(7) => read.sequence = unit,
                Some(8) => read.picture = unit,
                _ => {}
            }
        }
        read
    }
}

/// The units of a byte stream: what is between the marks of three or four bytes.
fn units(stream: &[u8]) -> Vec<&[u8]> {
    let marks: Vec<usize> = stream
        .windows(3)
        .enumerate()
        .filter(|(_, bytes)| *bytes == [0, 0, 1])
        .map(|(at, _)| at)
        .collect();
    let ends = marks.iter().skip(1).copied().chain([stream.len()]);
    marks
        .iter()
        .zip(ends)
        .filter_map(|(mark, end)| stream.get(mark + 3..end))
        .map(|unit| {
            let end = unit.iter().rposition(|byte| *byte != 0);
            unit.get(..end.map_or(0, |at| at + 1)).unwrap_or_default()
        })
        .collect()
}

/// A box of the file: length, name, content.
fn atom(name: &[u8; 4], content: &[&[u8]]) -> Vec<u8> {
    let length: usize = 8 + content.iter().map(|part| part.len()).sum::<usize>();
    let length = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    let mut all = [&length[..], name].concat();
    content.iter().for_each(|part| all.extend_from_slice(part));
    all
}

/// A box that begins with version and flags, of 32-bit numbers.
fn full(name: &[u8; 4], flags: u32, numbers: &[u32]) -> Vec<u8> {
    let numbers: Vec<u8> = numbers.iter().flat_map(|one| one.to_be_bytes()).collect();
    atom(name, &[&flags.to_be_bytes(), &numbers])
}

/// Everything but the pictures, which begin at `offset`.
fn movie(second: &Second, stream: &Stream<'_>, seconds: u32, offset: u32) -> Vec<u8> {
    const ONE: u32 = 0x1_0000;
    const MATRIX: [u32; 9] = [ONE, 0, 0, 0, ONE, 0, 0, 0, 0x4000_0000];
    let length = seconds * RATE;
    let [width, height] = [second.width, second.height].map(|side| u32::from(side) << 16);
    let head = [&[0, 0, RATE, length, ONE, 0x0100_0000, 0, 0], &MATRIX[..]].concat();
    let head = [&head[..], &[0, 0, 0, 0, 0, 0, 2]].concat();
    let track = [&[0, 0, 1, 0, length, 0, 0, 0, 0], &MATRIX[..]].concat();
    let track = [&track[..], &[width, height]].concat();
    let media = full(b"mdhd", 0, &[0, 0, RATE, length, 0x55c4_0000]);
    let handler = [&[0; 8], &b"vide"[..], &[0; 12], b"video\0"].concat();
    let here = full(b"url ", 1, &[]);
    let places = atom(b"dref", &[&[0, 0, 0, 0, 0, 0, 0, 1], &here]);
    let information = atom(
        b"minf",
        &[
            &full(b"vmhd", 1, &[0, 0]),
            &atom(b"dinf", &[&places]),
            &table(second, stream, seconds, offset),
        ],
    );
    let media = atom(
        b"mdia",
        &[&media, &atom(b"hdlr", &[&handler]), &information],
    );
    let track = atom(b"trak", &[&full(b"tkhd", 3, &track), &media]);
    atom(b"moov", &[&full(b"mvhd", 0, &head), &track])
}

/// Where the pictures are, and how they are coded.
fn table(second: &Second, stream: &Stream<'_>, seconds: u32, offset: u32) -> Vec<u8> {
    let count = seconds * RATE;
    let sizes = stream
        .pictures
        .iter()
        .map(|picture| u32::try_from(picture.len()).unwrap_or(0));
    let sizes: Vec<u32> = sizes.collect();
    let sizes = (0..seconds).flat_map(|_| sizes.iter().copied());
    let sizes: Vec<u32> = [0, count].into_iter().chain(sizes).collect();
    let first = (0..seconds).map(|second| second * RATE + 1);
    let first: Vec<u32> = [seconds].into_iter().chain(first).collect();
    atom(
        b"stbl",
        &[
            &atom(
                b"stsd",
                &[&[0, 0, 0, 0, 0, 0, 0, 1], &coding(second, stream)],
            ),
            &full(b"stts", 0, &[1, count, 1]),
            &full(b"stss", 0, &first),
            &full(b"stsc", 0, &[1, 1, count, 1]),
            &full(b"stsz", 0, &sizes),
            &full(b"stco", 0, &[1, offset]),
        ],
    )
}

fn coding(second: &Second, stream: &Stream<'_>) -> Vec<u8> {
    let length = |unit: &[u8]| u16::try_from(unit.len()).unwrap_or(0).to_be_bytes();
    let (sequence, picture) = (stream.sequence, stream.picture);
    let profile = sequence.get(1..4).unwrap_or_default();
    let decoder = atom(
        b"avcC",
        &[
            &[1],
            profile,
            // Lengths of four bytes, one unit for the sequence, one for pictures.
            &[0xff, 0xe1],
            &length(sequence),
            sequence,
            &[1],
            &length(picture),
            picture,
        ],
    );
    let dots_per_inch = [0, 0x48, 0, 0, 0, 0x48, 0, 0];
    atom(
        b"avc1",
        &[
            &[0, 0, 0, 0, 0, 0, 0, 1],
            &[0; 16],
            &second.width.to_be_bytes(),
            &second.height.to_be_bytes(),
            &dots_per_inch,
            &[0, 0, 0, 0, 0, 1],
            &[0; 32],
            &[0, 0x18, 0xff, 0xff],
            &decoder,
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_second_has_its_pictures_and_what_a_decoder_needs() {
        for second in &SECONDS {
            let stream = Stream::read(second.stream);
            assert_eq!(stream.pictures.len(), RATE as usize, "{}", second.ratio);
            assert!(!stream.sequence.is_empty() && !stream.picture.is_empty());
        }
    }

    #[test]
    fn boxes_cover_the_file_and_pictures_begin_where_it_says() {
        let film = Film::new("a paper boat", "3:2", "480p", 6);
        let file = film.file();
        let (mut at, mut names) = (0, Vec::new());
        while at < file.len() {
            let length = u32::from_be_bytes(file[at..at + 4].try_into().unwrap());
            names.push(String::from_utf8_lossy(&file[at + 4..at + 8]).into_owned());
            at += length as usize;
        }
        assert_eq!(names, ["ftyp", "moov", "free", "mdat"]);
        let find = |name: &[u8]| file.windows(4).position(|four| four == name).unwrap();
        let offset = find(b"stco") + 12;
        let offset = u32::from_be_bytes(file[offset..offset + 4].try_into().unwrap());
        assert_eq!(offset as usize, find(b"mdat") + 4);
    }

    #[test]
    fn files_differ_by_prompt_shape_and_length() {
        let film = |prompt, ratio, seconds| Film::new(prompt, ratio, "480p", seconds).file();
        let boat = film("a boat", "3:2", 6);
        assert_eq!(boat, film("a boat", "3:2", 6));
        for other in [
            film("an owl", "3:2", 6),
            film("a boat", "1:1", 6),
            film("a boat", "3:2", 10),
        ] {
            assert_ne!(boat, other);
        }
    }
}

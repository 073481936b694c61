//! Pictures that look like something: coloured circles on a gradient, different for each prompt,
//! shape and stage, the same on every machine.

use std::io::Cursor;

use image::{
    ExtendedColorType, ImageEncoder, ImageResult, Rgb, RgbImage,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType, PngEncoder},
    },
};

use crate::hash;

/// How far a picture has come. The upstream shows it small and coarse first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Stage {
    Preview,
    Medium,
    Final,
}

impl Stage {
    pub(crate) const ALL: [Self; 3] = [Self::Preview, Self::Medium, Self::Final];

    /// One pixel of the stage for so many of the final picture, in each direction.
    fn divisor(self) -> u32 {
        match self {
            Self::Preview => 4,
            Self::Medium => 2,
            Self::Final => 1,
        }
    }

    fn jpeg_quality(self) -> u8 {
        match self {
            Self::Preview => 40,
            Self::Medium => 75,
            Self::Final => 90,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Format {
    Jpeg,
    Png,
}

impl Format {
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }

    pub(crate) fn mime(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

/// One picture, before it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Picture {
    seed: u64,
    width: u32,
    height: u32,
    pub(crate) format: Format,
}

impl Picture {
    /// `name` decides what is to be seen, `ratio` such as `2:3` the shape.
    pub(crate) fn new(name: &str, ratio: &str, format: Format) -> Self {
        let (width, height) = size_of(ratio);
        Self {
            seed: hash::of(name),
            width,
            height,
            format,
        }
    }

    /// Width and height of the final picture, in pixels.
    pub(crate) fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// The encoded file.
    pub(crate) fn draw(&self, stage: Stage) -> Vec<u8> {
        // Encoding into memory cannot fail.
        self.encode(stage).unwrap_or_default()
    }

    fn encode(&self, stage: Stage) -> ImageResult<Vec<u8>> {
        let pixels = self.paint(stage);
        let mut file = Cursor::new(Vec::new());
        let (width, height) = pixels.dimensions();
        let colour = ExtendedColorType::Rgb8;
        match self.format {
            Format::Jpeg => JpegEncoder::new_with_quality(&mut file, stage.jpeg_quality())
                .write_image(&pixels, width, height, colour)?,
            Format::Png => {
                PngEncoder::new_with_quality(&mut file, CompressionType::Fast, FilterType::Sub)
                    .write_image(&pixels, width, height, colour)?;
            }
        }
        Ok(file.into_inner())
    }

    fn paint(&self, stage: Stage) -> RgbImage {
        let (width, height) = (self.width / stage.divisor(), self.height / stage.divisor());
        let circles: Vec<Circle> = (0..6)
            .map(|n| Circle::new(self.seed, n, width, height))
            .collect();
        let (above, below) = (colour(self.seed, 100), colour(self.seed, 101));
        RgbImage::from_fn(width, height, |x, y| {
            let mut mixed = blend(above, below, y * 255 / height.max(1));
            for circle in &circles {
                if circle.holds(x, y) {
                    mixed = blend(mixed, circle.colour, 170);
                }
            }
            // Grain, as a photograph has it: files get the sizes of real ones.
            let grain = hash::mix(self.seed ^ u64::from(x), u64::from(y)) % 13;
            Rgb(mixed.map(|part| part.saturating_add(u8::try_from(grain).unwrap_or(0))))
        })
    }
}

struct Circle {
    x: i64,
    y: i64,
    square_radius: i64,
    colour: [u8; 3],
}

impl Circle {
    fn new(seed: u64, n: u64, width: u32, height: u32) -> Self {
        let number = |position: u64, below: u32| {
            let below = u64::from(below.max(1));
            i64::try_from(hash::mix(seed, n * 8 + position) % below).unwrap_or(0)
        };
        let radius = i64::from(height / 12) + number(2, height / 5);
        Self {
            x: number(0, width),
            y: number(1, height),
            square_radius: radius * radius,
            colour: colour(seed, n),
        }
    }

    fn holds(&self, x: u32, y: u32) -> bool {
        let (across, down) = (i64::from(x) - self.x, i64::from(y) - self.y);
        across * across + down * down <= self.square_radius
    }
}

fn colour(seed: u64, position: u64) -> [u8; 3] {
    let [red, green, blue, ..] = hash::mix(!seed, position).to_le_bytes();
    [red, green, blue]
}

/// `part` of 255 of the second colour.
fn blend(first: [u8; 3], second: [u8; 3], part: u32) -> [u8; 3] {
    let mix = |one: u8, other: u8| {
        let sum = u32::from(one) * (255 - part.min(255)) + u32::from(other) * part.min(255);
        u8::try_from(sum / 255).unwrap_or(u8::MAX)
    };
    let ([a, b, c], [d, e, f]) = (first, second);
    [mix(a, d), mix(b, e), mix(c, f)]
}

/// About a megapixel; unknown ratios are tall.
fn size_of(ratio: &str) -> (u32, u32) {
    match ratio {
        "1:1" => (1024, 1024),
        "3:2" => (1248, 832),
        "16:9" => (1280, 720),
        "9:16" => (720, 1280),
        "4:3" => (1152, 864),
        "3:4" => (864, 1152),
        "2:1" => (1408, 704),
        "1:2" => (704, 1408),
        _ => (832, 1248),
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::*;

    const RATIOS: [&str; 5] = ["1:1", "2:3", "3:2", "16:9", "9:16"];

    #[test]
    fn stages_have_the_sizes_by_which_older_clients_tell_them_apart() {
        for ratio in RATIOS {
            let picture = Picture::new("a red fox", ratio, Format::Jpeg);
            let [preview, medium, whole] =
                Stage::ALL.map(|stage| STANDARD.encode(picture.draw(stage)).len());
            assert!(preview <= 30_000, "{ratio}: {preview}");
            assert!((30_001..100_000).contains(&medium), "{ratio}: {medium}");
            assert!(whole >= 100_000, "{ratio}: {whole}");
        }
    }

    #[test]
    fn pictures_differ_by_prompt_and_have_the_asked_shape() {
        let draw = |name: &str, ratio: &str, format| {
            let picture = Picture::new(name, ratio, format);
            (picture.size(), picture.draw(Stage::Final))
        };
        let (size, fox) = draw("a red fox", "3:2", Format::Png);
        let (_, owl) = draw("an owl", "3:2", Format::Png);
        assert_eq!(size, (1248, 832));
        assert_ne!(fox, owl);
        assert_eq!(fox, draw("a red fox", "3:2", Format::Png).1);
        assert!(fox.starts_with(b"\x89PNG\r\n"));
        assert!(
            draw("x", "1:1", Format::Jpeg)
                .1
                .starts_with(&[0xff, 0xd8, 0xff])
        );
    }
}

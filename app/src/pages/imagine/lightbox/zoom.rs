//! How a picture is enlarged and moved inside its stage. Pure.

const MAX_SCALE: f64 = 8.0;
/// Of one press of a key or button, and of one notch of the wheel.
pub(super) const STEP: f64 = 1.5;
const CENTRE: Point = Point { x: 0.0, y: 0.0 };

/// Pixels from the middle of the stage.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

impl Point {
    pub(super) fn distance(self, other: Self) -> f64 {
        let (x, y) = (self.x - other.x, self.y - other.y);
        (x * x + y * y).sqrt()
    }

    pub(super) fn middle(self, other: Self) -> Self {
        Self {
            x: f64::midpoint(self.x, other.x),
            y: f64::midpoint(self.y, other.y),
        }
    }
}

/// Scale and place of the picture; at scale 1 it fits and is in the middle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Zoom {
    pub(super) scale: f64,
    pub(super) offset: Point,
}

impl Default for Zoom {
    fn default() -> Self {
        Self {
            scale: 1.0,
            offset: CENTRE,
        }
    }
}

impl Zoom {
    pub(super) fn is_enlarged(self) -> bool {
        self.scale > 1.0
    }

    /// Larger by `factor` around a point that stays where it is. `stage` is its width and height.
    pub(super) fn by(self, factor: f64, around: Point, stage: (f64, f64)) -> Self {
        let scale = (self.scale * factor).clamp(1.0, MAX_SCALE);
        let factor = scale / self.scale;
        let offset = Point {
            x: around.x - (around.x - self.offset.x) * factor,
            y: around.y - (around.y - self.offset.y) * factor,
        };
        Self { scale, offset }.within(stage)
    }

    /// In the middle, enlarged or not.
    pub(super) fn toggled(self, around: Point, stage: (f64, f64)) -> Self {
        if self.is_enlarged() {
            Self::default()
        } else {
            self.by(STEP * STEP, around, stage)
        }
    }

    pub(super) fn moved(self, x: f64, y: f64, stage: (f64, f64)) -> Self {
        let offset = Point {
            x: self.offset.x + x,
            y: self.offset.y + y,
        };
        Self { offset, ..self }.within(stage)
    }

    /// The enlarged stage covers the stage.
    fn within(self, (width, height): (f64, f64)) -> Self {
        let limit = |size: f64| size * (self.scale - 1.0) / 2.0;
        let (x, y) = (limit(width), limit(height));
        let offset = Point {
            x: self.offset.x.clamp(-x, x),
            y: self.offset.y.clamp(-y, y),
        };
        Self { offset, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAGE: (f64, f64) = (800.0, 600.0);

    #[test]
    fn the_point_under_the_pointer_stays() {
        let around = Point { x: 100.0, y: -50.0 };
        let zoom = Zoom::default().by(2.0, around, STAGE);
        // A point of the picture at p is seen at p * scale + offset.
        let seen = |zoom: Zoom, p: Point| Point {
            x: p.x * zoom.scale + zoom.offset.x,
            y: p.y * zoom.scale + zoom.offset.y,
        };
        assert_eq!(seen(zoom, around), around);
        let p = Point { x: 30.0, y: 40.0 };
        let at = seen(zoom, p);
        let more = zoom.by(1.5, at, STAGE);
        assert!(seen(more, p).distance(at) < 1e-9);
    }

    #[test]
    fn it_never_gets_smaller_than_its_stage_nor_leaves_it() {
        let small = Zoom::default().by(0.2, Point { x: 9.0, y: 9.0 }, STAGE);
        assert_eq!(small, Zoom::default());
        let huge = Zoom::default().by(1e6, CENTRE, STAGE);
        assert!((huge.scale - MAX_SCALE).abs() < 1e-9);
        let aside = Zoom::default()
            .by(2.0, CENTRE, STAGE)
            .moved(1e6, -1e6, STAGE);
        assert_eq!(
            aside.offset,
            Point {
                x: 400.0,
                y: -300.0
            }
        );
        assert_eq!(aside.toggled(CENTRE, STAGE), Zoom::default());
    }
}

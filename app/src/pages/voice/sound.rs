//! How loud it is, on both sides: measured, not drawn.

use js_sys::Array;
use wasm_bindgen::JsValue;
use web_sys::{AnalyserNode, AudioContext, MediaStream, MediaStreamTrack};

/// Samples of one look; a bit more than 40 ms.
const WINDOW: u32 = 2048;
/// Quieter sound than this, in decibels below full scale, counts as none.
const FLOOR_DB: f32 = -60.0;

/// Measures one track.
pub(super) struct Meter {
    analyser: AnalyserNode,
    samples: Vec<f32>,
}

impl Meter {
    /// # Errors
    /// The browser has no room for it.
    pub(super) fn of(context: &AudioContext, track: &MediaStreamTrack) -> Result<Self, JsValue> {
        let stream = MediaStream::new_with_tracks(&Array::of1(track))?;
        let analyser = context.create_analyser()?;
        analyser.set_fft_size(WINDOW);
        context
            .create_media_stream_source(&stream)?
            .connect_with_audio_node(&analyser)?;
        Ok(Self {
            analyser,
            samples: vec![0.0; WINDOW as usize],
        })
    }

    /// How loud it is now, from 0 to 100.
    pub(super) fn level(&mut self) -> u32 {
        self.analyser.get_float_time_domain_data(&mut self.samples);
        level_of(&self.samples)
    }
}

/// Decibels of the root mean square, from the floor to full scale.
fn level_of(samples: &[f32]) -> u32 {
    let square = samples.iter().map(|sample| sample * sample).sum::<f32>();
    let decibels = 10.0 * (square / samples.len().max(1) as f32).log10();
    let share = (decibels - FLOOR_DB) / -FLOOR_DB;
    (share.clamp(0.0, 1.0) * 100.0).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_decibels_from_nothing_to_full_scale() {
        assert_eq!(level_of(&[]), 0);
        assert_eq!(level_of(&[0.0; 8]), 0);
        assert_eq!(level_of(&[0.001; 8]), 0);
        assert_eq!(level_of(&[0.0316; 8]), 50);
        assert_eq!(level_of(&[-1.0; 8]), 100);
    }
}

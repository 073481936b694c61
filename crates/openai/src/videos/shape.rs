//! The shapes and moods of videos (`docs/upstream-protocol.md` 6.4 and 6.6).

/// The shape of a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VideoSize {
    /// As callers write it, for example `1280x720`.
    pub name: &'static str,
    /// As the upstream takes it, for example `16:9`.
    pub aspect_ratio: &'static str,
}

impl VideoSize {
    pub(crate) const ALL: [(&'static str, &'static str); 5] = [
        ("720x1280", "9:16"),
        ("1280x720", "16:9"),
        ("1024x1024", "1:1"),
        ("1024x1792", "2:3"),
        ("1792x1024", "3:2"),
    ];

    /// By its name or its ratio.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let is_it = |(size, ratio): &&(&str, &str)| *size == name || *ratio == name;
        let (name, aspect_ratio) = Self::ALL.iter().find(is_it)?;
        Some(Self { name, aspect_ratio })
    }
}

impl Default for VideoSize {
    fn default() -> Self {
        let [(name, aspect_ratio), ..] = Self::ALL;
        Self { name, aspect_ratio }
    }
}

/// How wild a video is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    Fun,
    Normal,
    Spicy,
    /// As the prompt says.
    #[default]
    Custom,
}

impl Preset {
    pub const ALL: [Self; 4] = [Self::Fun, Self::Normal, Self::Spicy, Self::Custom];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fun => "fun",
            Self::Normal => "normal",
            Self::Spicy => "spicy",
            Self::Custom => "custom",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.as_str() == name)
    }
}

//! Fields with a closed set of values.

use crate::declare::{Raw, Setting};

/// Declares an enum of named values and how it is read and written.
macro_rules! choice {
    (
        $(#[$meta:meta])*
        $name:ident { $( $(#[$variant_meta:meta])* $variant:ident = $text:literal, )+ }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $( $(#[$variant_meta])* $variant, )+ }

        impl $name {
            /// The name in the configuration.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text, )+ }
            }
        }

        impl Setting for $name {
            type Rule = ();

            fn read(raw: Raw<'_>, (): &()) -> Option<Self> {
                let text = raw.text()?.trim();
                [$( Self::$variant, )+].into_iter().find(|v| v.as_str().eq_ignore_ascii_case(text))
            }

            fn expected((): &()) -> String {
                let names = [$( concat!('"', $text, '"'), )+];
                if names.len() > 1 { format!("one of {}", names.join(", ")) } else { names.concat() }
            }

            fn write(&self) -> String {
                format!("\"{}\"", self.as_str())
            }
        }
    };
}

choice! {
    /// How a model's thinking reaches API callers.
    ThinkingFormat {
        /// In `delta.reasoning_content`, apart from the answer.
        ReasoningContent = "reasoning_content",
        /// Inside the answer, between `<think>` and `</think>`.
        ThinkTags = "think_tags",
    }
}

choice! {
    /// How generated images are returned.
    ImageFormat {
        Url = "url",
        Base64 = "base64",
        B64Json = "b64_json",
    }
}

choice! {
    /// Which year's forms of the upstream's calls are used.
    UpstreamProtocol {
        /// Today's; the older one where only that is answered.
        Auto = "auto",
        August = "2026-08",
        February = "2026-02",
    }
}

choice! {
    /// How generated videos are returned by the chat endpoint.
    VideoFormat {
        /// A `<video>` element.
        Html = "html",
        Url = "url",
        Markdown = "markdown",
    }
}

choice! {
    /// How the fast image model returns its images.
    FastFormat {
        Url = "url",
        B64Json = "b64_json",
        Base64 = "base64",
    }
}

choice! {
    /// Where data is kept.
    StorageType {
        /// One SQLite file in `DATA_DIR`.
        Local = "local",
        Redis = "redis",
        /// MariaDB too.
        MySql = "mysql",
        Postgres = "pgsql",
    }
}

choice! {
    /// The least account a model needs.
    ModelTier {
        Basic = "basic",
        Super = "super",
        Heavy = "heavy",
    }
}

choice! {
    /// What a request costs: 1 quota unit or 4.
    Effort {
        Low = "low",
        High = "high",
    }
}

choice! {
    /// What a model makes.
    ModelKind {
        Chat = "chat",
        Image = "image",
        ImageEdit = "image_edit",
        Video = "video",
    }
}

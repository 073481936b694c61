//! What a tool of the upstream did: one line to read, and the look-up if it was one.

use serde_json::Value;

use super::syntax::{element_text, without_tags};

/// One look-up of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    pub kind: SearchKind,
    /// Not empty.
    pub query: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchKind {
    Web,
    Images,
    /// Posts on X.
    X,
}

impl SearchKind {
    const ALL: [Self; 3] = [Self::Web, Self::Images, Self::X];

    /// Name of the tool in elements. Structured cards write it in camel case as well.
    fn tool(self) -> &'static str {
        match self {
            Self::Web => "web_search",
            Self::Images => "search_images",
            Self::X => "x_search",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Web => "WebSearch",
            Self::Images => "SearchImage",
            Self::X => "XSearch",
        }
    }

    /// The arguments that may hold what is looked for.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Web | Self::X => &["query", "q"],
            Self::Images => &["image_description", "description", "query"],
        }
    }

    fn of(tool: &str) -> Option<Self> {
        let snake = |name: &str| {
            name.replace("Search", "_search")
                .replace("Images", "_images")
        };
        let is_it = |kind: &Self| kind.tool() == tool || kind.tool() == snake(tool);
        Self::ALL.into_iter().find(is_it)
    }
}

impl Search {
    /// The look-up of a structured card, whose field `tool` holds `{"args":{…}}`.
    pub(crate) fn of_card(tool: &str, card: &Value) -> Option<Self> {
        let kind = SearchKind::of(tool)?;
        let args = card.get("args")?;
        let texts = kind
            .keys()
            .iter()
            .filter_map(|key| args.get(*key)?.as_str());
        let query = one_line(texts.into_iter().find(|text| !text.trim().is_empty())?);
        Some(Self { kind, query })
    }

    /// What is told of it among the reasoning, in one line without its end. `rollout` is the reasoning
    /// agent.
    #[must_use]
    pub fn line(&self, rollout: Option<&str>) -> String {
        let rollout = rollout.filter(|id| !id.is_empty());
        let rollout = rollout.map(|id| format!("[{id}]")).unwrap_or_default();
        one_line(&format!("{rollout}[{}] {}", self.kind.label(), self.query))
    }
}

/// What a `xai:tool_usage_card` element says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ToolCard {
    /// Without a line end; empty if it says nothing.
    pub(super) line: String,
    pub(super) search: Option<Search>,
}

/// Reads a whole element. `rollout` is the reasoning agent; a `<rolloutId>` in the element goes
/// before it.
pub(super) fn read(xml: &str, rollout: Option<&str>) -> ToolCard {
    let name = element_text(xml, "xai:tool_name").unwrap_or_default();
    let args = element_text(xml, "xai:tool_args").unwrap_or_default();
    let rollout = element_text(xml, "rolloutId").or_else(|| rollout.map(str::to_owned));
    let rollout = rollout
        .filter(|id| !id.is_empty())
        .map(|id| format!("[{id}]"));
    let kind = SearchKind::of(&name);
    let (label, keys): (_, &[&str]) = match (kind, name.as_str()) {
        (Some(kind), _) => (kind.label(), kind.keys()),
        (None, "chatroom_send") => ("AgentThink", &["message"]),
        (None, "") if args.is_empty() => return ToolCard::other(&without_tags(xml)),
        (None, _) => return ToolCard::other(&format!("{name} {args}")),
    };
    let rollout = rollout.unwrap_or_default();
    let query = one_line(&argument(&args, keys));
    ToolCard {
        line: one_line(&format!("{rollout}[{label}] {query}")),
        search: kind
            .filter(|_| !query.is_empty())
            .map(|kind| Search { kind, query }),
    }
}

impl ToolCard {
    /// A card of a tool that is not known.
    fn other(text: &str) -> Self {
        Self {
            line: one_line(text),
            search: None,
        }
    }
}

/// The first of `keys` that the arguments have, or the arguments as they are if they are no object.
fn argument(args: &str, keys: &[&str]) -> String {
    let Ok(Value::Object(fields)) = serde_json::from_str(args) else {
        return args.to_owned();
    };
    let mut texts = keys
        .iter()
        .filter_map(|key| fields.get(*key).and_then(Value::as_str));
    texts
        .find(|text| !text.is_empty())
        .unwrap_or_default()
        .to_owned()
}

fn one_line(text: &str) -> String {
    text.split(['\n', '\r'])
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(name: &str, args: &str) -> String {
        format!(
            "<xai:tool_usage_card><xai:tool_usage_card_id>1</xai:tool_usage_card_id>\
             <xai:tool_name>{name}</xai:tool_name><xai:tool_args>{args}</xai:tool_args>\
             </xai:tool_usage_card>"
        )
    }

    #[test]
    fn each_tool_has_its_line() {
        for (name, args, line) in [
            (
                "web_search",
                "<![CDATA[{\"query\":\"rust 1.90\"}]]>",
                "[A][WebSearch] rust 1.90",
            ),
            (
                "web_search",
                "{\"query\":\"\",\"q\":\"x\"}",
                "[A][WebSearch] x",
            ),
            (
                "web_search",
                "{&quot;q&quot;:&quot;a &amp;amp; b&quot;}",
                "[A][WebSearch] a &amp; b",
            ),
            ("web_search", "not json", "[A][WebSearch] not json"),
            ("web_search", "{}", "[A][WebSearch]"),
            (
                "search_images",
                "{\"description\":\"a fox\"}",
                "[A][SearchImage] a fox",
            ),
            (
                "chatroom_send",
                "{\"message\":\"one\\n\\n two\"}",
                "[A][AgentThink] one two",
            ),
            (
                "browse_page",
                "{\"url\":\"u\"}",
                "browse_page {\"url\":\"u\"}",
            ),
            ("browse_page", "", "browse_page"),
            ("", "{\"a\":1}", "{\"a\":1}"),
            ("", "", "1"),
        ] {
            assert_eq!(
                read(&card(name, args), Some("A")).line,
                line,
                "{name} {args}"
            );
        }
    }

    #[test]
    fn the_rollout_is_optional_and_the_one_in_the_card_wins() {
        let args = "{\"q\":\"x\"}";
        let line = |xml: &str, rollout| read(xml, rollout).line;
        assert_eq!(line(&card("web_search", args), None), "[WebSearch] x");
        assert_eq!(line(&card("web_search", args), Some("")), "[WebSearch] x");
        let own = card("web_search", args)
            .replace("<xai:tool_name>", "<rolloutId>B</rolloutId><xai:tool_name>");
        assert_eq!(line(&own, Some("A")), "[B][WebSearch] x");
    }

    #[test]
    fn look_ups_are_told_with_what_was_looked_for() {
        let search = |kind, query: &str| {
            Some(Search {
                kind,
                query: query.to_owned(),
            })
        };
        for (name, args, expected) in [
            (
                "web_search",
                "{\"query\":\"rust\\n 1.90\"}",
                search(SearchKind::Web, "rust 1.90"),
            ),
            (
                "web_search",
                "not json",
                search(SearchKind::Web, "not json"),
            ),
            ("web_search", "{}", None),
            (
                "search_images",
                "{\"query\":\"a fox\"}",
                search(SearchKind::Images, "a fox"),
            ),
            ("chatroom_send", "{\"message\":\"hi\"}", None),
            ("browse_page", "{\"query\":\"x\"}", None),
            ("", "", None),
        ] {
            assert_eq!(
                read(&card(name, args), None).search,
                expected,
                "{name} {args}"
            );
        }
    }
}

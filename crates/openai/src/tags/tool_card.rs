//! One line for what a tool of the upstream did.

use serde_json::Value;

use super::syntax::{element_text, without_tags};

/// The summary of a whole `xai:tool_usage_card` element, without a line end; empty if it says
/// nothing. `rollout` is the reasoning agent; a `<rolloutId>` in the element goes before it.
pub(super) fn summarize(xml: &str, rollout: Option<&str>) -> String {
    let name = element_text(xml, "xai:tool_name").unwrap_or_default();
    let args = element_text(xml, "xai:tool_args").unwrap_or_default();
    let rollout = element_text(xml, "rolloutId").or_else(|| rollout.map(str::to_owned));
    let rollout = rollout
        .filter(|id| !id.is_empty())
        .map(|id| format!("[{id}]"));
    let labelled = |label: &str, keys: &[&str]| {
        format!(
            "{}[{label}] {}",
            rollout.as_deref().unwrap_or_default(),
            argument(&args, keys)
        )
    };
    let line = match name.as_str() {
        "web_search" => labelled("WebSearch", &["query", "q"]),
        "search_images" => labelled(
            "SearchImage",
            &["image_description", "description", "query"],
        ),
        "chatroom_send" => labelled("AgentThink", &["message"]),
        "" if args.is_empty() => without_tags(xml),
        _ => format!("{name} {args}"),
    };
    one_line(&line)
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
                summarize(&card(name, args), Some("A")),
                line,
                "{name} {args}"
            );
        }
    }

    #[test]
    fn the_rollout_is_optional_and_the_one_in_the_card_wins() {
        let args = "{\"q\":\"x\"}";
        assert_eq!(summarize(&card("web_search", args), None), "[WebSearch] x");
        assert_eq!(
            summarize(&card("web_search", args), Some("")),
            "[WebSearch] x"
        );
        let own = card("web_search", args)
            .replace("<xai:tool_name>", "<rolloutId>B</rolloutId><xai:tool_name>");
        assert_eq!(summarize(&own, Some("A")), "[B][WebSearch] x");
    }
}

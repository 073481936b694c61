//! The clients of the page: what each is configured with, and what is to be known of it.
//!
//! Facts about clients are from their own documentation, as of November 2026; which of them our tests
//! run is in `docs/clients.md`.

use super::snippet::{Snippet, Syntax};
use crate::i18n::{Text, text::connect as text};

/// A program that can use this server.
#[derive(Clone, Copy)]
pub(super) struct Client {
    /// Of its section, for addresses.
    pub(super) id: &'static str,
    /// As it calls itself, the same in every language.
    pub(super) name: &'static str,
    pub(super) lead: Text,
    pub(super) blocks: &'static [Block],
    pub(super) notes: &'static [Text],
    pub(super) needs: Need,
}

/// What a client wants of the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    Nothing,
    /// Its maker's servers call ours.
    PublicHttps,
    /// It often runs in a container, where a loopback address is its own.
    NoLoopback,
}

/// One thing to copy or to enter.
#[derive(Clone, Copy)]
pub(super) enum Block {
    Code {
        place: Place,
        snippet: Snippet,
    },
    /// Fields of a form of the client.
    Fields(&'static [(Text, FieldValue)]),
}

/// Where a snippet belongs.
#[derive(Clone, Copy)]
pub(super) enum Place {
    File(&'static str),
    Said(Text),
}

/// What is entered in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldValue {
    BaseUrl,
    /// The same where a client runs in a container.
    ContainerBaseUrl,
    Key,
    Model,
}

/// A file of `snippets/`.
macro_rules! code {
    ($place:expr, $syntax:ident, $file:literal) => {
        Block::Code {
            place: $place,
            snippet: Snippet {
                syntax: Syntax::$syntax,
                template: include_str!(concat!("snippets/", $file)),
            },
        }
    };
}

const TERMINAL: Place = Place::Said(text::PLACE_TERMINAL);
const SERVER_CONFIG: Place = Place::Said(text::PLACE_SERVER);

/// What stands together on the page.
pub(super) struct Group {
    pub(super) title: Text,
    pub(super) clients: &'static [Client],
}

/// In the order of the page.
pub(super) static GROUPS: [Group; 3] = [
    Group {
        title: text::GROUP_LIBRARIES,
        clients: &LIBRARIES,
    },
    Group {
        title: text::GROUP_AGENTS,
        clients: &AGENTS,
    },
    Group {
        title: text::GROUP_CHATS,
        clients: &CHATS,
    },
];

static LIBRARIES: [Client; 4] = [
    Client {
        id: "curl",
        name: "curl",
        lead: text::CURL_LEAD,
        blocks: &[code!(TERMINAL, Shell, "curl.sh")],
        notes: &[],
        needs: Need::Nothing,
    },
    Client {
        id: "openai-python",
        name: "OpenAI SDK (Python)",
        lead: text::OPENAI_LEAD,
        blocks: &[code!(Place::File("chat.py"), Quoted, "openai_python.py")],
        notes: &[],
        needs: Need::Nothing,
    },
    Client {
        id: "openai-node",
        name: "OpenAI SDK (Node.js)",
        lead: text::OPENAI_LEAD,
        blocks: &[code!(Place::File("chat.mjs"), Quoted, "openai_node.mjs")],
        notes: &[],
        needs: Need::Nothing,
    },
    Client {
        id: "langchain",
        name: "LangChain",
        lead: text::LANGCHAIN_LEAD,
        blocks: &[code!(Place::File("chat.py"), Quoted, "langchain.py")],
        notes: &[text::LANGCHAIN_REASONING],
        needs: Need::Nothing,
    },
];

static AGENTS: [Client; 4] = [
    Client {
        id: "claude-code",
        name: "Claude Code",
        lead: text::CLAUDE_LEAD,
        blocks: &[
            code!(TERMINAL, Shell, "claude_code.sh"),
            code!(
                Place::File("~/.claude/settings.json"),
                Quoted,
                "claude_code.json"
            ),
            code!(SERVER_CONFIG, Quoted, "claude_aliases.toml"),
        ],
        notes: &[
            text::CLAUDE_EITHER,
            text::CLAUDE_ALIASES,
            text::CLAUDE_LIMITS,
        ],
        needs: Need::Nothing,
    },
    Client {
        id: "codex",
        name: "Codex",
        lead: text::CODEX_LEAD,
        blocks: &[
            code!(Place::File("~/.codex/config.toml"), Quoted, "codex.toml"),
            code!(TERMINAL, Shell, "codex.sh"),
        ],
        notes: &[text::CODEX_METADATA, text::CODEX_ALIASES],
        needs: Need::Nothing,
    },
    Client {
        id: "cursor",
        name: "Cursor",
        lead: text::CURSOR_LEAD,
        blocks: &[Block::Fields(&[
            (text::CURSOR_KEY, FieldValue::Key),
            (text::CURSOR_ADDRESS, FieldValue::BaseUrl),
            (text::CURSOR_MODEL, FieldValue::Model),
        ])],
        notes: &[text::CURSOR_PUBLIC, text::CURSOR_NAMES, text::CURSOR_LIMITS],
        needs: Need::PublicHttps,
    },
    Client {
        id: "continue",
        name: "Continue",
        lead: text::CONTINUE_LEAD,
        blocks: &[code!(
            Place::File("~/.continue/config.yaml"),
            Quoted,
            "continue.yaml"
        )],
        notes: &[text::CONTINUE_LIMITS],
        needs: Need::Nothing,
    },
];

static CHATS: [Client; 2] = [
    Client {
        id: "open-webui",
        name: "Open WebUI",
        lead: text::WEBUI_LEAD,
        blocks: &[
            Block::Fields(&[
                (text::WEBUI_ADDRESS, FieldValue::ContainerBaseUrl),
                (text::WEBUI_KEY, FieldValue::Key),
            ]),
            code!(TERMINAL, Shell, "open_webui.sh"),
        ],
        notes: &[text::WEBUI_FIRST_START, text::WEBUI_TASKS],
        needs: Need::NoLoopback,
    },
    Client {
        id: "librechat",
        name: "LibreChat",
        lead: text::LIBRECHAT_LEAD,
        blocks: &[code!(
            Place::File("librechat.yaml"),
            Quoted,
            "librechat.yaml"
        )],
        notes: &[text::LIBRECHAT_PRIVATE, text::LIBRECHAT_TITLES],
        needs: Need::NoLoopback,
    },
];

/// The tools for agents, where they are switched on.
pub(super) static MCP: Client = Client {
    id: "mcp",
    name: "MCP",
    lead: text::MCP_LEAD,
    blocks: &[
        code!(
            Place::Said(text::PLACE_MCP_CLAUDE),
            Shell,
            "mcp_claude_code.sh"
        ),
        code!(Place::File("~/.cursor/mcp.json"), Quoted, "mcp_cursor.json"),
        code!(Place::File(".vscode/mcp.json"), Quoted, "mcp_vscode.json"),
        code!(
            Place::File("~/.codex/config.toml"),
            Quoted,
            "mcp_codex.toml"
        ),
    ],
    notes: &[text::MCP_KEY, text::MCP_CODEX_KEY, text::MCP_TIME],
    needs: Need::Nothing,
};

/// Where they are not.
pub(super) static MCP_OFF: Client = Client {
    id: "mcp",
    name: "MCP",
    lead: text::MCP_OFF_LEAD,
    blocks: &[code!(SERVER_CONFIG, Quoted, "mcp_enable.toml")],
    notes: &[text::MCP_OFF_RESTART],
    needs: Need::Nothing,
};

#[cfg(test)]
mod tests {
    use super::{super::snippet::Values, *};
    use serde_json::Value;
    use std::collections::BTreeSet;

    const ADDRESS: &str = "https://grok.example:8443";
    const MODEL: &str = "grok-4.20 \"beta\"";

    fn values() -> Values {
        Values {
            base: ADDRESS.to_owned(),
            key: "sk-it's \"one\"".to_owned(),
            model: MODEL.to_owned(),
            mcp_path: "/tools/mcp".to_owned(),
        }
    }

    /// Those of a server that has tools.
    fn clients() -> impl Iterator<Item = &'static Client> {
        let all = GROUPS.iter().flat_map(|group| group.clients);
        all.chain([&MCP])
    }

    /// Client, file or other place in English, text.
    fn rendered() -> Vec<(&'static str, &'static str, String)> {
        let all = clients().chain([&MCP_OFF]);
        all.flat_map(|client| {
            client.blocks.iter().filter_map(|block| match block {
                Block::Code { place, snippet } => {
                    let place = match place {
                        Place::File(name) => name,
                        Place::Said(text) => text.get(crate::i18n::Language::English),
                    };
                    Some((client.id, place, snippet.render(&values())))
                }
                Block::Fields(_) => None,
            })
        })
        .collect()
    }

    fn file(client: &str, place: &str) -> String {
        let mut all = rendered().into_iter();
        let found = all.find(|(of, at, _)| (*of, *at) == (client, place));
        found.unwrap().2
    }

    #[test]
    fn every_place_in_every_template_is_filled() {
        for (client, place, text) in rendered() {
            assert!(!text.contains("{{"), "{client}, {place}: {text}");
            assert!(!text.contains("}}\""), "{client}, {place}: {text}");
        }
    }

    #[test]
    fn every_client_is_told_the_address_or_a_key_of_its_own() {
        for client in clients() {
            let tells = |block: &Block| match block {
                Block::Code { snippet, .. } => snippet.render(&values()).contains(ADDRESS),
                Block::Fields(fields) => fields.iter().any(|(_, value)| {
                    matches!(value, FieldValue::BaseUrl | FieldValue::ContainerBaseUrl)
                }),
            };
            assert!(client.blocks.iter().any(tells), "{}", client.name);
        }
    }

    #[test]
    fn sections_have_addresses_of_their_own() {
        let ids: BTreeSet<_> = clients().map(|client| client.id).collect();
        assert_eq!(ids.len(), clients().count());
    }

    #[test]
    fn json_files_are_json() {
        let settings = file("claude-code", "~/.claude/settings.json");
        let settings: Value = serde_json::from_str(&settings).unwrap();
        assert_eq!(settings["env"]["ANTHROPIC_BASE_URL"], ADDRESS);
        assert_eq!(settings["env"]["ANTHROPIC_DEFAULT_HAIKU_MODEL"], MODEL);
        for (place, list) in [
            ("~/.cursor/mcp.json", "mcpServers"),
            (".vscode/mcp.json", "servers"),
        ] {
            let servers: Value = serde_json::from_str(&file("mcp", place)).unwrap();
            let grok = &servers[list]["grok"];
            assert_eq!(grok["url"], format!("{ADDRESS}/tools/mcp"), "{place}");
            assert_eq!(
                grok["headers"]["Authorization"], "Bearer YOUR_MCP_KEY",
                "the key of the API opens no tools"
            );
        }
    }

    #[test]
    fn toml_files_are_toml() {
        let table = |client, place| toml::from_str::<toml::Table>(&file(client, place)).unwrap();
        let codex = table("codex", "~/.codex/config.toml");
        assert_eq!(codex["model"].as_str(), Some(MODEL));
        let provider = codex["model_provider"].as_str().unwrap();
        let provider = &codex["model_providers"][provider];
        assert_eq!(
            provider["base_url"].as_str(),
            Some(&*format!("{ADDRESS}/v1"))
        );
        assert_eq!(provider["wire_api"].as_str(), Some("responses"));
        let variable = provider["env_key"].as_str().unwrap();
        assert!(file("codex", "Terminal").contains(&format!("export {variable}=")));
        let tools = table("mcp", "~/.codex/config.toml");
        assert!(tools["mcp_servers"]["grok"]["url"].is_str());
        let aliases = table("claude-code", "config.toml of this server");
        assert_eq!(aliases["models"][0]["id"].as_str(), Some(MODEL));
        assert!(aliases["models"][0]["aliases"].as_array().unwrap().len() > 1);
        let mcp = table("mcp", "config.toml of this server");
        assert_eq!(mcp["mcp"]["enabled"].as_bool(), Some(true));
    }

    /// Enough of YAML for these files: keys and items by indentation; values that need marks have those
    /// of JSON.
    #[test]
    fn yaml_files_are_keys_and_values_in_steps_of_two() {
        for (client, place) in [
            ("continue", "~/.continue/config.yaml"),
            ("librechat", "librechat.yaml"),
        ] {
            let text = file(client, place);
            for line in text.lines() {
                let inner = line.trim_start();
                assert_eq!((line.len() - inner.len()) % 2, 0, "{line}");
                let (name, value) = inner.trim_start_matches("- ").split_once(':').unwrap();
                assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{line}");
                let value = value.trim();
                if value.starts_with('"') {
                    assert!(serde_json::from_str::<String>(value).is_ok(), "{line}");
                } else {
                    assert!(
                        !value.contains(['"', '#', '{']) || value.starts_with('['),
                        "{line}"
                    );
                }
            }
            let address = serde_json::to_string(&format!("{ADDRESS}/v1")).unwrap();
            assert!(text.contains(&address), "{text}");
        }
    }

    #[test]
    fn curl_sends_json_in_one_word() {
        let text = file("curl", "Terminal");
        let (_, body) = text.split_once("-d '").unwrap();
        let body: Value = serde_json::from_str(body.trim_end_matches('\'')).unwrap();
        assert_eq!(body["model"], MODEL);
        assert!(
            text.contains(r"'Authorization: Bearer sk-it'\''s"),
            "{text}"
        );
    }
}

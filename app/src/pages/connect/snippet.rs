//! Configuration of clients as text: templates, and what is filled into them.
//!
//! A template is a file in `snippets/`. `{{name}}` in it stands for a whole value with its quotation marks,
//! which are those of the file's syntax, so that whatever an address, a key or a model is called, the file
//! can be read by what it is for.

use super::address::{is_loopback, with_host};

/// How a value is written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    /// Python, JavaScript, JSON, TOML and YAML read the strings of JSON.
    Quoted,
    /// A POSIX shell.
    Shell,
}

impl Syntax {
    fn literal(self, value: &str) -> String {
        match self {
            Self::Quoted => quoted(value),
            Self::Shell => shell_word(value),
        }
    }
}

/// A file, or what is typed into a terminal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Snippet {
    pub(super) syntax: Syntax,
    pub(super) template: &'static str,
}

/// What is filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Values {
    /// The address of the server, without a slash at the end.
    pub(super) base: String,
    pub(super) key: String,
    pub(super) model: String,
    /// The path of the MCP server.
    pub(super) mcp_path: String,
}

/// What containers call the machine that they run on.
const CONTAINER_HOST: &str = "host.docker.internal";
/// Stands for the key of the MCP server, which nobody types here.
const MCP_KEY: &str = "YOUR_MCP_KEY";

impl Values {
    /// The address for clients of OpenAI's API.
    pub(super) fn base_url(&self) -> String {
        format!("{}/v1", self.base)
    }

    /// The same for a client in a container on this machine, where a loopback address is its own.
    pub(super) fn container_base_url(&self) -> String {
        match is_loopback(&self.base) {
            true => with_host(&self.base_url(), CONTAINER_HOST),
            false => self.base_url(),
        }
    }

    /// What `name` stands for in a template.
    fn of(&self, name: &str) -> Option<String> {
        Some(match name {
            "server_url" => self.base.clone(),
            "base_url" => self.base_url(),
            "container_base_url" => self.container_base_url(),
            "chat_url" => format!("{}/chat/completions", self.base_url()),
            "mcp_url" => format!("{}{}", self.base, self.mcp_path),
            "key" => self.key.clone(),
            "authorization" => format!("Authorization: Bearer {}", self.key),
            "mcp_bearer" => format!("Bearer {MCP_KEY}"),
            "mcp_authorization" => format!("Authorization: Bearer {MCP_KEY}"),
            "model" => self.model.clone(),
            "chat_body" => format!(
                r#"{{"model": {}, "messages": [{{"role": "user", "content": "Hello!"}}]}}"#,
                quoted(&self.model)
            ),
            _ => return None,
        })
    }
}

impl Snippet {
    /// The file with its values. A name that does not exist stays as it is written.
    pub(super) fn render(self, values: &Values) -> String {
        let mut parts = self.template.trim_end().split("{{");
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let named = part.split_once("}}");
            let known = named.and_then(|(name, rest)| Some((values.of(name)?, rest)));
            match known {
                Some((value, rest)) => {
                    text.push_str(&self.syntax.literal(&value));
                    text.push_str(rest);
                }
                None => {
                    text.push_str("{{");
                    text.push_str(part);
                }
            }
        }
        text
    }
}

/// A string of JSON. TOML alone also wants the character DEL escaped.
fn quoted(text: &str) -> String {
    let json = serde_json::to_string(text).unwrap_or_default();
    json.replace('\u{7f}', "\\u007f")
}

/// As it is where the shell leaves it alone, else in single quotation marks.
fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(key: &str) -> Values {
        Values {
            base: "https://grok.example".to_owned(),
            key: key.to_owned(),
            model: "grok-4".to_owned(),
            mcp_path: "/mcp".to_owned(),
        }
    }

    fn render(syntax: Syntax, template: &'static str, key: &str) -> String {
        Snippet { syntax, template }.render(&values(key))
    }

    #[test]
    fn a_name_becomes_a_value_with_the_marks_of_the_syntax() {
        let said = |syntax, template| render(syntax, template, "sk-1");
        assert_eq!(
            said(Syntax::Quoted, "url = {{base_url}}\n"),
            r#"url = "https://grok.example/v1""#
        );
        assert_eq!(
            said(
                Syntax::Shell,
                "A={{server_url}} B={{key}} -H {{authorization}}"
            ),
            "A=https://grok.example B=sk-1 -H 'Authorization: Bearer sk-1'"
        );
        assert_eq!(said(Syntax::Quoted, "{{nothing}} {{"), "{{nothing}} {{");
    }

    #[test]
    fn a_container_gets_an_address_that_leads_out_of_it() {
        for (base, told) in [
            (
                "http://127.0.0.1:8000",
                "http://host.docker.internal:8000/v1",
            ),
            (
                "http://localhost:8000",
                "http://host.docker.internal:8000/v1",
            ),
            ("https://grok.example", "https://grok.example/v1"),
        ] {
            let values = Values {
                base: base.to_owned(),
                ..values("sk-1")
            };
            assert_eq!(values.container_base_url(), told);
        }
    }

    #[test]
    fn no_key_ends_its_own_string() {
        for key in [r#"a"b"#, r"a\b", "a'b", "a$b`c", "", "日本\u{7f}"] {
            let json = render(Syntax::Quoted, "{{key}}", key);
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), key);
            let line = format!("k = {json}");
            let table: toml::Table = toml::from_str(&line).unwrap();
            assert_eq!(table["k"].as_str(), Some(key));
        }
        assert_eq!(render(Syntax::Shell, "{{key}}", "a'b$c"), r"'a'\''b$c'");
        assert_eq!(render(Syntax::Shell, "{{key}}", ""), "''");
    }
}

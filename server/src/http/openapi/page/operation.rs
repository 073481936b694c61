//! Operations, by their groups.

use std::fmt::Write as _;

use grok2api_app::{DocsFrame, DocsText};
use serde_json::Value;

use super::{
    html::{anchor, escaped, inline, paragraphs},
    schema::{fields, kind, resolved, row, table},
};
use crate::http::openapi::written::EVENTS;

/// Operations with the same tag.
pub(super) struct Group<'d> {
    pub(super) name: &'d str,
    text: &'d str,
    pub(super) operations: Vec<Operation<'d>>,
}

/// One operation.
#[derive(Clone, Copy)]
pub(super) struct Operation<'d> {
    method: &'d str,
    path: &'d str,
    entry: &'d Value,
}

/// The groups in the order of the document.
pub(super) fn groups(document: &Value) -> Vec<Group<'_>> {
    let operations: Vec<_> = operations(document).collect();
    let tags = document["tags"].as_array().into_iter().flatten();
    tags.map(|tag| Group::of(tag, &operations)).collect()
}

fn operations(document: &Value) -> impl Iterator<Item = Operation<'_>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let entries = item.as_object().into_iter().flatten();
        let entries = entries.filter(|(_, entry)| entry["operationId"].is_string());
        entries.map(move |(method, entry)| Operation {
            method,
            path,
            entry,
        })
    })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// What signs in, by its scheme.
pub(super) fn scheme_name(scheme: &Value) -> String {
    match (text(&scheme["type"]), text(&scheme["in"])) {
        ("http", _) => "<code>Authorization: Bearer …</code>".to_owned(),
        (_, "cookie") => format!("<code>Cookie: {}=…</code>", escaped(text(&scheme["name"]))),
        _ => format!("<code>{}: …</code>", escaped(text(&scheme["name"]))),
    }
}

impl<'d> Group<'d> {
    fn of(tag: &'d Value, operations: &[Operation<'d>]) -> Self {
        let name = text(&tag["name"]);
        let is_of = |operation: &&Operation<'_>| operation.entry["tags"][0] == name;
        Self {
            name,
            text: text(&tag["description"]),
            operations: operations.iter().filter(is_of).copied().collect(),
        }
    }

    /// Where it is on the page.
    pub(super) fn anchor(&self) -> String {
        format!("group-{}", anchor(self.name))
    }

    /// The section of the group.
    pub(super) fn write(&self, frame: DocsFrame, document: &Value, out: &mut String) {
        let anchor = self.anchor();
        let _ = write!(
            out,
            "<section aria-labelledby=\"{anchor}\">\n<h2 id=\"{anchor}\" lang=\"en\">{}</h2>\n\
             <p lang=\"en\">{}</p>\n",
            escaped(self.name),
            inline(self.text)
        );
        for operation in &self.operations {
            operation.write(frame, document, out);
        }
        out.push_str("</section>\n");
    }
}

impl<'d> Operation<'d> {
    fn id(&self) -> &'d str {
        text(&self.entry["operationId"])
    }

    fn summary(&self) -> &'d str {
        text(&self.entry["summary"])
    }

    /// A line of the contents.
    pub(super) fn link(&self) -> String {
        format!(
            "<li><a href=\"#{}\" lang=\"en\">{}</a></li>\n",
            self.id(),
            escaped(self.summary())
        )
    }

    fn write(&self, frame: DocsFrame, document: &Value, out: &mut String) {
        let _ = write!(
            out,
            "<article id=\"{id}\" aria-labelledby=\"{id}-title\">\n<h3 id=\"{id}-title\" lang=\"en\">\
             <a href=\"#{id}\">{}</a></h3>\n<p class=\"docs__path\"><code><b>{}</b> {}</code></p>\n\
             <div lang=\"en\">{}</div>\n",
            escaped(self.summary()),
            self.method.to_ascii_uppercase(),
            escaped(self.path),
            paragraphs(text(&self.entry["description"])),
            id = self.id(),
        );
        self.write_sign_in(frame, document, out);
        let _ = write!(
            out,
            "<h4>{}</h4>\n<pre tabindex=\"0\"><code>{}</code></pre>\n",
            frame.text(DocsText::Example),
            escaped(&self.example())
        );
        self.write_parameters(frame, out);
        self.write_body(frame, document, out);
        self.write_answers(frame, out);
        out.push_str("</article>\n");
    }

    fn schemes(&self) -> impl Iterator<Item = &'d str> {
        let needed = self.entry["security"].as_array().into_iter().flatten();
        let names = needed.filter_map(Value::as_object);
        names.flat_map(|names| names.keys().map(String::as_str))
    }

    fn write_sign_in(&self, frame: DocsFrame, document: &Value, out: &mut String) {
        let schemes = &document["components"]["securitySchemes"];
        let ways = self.schemes().map(|name| {
            format!(
                "<a href=\"#sign-in-{name}\">{}</a>",
                scheme_name(&schemes[name])
            )
        });
        let ways: Vec<_> = ways.collect();
        let line = match ways.is_empty() {
            true => frame.text(DocsText::SignInNobody).to_owned(),
            false => {
                let or = format!(" {} ", frame.text(DocsText::SignInOr));
                format!("{} {}", frame.text(DocsText::SignIn), ways.join(&or))
            }
        };
        let _ = writeln!(out, "<p>{line}</p>");
    }

    fn parameters(&self) -> impl Iterator<Item = &'d Value> {
        self.entry["parameters"].as_array().into_iter().flatten()
    }

    fn write_parameters(&self, frame: DocsFrame, out: &mut String) {
        let rows: String = self
            .parameters()
            .map(|parameter| {
                let place = format!("{}: {}", text(&parameter["in"]), text(&parameter["name"]));
                let is_required = parameter["required"] == true;
                let says = text(&parameter["description"]);
                row(frame, &place, is_required, &parameter["schema"], says)
            })
            .collect();
        if !rows.is_empty() {
            let title = frame.text(DocsText::Parameters);
            let _ = write!(out, "<h4>{title}</h4>\n{}", table(frame, title, &rows));
        }
    }

    fn write_body(&self, frame: DocsFrame, document: &Value, out: &mut String) {
        let body = &self.entry["requestBody"];
        let Some(content) = body["content"].as_object() else {
            return;
        };
        let title = frame.text(DocsText::Body);
        let _ = writeln!(out, "<h4>{title}</h4>");
        if body["required"] != true {
            let _ = writeln!(out, "<p>{}</p>", frame.text(DocsText::BodyOptional));
        }
        for (media_type, content) in content {
            let schema = &content["schema"];
            let _ = writeln!(
                out,
                "<p><code>{}</code>: {}</p>",
                escaped(media_type),
                kind(schema)
            );
            let rows = fields(frame, of_object(document, schema));
            if !rows.is_empty() {
                out.push_str(&table(frame, title, &rows));
            }
        }
    }

    fn write_answers(&self, frame: DocsFrame, out: &mut String) {
        let responses = self.entry["responses"].as_object();
        let (errors, answers): (Vec<_>, Vec<_>) = responses
            .into_iter()
            .flatten()
            .partition(|(status, _)| status.starts_with(['4', '5']));
        let _ = write!(out, "<h4>{}</h4>\n<dl>\n", frame.text(DocsText::Answers));
        for (status, answer) in answers {
            let content = answer["content"].as_object().into_iter().flatten();
            let content = content.map(|(media_type, content)| {
                let schema = match media_type == EVENTS {
                    true => events(&content["schema"]),
                    false => &content["schema"],
                };
                format!(" <code>{}</code>: {}", escaped(media_type), kind(schema))
            });
            let content: Vec<_> = content.collect();
            let _ = writeln!(
                out,
                "<dt>{status}</dt><dd lang=\"en\">{}{}</dd>",
                inline(text(&answer["description"])),
                content.join(",")
            );
        }
        let link =
            |(status, _): &(&String, &Value)| format!("<a href=\"#error-{status}\">{status}</a>");
        let links: Vec<_> = errors.iter().map(link).collect();
        let _ = write!(
            out,
            "<dt>{}</dt><dd>{}</dd>\n</dl>\n",
            frame.text(DocsText::Errors),
            links.join(", ")
        );
    }

    /// The operation as it is called from a shell.
    fn example(&self) -> String {
        let mut path = self.path.to_owned();
        for parameter in self.parameters().filter(|one| one["in"] == "path") {
            let name = text(&parameter["name"]);
            path = path.replace(&format!("{{{name}}}"), &name.to_ascii_uppercase());
        }
        let required = self
            .parameters()
            .filter(|one| one["in"] == "query" && one["required"] == true);
        let query: Vec<_> = required
            .map(|one| format!("{}=…", text(&one["name"])))
            .collect();
        if !query.is_empty() {
            path.push('?');
            path.push_str(&query.join("&"));
        }
        let mut call = "curl".to_owned();
        if !matches!(self.method, "get" | "post") {
            let _ = write!(call, " -X {}", self.method.to_ascii_uppercase());
        }
        let content = self.entry["requestBody"]["content"].as_object();
        let first = content.and_then(|content| content.iter().next());
        if self.method == "post" && first.is_none() {
            call.push_str(" -X POST");
        }
        let _ = write!(call, " \"$BASE_URL{path}\"");
        call.push_str(match self.schemes().next() {
            None => "",
            Some("session") => " \\\n  -b \"grok2api_session=$SESSION\"",
            Some("operator_password") => " \\\n  -H \"Authorization: Bearer $PASSWORD\"",
            Some(_) => " \\\n  -H \"Authorization: Bearer $API_KEY\"",
        });
        if let Some((media_type, content)) = first {
            call.push_str(&example_body(media_type, &content["example"]));
        }
        call
    }
}

/// The body of an example, in the words of curl.
fn example_body(media_type: &str, example: &Value) -> String {
    if media_type == "multipart/form-data" {
        let fields = example.as_object().into_iter().flatten();
        let fields = fields.map(|(name, value)| match name.as_str() {
            "file" => " \\\n  -F 'file=Hello;filename=notes.txt'".to_owned(),
            name => format!(" \\\n  -F {name}={}", text(value)),
        });
        return fields.collect();
    }
    let body = match example {
        Value::Null => "{}".to_owned(),
        example => example.to_string(),
    };
    // A quote ends a quoted word of a shell.
    let body = body.replace('\'', "'\\''");
    format!(" \\\n  -H \"Content-Type: {media_type}\" \\\n  -d '{body}'")
}

/// The object that a body is: bodies that may be left out are written as a choice.
fn of_object<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    let choices = schema["oneOf"].as_array().into_iter().flatten();
    let mut named = choices.filter(|one| one["$ref"].is_string());
    resolved(document, named.next().unwrap_or(schema))
}

/// What the events of a stream are.
fn events(schema: &Value) -> &Value {
    &schema["properties"]["data"]["anyOf"][0]["contentSchema"]["anyOf"][0]
}

//! The list of tools that stands in front of a message.

use serde_json::Value;

const HEADING: &str = "# Tools\n";
const END: &str = "# End of tools";
const SECTION: &str = "## ";
const PARAMETERS: &str = "Parameters: ";
const AT_LEAST_ONE: &str = "You must call at least one tool.";
const NAMED: &str = "You must call the tool ";
/// Words that allow one block and no more.
const ONE_ONLY: [&str; 5] = [
    "one block at most",
    "at most one block",
    "exactly one block",
    "only one block",
    "a single block",
];

/// A tool of the caller.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) description: String,
    /// JSON schema of the arguments.
    pub(crate) parameters: Value,
}

/// Whether a tool must be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The model decides.
    Free,
    AtLeastOne,
    Named(String),
}

/// The tools that may be called, and how.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Toolbox {
    pub(crate) tools: Vec<Tool>,
    pub(crate) rule: Rule,
    /// No second call in the same answer.
    pub(crate) one_only: bool,
}

impl Toolbox {
    pub(crate) fn find(&self, name: &str) -> Option<&Tool> {
        self.tools.iter().find(|tool| tool.name == name)
    }
}

/// The tools, and what stands behind the list. Descriptions may hold headings and lines of any kind,
/// so a section is over with the line of its parameters and not before.
pub(super) fn read(message: &str) -> Option<(Toolbox, &str)> {
    let body = message.strip_prefix(HEADING)?;
    let mut toolbox = Toolbox {
        tools: Vec::new(),
        rule: Rule::Free,
        one_only: false,
    };
    let mut open: Option<Tool> = None;
    let mut at = 0;
    for whole in body.split_inclusive('\n') {
        at += whole.len();
        let line = whole.trim_end_matches('\n');
        if let Some(mut tool) = open.take() {
            match parameters(line) {
                Some(schema) => {
                    tool.parameters = schema;
                    toolbox.tools.push(tool);
                }
                None => {
                    tool.description.push_str(whole);
                    open = Some(tool);
                }
            }
        } else if line == END {
            return Some((toolbox, body.get(at..)?.trim_start_matches('\n')));
        } else if let Some(name) = line.strip_prefix(SECTION) {
            open = Some(Tool {
                name: name.trim().to_owned(),
                description: String::new(),
                parameters: Value::Null,
            });
        } else {
            read_rules(line, &mut toolbox);
        }
    }
    None
}

fn parameters(line: &str) -> Option<Value> {
    let json = line.strip_prefix(PARAMETERS)?;
    let is_schema = |schema: &Value| schema.is_object() || schema.is_boolean();
    serde_json::from_str(json).ok().filter(is_schema)
}

fn read_rules(line: &str, toolbox: &mut Toolbox) {
    let lower = line.to_lowercase();
    toolbox.one_only |= ONE_ONLY.iter().any(|words| lower.contains(words));
    if line.contains(AT_LEAST_ONE) {
        toolbox.rule = Rule::AtLeastOne;
    }
    let named = line.split_once(NAMED).map(|(_, name)| name);
    if let Some(name) = named.and_then(|name| name.split_whitespace().next()) {
        let name = name.trim_end_matches('.').trim_matches(['"', '`']);
        toolbox.rule = Rule::Named(name.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_may_look_like_anything() {
        let message = "# Tools\nTools exist.\n<tool_call>\n{}\n</tool_call>\n\
            Write exactly one block at most.\nYou must call the tool bash.\n\n\
            ## bash\nRuns it.\n\n## Usage\n# End of tools\nParameters: see below\n\
            Parameters: {\"type\":\"object\"}\n\n## ls\nParameters: true\n\n# End of tools\n\nHello";
        let (toolbox, rest) = read(message).unwrap();
        let names: Vec<&str> = toolbox.tools.iter().map(|tool| &*tool.name).collect();
        assert_eq!(names, ["bash", "ls"]);
        assert_eq!(toolbox.rule, Rule::Named("bash".to_owned()));
        assert!(toolbox.one_only);
        assert_eq!(rest, "Hello");
    }

    #[test]
    fn a_list_without_an_end_is_a_text() {
        assert_eq!(read("# Tools\n\n## ls\nParameters: {}\n\nHello"), None);
        assert_eq!(read("Hello\n# Tools\n# End of tools\n"), None);
    }
}

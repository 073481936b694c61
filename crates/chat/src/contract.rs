//! What stands in front of a prompt when tools may be called or JSON is wanted
//! (`docs/upstream-protocol.md` 5.2): the upstream knows neither, so the model is told.

use crate::{Request, ResponseFormat, ToolChoice, json};

const TOOLS: &str = "\
# Tools
You can use the tools that are listed below. Another program runs them and gives you their results. To call a \
tool, output a block of exactly this shape, with valid JSON, and nothing after it:
<tool_call>
{\"name\": \"tool_name\", \"arguments\": {\"key\": \"value\"}}
</tool_call>
Text in front of the block is allowed. Put no code fence around it, use only names from the list, and give \
arguments that fit the tool's parameters.
";
const SEVERAL: &str =
    "Output several blocks, one behind the other, to make several calls at once.\n";
const ONE: &str = "Output at most one block.\n";
const END_OF_TOOLS: &str = "\n# End of tools\n";
const FORMAT: &str = "\
# Output format
Answer with one JSON value and nothing else: no text before or after it, no code fence.
";

/// Writes the contract, with a blank line behind it, or nothing.
pub(crate) fn write(request: &Request, out: &mut String) {
    write_tools(request, out);
    write_format(&request.response_format, out);
}

fn write_tools(request: &Request, out: &mut String) {
    let mut tools = request.callable_tools().peekable();
    if tools.peek().is_none() {
        return;
    }
    out.push_str(TOOLS);
    out.push_str(if request.one_tool_call { ONE } else { SEVERAL });
    match &request.tool_choice {
        ToolChoice::Required
        | ToolChoice::Allowed {
            is_required: true, ..
        } => out.push_str("You must call at least one tool.\n"),
        ToolChoice::Named(name) => out.extend(["You must call the tool ", name, ".\n"]),
        ToolChoice::Auto | ToolChoice::None | ToolChoice::Allowed { .. } => {}
    }
    for tool in tools {
        out.extend(["\n## ", &tool.name, "\n"]);
        let description = tool.description.as_deref().unwrap_or_default().trim();
        if !description.is_empty() {
            out.extend([description, "\n"]);
        }
        let parameters = tool
            .parameters
            .as_deref()
            .map_or("{}".to_owned(), json::compact);
        out.extend(["Parameters: ", &parameters, "\n"]);
    }
    out.push_str(END_OF_TOOLS);
    out.push('\n');
}

fn write_format(format: &ResponseFormat, out: &mut String) {
    match format {
        ResponseFormat::Text => return,
        ResponseFormat::JsonObject => {
            out.push_str(FORMAT);
            out.push_str("The value must be a JSON object.\n");
        }
        ResponseFormat::JsonSchema { name, schema } => {
            out.push_str(FORMAT);
            if !name.trim().is_empty() {
                out.extend(["The value is a `", name.trim(), "`.\n"]);
            }
            out.extend(["JSON schema: ", &json::compact(schema.as_str()), "\n"]);
        }
    }
    out.push('\n');
}

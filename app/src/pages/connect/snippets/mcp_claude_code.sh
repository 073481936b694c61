claude mcp add --transport http grok {{mcp_url}} \
  --header {{mcp_authorization}}

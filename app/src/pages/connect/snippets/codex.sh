export GROK_API_KEY={{key}}
codex

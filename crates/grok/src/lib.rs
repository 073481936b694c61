//! Client of the Grok web upstream: typed calls, NDJSON frames, classified errors

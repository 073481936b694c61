//! The Grok web upstream, simulated: scriptable, paced, faulty on demand

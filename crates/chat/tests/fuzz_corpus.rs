//! The inputs of the fuzz target `tool_parser`, through the same function.

#[path = "../../../fuzz/src/tool_parser.rs"]
mod tool_parser;

use std::{fs, path::Path};

#[test]
fn every_input_of_the_corpus_holds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/tool_parser");
    let mut count = 0;
    for entry in fs::read_dir(&corpus).expect("the corpus is there") {
        let path = entry.expect("an entry").path();
        tool_parser::check(&fs::read(&path).expect("a readable input"));
        count += 1;
    }
    assert!(count >= 20, "{count} inputs in {}", corpus.display());
}

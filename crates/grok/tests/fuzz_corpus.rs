//! The inputs of the fuzz target `ndjson`, through the same function.

#[path = "../../../fuzz/src/corpus.rs"]
mod corpus;
#[path = "../../../fuzz/src/ndjson.rs"]
mod ndjson;

#[test]
fn every_body_gives_the_same_frames_whatever_the_cuts() {
    for input in corpus::inputs("ndjson") {
        println!("{}", input.name);
        ndjson::check(&input.bytes);
    }
}

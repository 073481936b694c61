//! The inputs of the fuzz targets `chat_body`, `responses_body`, `chat_chunks`, `response_events`, through the same functions.

#[path = "../../../fuzz/src/chat_body.rs"]
mod chat_body;
#[path = "../../../fuzz/src/chat_chunks.rs"]
mod chat_chunks;
#[path = "../../../fuzz/src/corpus.rs"]
mod corpus;
#[path = "../../../fuzz/src/deltas.rs"]
mod deltas;
#[path = "../../../fuzz/src/frames.rs"]
mod frames;
#[path = "../../../fuzz/src/kept.rs"]
mod kept;
#[path = "../../../fuzz/src/requests.rs"]
mod requests;
#[path = "../../../fuzz/src/response_events.rs"]
mod response_events;
#[path = "../../../fuzz/src/responses_body.rs"]
mod responses_body;

#[test]
fn every_chat_body_is_refused_with_a_place_or_can_be_told() {
    for input in corpus::inputs("chat_body") {
        println!("{}", input.name);
        chat_body::check(&input.bytes);
    }
}

#[test]
fn every_responses_body_is_refused_with_a_place_or_can_be_told() {
    for input in corpus::inputs("responses_body") {
        println!("{}", input.name);
        responses_body::check(&input.bytes);
    }
}

#[test]
fn every_answer_is_chunks_that_clients_put_together() {
    for input in corpus::inputs("chat_chunks") {
        println!("{}", input.name);
        chat_chunks::check(&input.bytes);
        kept::keep(
            "chat_chunks",
            &input.name,
            &chat_chunks::stream(&input.bytes),
        );
    }
}

#[test]
fn every_answer_is_response_events_that_clients_put_together() {
    for input in corpus::inputs("response_events") {
        println!("{}", input.name);
        response_events::check(&input.bytes);
        kept::keep(
            "response_events",
            &input.name,
            &response_events::stream(&input.bytes),
        );
    }
}

//! The inputs of the fuzz targets `messages_body`, `message_events`, through the same functions.

#[path = "../../../fuzz/src/corpus.rs"]
mod corpus;
#[path = "../../../fuzz/src/deltas.rs"]
mod deltas;
#[path = "../../../fuzz/src/frames.rs"]
mod frames;
#[path = "../../../fuzz/src/kept.rs"]
mod kept;
#[path = "../../../fuzz/src/message_events.rs"]
mod message_events;
#[path = "../../../fuzz/src/messages_body.rs"]
mod messages_body;
#[path = "../../../fuzz/src/requests.rs"]
mod requests;

#[test]
fn every_body_is_refused_with_a_place_or_can_be_told() {
    for input in corpus::inputs("messages_body") {
        println!("{}", input.name);
        messages_body::check(&input.bytes);
    }
}

#[test]
fn every_answer_is_events_that_clients_put_together() {
    for input in corpus::inputs("message_events") {
        println!("{}", input.name);
        message_events::check(&input.bytes);
        kept::keep(
            "message_events",
            &input.name,
            &message_events::stream(&input.bytes),
        );
    }
}

//! `docs/reliability.md`, written by these tests: each call, each fault, what the caller sees, how often
//! the upstream was asked and what became of the account. A table that no longer holds fails; with
//! `UPDATE_RELIABILITY=1` it is written anew.

mod calls;
mod document;

use futures::{StreamExt, stream};
use grok_sim::{Operation, Options, Reply};

use self::calls::Call;
use crate::support::{Server, Setup};

const ACCOUNTS: [&str; 2] = ["reliable-account-1", "reliable-account-2"];
/// Servers that run at a time.
const AT_ONCE: usize = 3;
/// More often than anything is tried.
const OFTEN: usize = 12;
/// Seconds after which silence ends; for everything else so many that a busy machine meets them.
const SILENCE_SECS: u32 = 2;
const PATIENCE_SECS: u32 = 30;

/// What goes wrong, in which of the upstream's operations.
#[derive(Clone)]
struct Fault {
    words: &'static str,
    operation: Operation,
    reply: Reply,
}

/// One line of a table.
struct Row {
    fault: &'static str,
    /// The first account that is asked has the fault, the other one is well.
    once: Outcome,
    /// Every account has it.
    always: Outcome,
}

/// What became of one call.
struct Outcome {
    seen: String,
    /// How often the operation was asked for upstream.
    asked: usize,
    /// Of the account that was asked first.
    account: String,
}

async fn rows(call: Call) -> Vec<Row> {
    let row = |fault: Fault| async move {
        Row {
            fault: fault.words,
            once: outcome(call, &fault, 1).await,
            always: outcome(call, &fault, OFTEN).await,
        }
    };
    let faults = stream::iter(call.faults());
    faults.map(row).buffered(AT_ONCE).collect().await
}

async fn outcome(call: Call, fault: &Fault, times: usize) -> Outcome {
    let simulator = Options {
        strict: false,
        ..Options::for_tests()
    };
    let setup = Setup::accounts(ACCOUNTS).simulator(simulator);
    let setup = setup.config(&config(fault));
    let server = setup.start().await;
    let replies = vec![fault.reply.clone(); times];
    server.simulator.script_for("*", fault.operation, replies);
    let seen = call.make(&server).await;
    let asked = server.simulator.requests_of(match fault.operation {
        // A refused handshake comes before any request; each request has a socket of its own.
        Operation::Imagine => Operation::Socket,
        operation => operation,
    });
    let first = asked.first().and_then(|one| one.account.clone());
    let first = first.expect("the upstream was asked");
    Outcome {
        seen,
        asked: asked.len(),
        account: became(server, &first).await,
    }
}

fn config(fault: &Fault) -> String {
    let secs = match fault.reply {
        Reply::Hang | Reply::Stall { .. } => SILENCE_SECS,
        _ => PATIENCE_SECS,
    };
    let stream = format!("stream_first_timeout = {secs}\nstream_timeout = {secs}\n");
    format!(
        "[app]\npublic_enabled = true\n[chat]\n{stream}[image]\n{stream}[video]\n{stream}\
         max_file_mb = 1\n[voice]\ntimeout = {secs}\n[asset]\nupload_timeout = {secs}\n"
    )
}

/// How the account is after all, and what it was charged.
async fn became(server: Server, account: &str) -> String {
    let left = server.cut_off().await;
    let account = &left.accounts[account];
    let status = account.status.as_str();
    match account.use_count {
        0 => status.to_owned(),
        units => format!("{status}, {units} units"),
    }
}

/// A moderated upstream is asked once, whatever its words.
fn assert_moderated_once(rows: &[Row]) {
    for row in rows.iter().filter(|row| row.fault.contains("moderated")) {
        for outcome in [&row.once, &row.always] {
            assert_eq!(outcome.asked, 1, "{}", row.fault);
            assert!(
                outcome.seen.contains("content_policy_violation"),
                "{}",
                row.fault
            );
            assert_eq!(outcome.account, "active", "{}", row.fault);
        }
    }
}

async fn holds(call: Call) {
    let rows = rows(call).await;
    assert_moderated_once(&rows);
    document::compare(call, &rows);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chats_end_as_the_document_says() {
    holds(Call::Chat).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streamed_chats_end_as_the_document_says() {
    holds(Call::StreamedChat).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chats_that_must_be_json_end_as_the_document_says() {
    holds(Call::JsonChat).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_end_as_the_document_says() {
    holds(Call::Pictures).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streamed_pictures_end_as_the_document_says() {
    holds(Call::StreamedPictures).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_end_as_the_document_says() {
    holds(Call::Edit).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn videos_end_as_the_document_says() {
    holds(Call::Video).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn voice_tokens_end_as_the_document_says() {
    holds(Call::Voice).await;
}

//! The handle on a running simulator.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::net::TcpListener;

use crate::{
    options::Options,
    record::{Recorded, Recorder, WaitError},
    reply::Reply,
    scripts::{Operation, Unused},
    server::Tasks,
    state::Shared,
};

/// How long the waiting helpers wait.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running simulator. Dropping it closes all connections and, if `strict`, panics when scripted
/// replies were left unused (not while the thread is panicking already).
#[derive(Debug)]
pub struct Simulator {
    shared: Arc<Shared>,
    tasks: Tasks,
    address: SocketAddr,
    strict: bool,
}

impl Simulator {
    /// Binds the address and serves in the background of the current Tokio runtime.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let strict = options.strict;
        let shared = Shared::new(options);
        let tasks = Tasks::default();
        tasks.serve(listener, Arc::clone(&shared));
        Ok(Self {
            shared,
            tasks,
            address,
            strict,
        })
    }

    /// Base URL of the web app and of the assets, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address listened on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Queues replies for the next chats of this account; `"*"` for any account.
    pub fn script(&self, account: &str, replies: impl IntoIterator<Item = Reply>) {
        self.script_for(account, Operation::Chat, replies);
    }

    /// Queues replies for the next calls of one kind.
    pub fn script_for(
        &self,
        account: &str,
        operation: Operation,
        replies: impl IntoIterator<Item = Reply>,
    ) {
        self.shared.scripts.push(account, operation, replies);
    }

    /// Lets one [`Reply::Held`] stream of the account go on; one that comes later, if none waits.
    pub fn release(&self, account: &str) {
        self.shared.gates.release(account);
    }

    /// Sets what the account has left in its window.
    pub fn set_quota(&self, account: &str, remaining: u32) {
        self.shared.ledger.set(account, remaining);
    }

    /// What the account has left in its window.
    #[must_use]
    pub fn quota(&self, account: &str) -> u32 {
        self.shared.ledger.standing(account).remaining
    }

    /// The newest requests, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.recorder.requests()
    }

    /// The newest requests of one kind, oldest first.
    #[must_use]
    pub fn requests_of(&self, operation: Operation) -> Vec<Recorded> {
        let mut requests = self.requests();
        requests.retain(|request| request.operation == operation);
        requests
    }

    /// Scripted replies that were not asked for.
    #[must_use]
    pub fn unused(&self) -> Vec<Unused> {
        self.shared.scripts.unused()
    }

    /// Chats that have been received and are not over.
    #[must_use]
    pub fn open_streams(&self) -> usize {
        self.shared.recorder.open_streams()
    }

    /// Waits until exactly `count` chats are open.
    ///
    /// # Errors
    /// Not within 10 seconds.
    pub async fn wait_for_open_streams(&self, count: usize) -> Result<(), WaitError> {
        let what = format!("{count} open streams");
        self.wait(&what, |recorder| recorder.open_streams() == count)
            .await
    }

    /// Waits until a caller has left a chat of this account before its end.
    ///
    /// # Errors
    /// Not within 10 seconds.
    pub async fn wait_aborted(&self, account: &str) -> Result<(), WaitError> {
        let what = format!("an aborted request of {account}");
        self.wait_for_requests(&what, |requests| {
            requests
                .iter()
                .any(|one| one.aborted && one.account.as_deref() == Some(account))
        })
        .await
    }

    /// Waits until the recorded requests satisfy a condition; `what` names it in the error.
    ///
    /// # Errors
    /// Not within 10 seconds.
    pub async fn wait_for_requests(
        &self,
        what: &str,
        mut holds: impl FnMut(&[Recorded]) -> bool,
    ) -> Result<(), WaitError> {
        self.wait(what, |recorder| holds(&recorder.requests()))
            .await
    }

    async fn wait(
        &self,
        what: &str,
        holds: impl FnMut(&Recorder) -> bool,
    ) -> Result<(), WaitError> {
        self.shared.recorder.wait(what, PATIENCE, holds).await
    }

    /// Stops accepting, lets open streams end within `stop_deadline`, then cuts them.
    ///
    /// # Panics
    /// As on drop: scripted replies are left and the simulator is `strict`.
    pub async fn stop(self) {
        self.tasks.drain.cancel();
        self.tasks.tracker.close();
        let deadline = self.shared.options.stop_deadline;
        if tokio::time::timeout(deadline, self.tasks.tracker.wait())
            .await
            .is_err()
        {
            self.tasks.abort.cancel();
            self.tasks.tracker.wait().await;
        }
    }

    /// As [`Simulator::stop`], but leftovers are fine.
    pub async fn stop_unchecked(mut self) {
        self.strict = false;
        self.stop().await;
    }
}

impl Drop for Simulator {
    #[expect(
        clippy::panic,
        reason = "a test that leaves scripted replies unused must fail"
    )]
    fn drop(&mut self) {
        self.tasks.drain.cancel();
        self.tasks.abort.cancel();
        let unused = self.unused();
        if self.strict && !unused.is_empty() && !std::thread::panicking() {
            panic!("scripted replies were left unused: {unused:?}");
        }
    }
}

//! File descriptors: how many the process may have, and how many connections that is.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Kept back for the store, the log, files of callers and the listening socket.
const RESERVE: u64 = 128;
/// However few there are.
const MIN_CONNECTIONS: u64 = 16;

/// The limit of the process; the default is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Descriptors(Option<u64>);

impl Descriptors {
    /// Raises the soft limit to the hard one: the usual 1024 stand for programs that cannot look at
    /// higher numbers, and this one can.
    #[must_use]
    pub fn raise() -> Self {
        let own = getrlimit(Resource::Nofile);
        let raised = Rlimit {
            current: own.maximum,
            maximum: own.maximum,
        };
        if raised.current != own.current
            && let Err(error) = setrlimit(Resource::Nofile, raised)
        {
            tracing::debug!(%error, "the limit of open files stays as it is");
        }
        Self(getrlimit(Resource::Nofile).current)
    }

    /// The most connections out of `wanted` that can be served: an answer needs one descriptor for its
    /// caller and one for the upstream.
    #[must_use]
    pub fn connections(self, wanted: u32) -> u64 {
        let wanted = u64::from(wanted);
        self.0.map_or(wanted, |limit| {
            let room = limit.saturating_sub(RESERVE) / 2;
            wanted.min(room.max(MIN_CONNECTIONS))
        })
    }

    /// Says so if `wanted` connections are more than there can be.
    pub fn warn(self, wanted: u32) {
        let most = self.connections(wanted);
        if let Some(limit) = self.0
            && most < wanted.into()
        {
            tracing::warn!(
                limit,
                "the system allows this process {limit} open files: {most} connections are served \
                 at a time and not the {wanted} of server.max_connections. Raise the limit \
                 (LimitNOFILE of systemd, --ulimit nofile of a container) or lower the setting"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_needs_two_descriptors_and_the_rest_some() {
        let connections = |limit, wanted| Descriptors(limit).connections(wanted);
        assert_eq!(connections(None, 10_000), 10_000);
        assert_eq!(connections(Some(1024), 10_000), 448);
        assert_eq!(connections(Some(1024), 100), 100);
        assert_eq!(connections(Some(64), 10_000), 16);
    }
}

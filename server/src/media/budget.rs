//! Memory for callers' files, of all requests together.

use crate::limits::{self, Limit, Use};

/// How much all files together may take. Cheap to clone.
#[derive(Clone, Debug)]
pub struct MediaBudget {
    limit: Limit,
    max_bytes: u64,
}

/// What one file takes; given back when dropped.
#[derive(Debug)]
pub struct Share {
    memory: limits::Share,
    max_bytes: u64,
    bytes: usize,
}

/// Other files take the memory at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetSpent;

impl MediaBudget {
    #[must_use]
    pub fn new(mib: u64) -> Self {
        Self {
            limit: Limit::default(),
            max_bytes: mib.saturating_mul(1024 * 1024),
        }
    }

    /// The share of a file of which nothing has come yet.
    #[must_use]
    pub fn share(&self) -> Share {
        Share {
            memory: self.limit.none(),
            max_bytes: self.max_bytes,
            bytes: 0,
        }
    }

    #[must_use]
    pub fn in_use(&self) -> Use {
        self.limit.in_use(self.max_bytes)
    }
}

impl Share {
    /// Takes memory for this many bytes more. Never waits: two files that wait for each other's
    /// memory would wait for ever.
    ///
    /// # Errors
    /// There is not so much left.
    pub fn grow(&mut self, bytes: usize) -> Result<(), BudgetSpent> {
        let total = self.bytes.saturating_add(bytes);
        // The file, and its base64 form on the way to the upstream.
        let wanted = (total as u64).saturating_mul(7) / 3;
        let more = wanted.saturating_sub(self.memory.amount());
        if !self.memory.grow(more, self.max_bytes) {
            return Err(BudgetSpent);
        }
        self.bytes = total;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_takes_what_it_needs_and_gives_it_back() {
        let budget = MediaBudget::new(7);
        let third = 1024 * 1024;
        let mut first = budget.share();
        first.grow(third).unwrap();
        first.grow(third).unwrap();
        let mut second = budget.share();
        assert_eq!(second.grow(third + 1024), Err(BudgetSpent));
        second.grow(third - 1024).unwrap();
        assert_eq!(first.grow(third), Err(BudgetSpent));
        drop(second);
        first.grow(third - 1024).unwrap();
        drop(first);
        assert_eq!(budget.in_use().used, 0);
    }
}

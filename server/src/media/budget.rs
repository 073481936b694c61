//! Memory for callers' files, of all requests together.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What is counted at a time.
const UNIT_BYTES: usize = 1024;

/// How much all files together may take. Cheap to clone.
#[derive(Clone, Debug)]
pub struct MediaBudget(Arc<Semaphore>);

/// What one file takes; given back when dropped.
#[derive(Debug)]
pub struct Share {
    budget: MediaBudget,
    permit: Option<OwnedSemaphorePermit>,
    bytes: usize,
}

/// Other files take the memory at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetSpent;

impl MediaBudget {
    #[must_use]
    pub fn new(mib: u64) -> Self {
        let units = usize::try_from(mib.saturating_mul(1024)).unwrap_or(usize::MAX);
        Self(Arc::new(Semaphore::new(units.min(Semaphore::MAX_PERMITS))))
    }

    /// The share of a file of which nothing has come yet.
    #[must_use]
    pub fn share(&self) -> Share {
        Share {
            budget: self.clone(),
            permit: None,
            bytes: 0,
        }
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
        let held = self
            .permit
            .as_ref()
            .map_or(0, OwnedSemaphorePermit::num_permits);
        // The file, and its base64 form on the way to the upstream.
        let wanted = (total.saturating_mul(7) / 3).div_ceil(UNIT_BYTES);
        let more = u32::try_from(wanted.saturating_sub(held)).map_err(|_| BudgetSpent)?;
        let semaphore = Arc::clone(&self.budget.0);
        let permit = semaphore.try_acquire_many_owned(more);
        let permit = permit.map_err(|_| BudgetSpent)?;
        match &mut self.permit {
            Some(held) => held.merge(permit),
            None => self.permit = Some(permit),
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
        assert_eq!(budget.0.available_permits(), 7 * 1024);
    }
}

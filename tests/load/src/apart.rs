//! Server and generator on processors of their own, as if on two machines. What is started on one half
//! stays there.

use anyhow::{Context, Result, ensure};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// This thread has the upper half of the processors; dropping it gives all back.
pub(crate) struct Apart {
    all: CpuSet,
    lower: CpuSet,
    upper: CpuSet,
}

impl Apart {
    /// # Errors
    /// There is only one processor, or the system lets nobody choose.
    pub(crate) fn new() -> Result<Self> {
        let all = sched_getaffinity(Pid::from_raw(0)).context("which processors there are")?;
        let ours: Vec<usize> = (0..CpuSet::count())
            .filter(|number| all.is_set(*number).unwrap_or(false))
            .collect();
        ensure!(
            ours.len() > 1,
            "with one processor nothing can be kept apart"
        );
        let (lower, upper) = ours.split_at(ours.len() / 2);
        let apart = Self {
            all,
            lower: set_of(lower)?,
            upper: set_of(upper)?,
        };
        keep_to(&apart.upper)?;
        Ok(apart)
    }

    /// What is started there stays on the lower half.
    pub(crate) fn start<T>(&self, start: impl FnOnce() -> Result<T>) -> Result<T> {
        keep_to(&self.lower)?;
        let started = start();
        keep_to(&self.upper)?;
        started
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        // Else the rest of the program is slower, and says so by its figures.
        let _ = keep_to(&self.all);
    }
}

fn set_of(numbers: &[usize]) -> Result<CpuSet> {
    let mut set = CpuSet::new();
    for number in numbers {
        set.set(*number)?;
    }
    Ok(set)
}

fn keep_to(set: &CpuSet) -> Result<()> {
    sched_setaffinity(Pid::from_raw(0), set).context("processors cannot be chosen")
}

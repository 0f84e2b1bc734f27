//! How many connections the machine lets us hold. Each is an open file, and so are the database's: a
//! crowd that takes the last one would keep SQLite from its journal.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files kept for everything but connections.
const KEPT: usize = 128;

/// As many of `wanted` as the process may open, each listener taking no more than half. Asks for more
/// files first, as far as the machine's owner allows.
pub(super) fn affordable(wanted: usize) -> usize {
    let needed = wanted.saturating_mul(2).saturating_add(KEPT);
    let limit = getrlimit(Resource::Nofile);
    let allowed = within(u64::try_from(needed).ok(), limit.maximum);
    if allowed > limit.current {
        let raised = Rlimit {
            current: allowed,
            ..limit
        };
        // When it is refused, what is allowed already has to do.
        let _ = setrlimit(Resource::Nofile, raised);
    }
    places(wanted, getrlimit(Resource::Nofile).current)
}

/// `None` is no limit.
fn within(needed: Option<u64>, maximum: Option<u64>) -> Option<u64> {
    match (needed, maximum) {
        (Some(needed), Some(maximum)) => Some(needed.min(maximum)),
        (needed, None) => needed,
        (None, maximum) => maximum,
    }
}

fn places(wanted: usize, files: Option<u64>) -> usize {
    let files = files.map_or(usize::MAX, |files| {
        usize::try_from(files).unwrap_or(usize::MAX)
    });
    wanted.min((files.saturating_sub(KEPT) / 2).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_the_database() {
        assert_eq!(places(8192, Some(1024)), 448);
        assert_eq!(places(100, Some(1024)), 100);
        assert_eq!(places(8192, None), 8192);
        assert_eq!(places(8192, Some(10)), 1);
        assert_eq!(affordable(10), 10);
    }

    #[test]
    fn no_more_files_are_asked_for_than_may_be_had() {
        assert_eq!(within(Some(900), Some(1024)), Some(900));
        assert_eq!(within(Some(9000), Some(1024)), Some(1024));
        assert_eq!(within(Some(9000), None), Some(9000));
    }
}

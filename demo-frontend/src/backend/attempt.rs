//! One attempt at an operation: counted, drawn, really waited for, recorded.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::draws::{Decision, Operation};
use super::{Backend, Phase, Population};

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Success,
    Failure,
}

impl Backend {
    /// Waits the attempt's latency, counts it and says how it ended. Latencies of failures are recorded too,
    /// as the real server does.
    pub(super) async fn attempt(&self, operation: Operation, population: Population) -> Verdict {
        let phase = self.phase();
        let metrics = self.metrics.operation(operation);
        let success =
            self.draws.next(Decision::Success(operation), population) < chance(operation, &phase);
        let drawn = self.draws.next(Decision::Latency(operation), population);
        let latency_ms = within(&latency_range_ms(operation, &phase), drawn);
        tokio::time::sleep(Duration::from_millis(u64::from(latency_ms))).await;
        // With its success, not before the wait: a scrape in between would show every attempt under
        // way as failed. The workshop's mock never waits, so there the two fall together as well.
        metrics.attempts.inc();
        metrics.latency.observe(f64::from(latency_ms));
        if success {
            metrics.successes.inc();
            Verdict::Success
        } else {
            Verdict::Failure
        }
    }
}

fn chance(operation: Operation, phase: &Phase) -> f64 {
    match operation {
        Operation::Login => phase.login_success,
        // The real server has no failing logout.
        Operation::Logout => 1.0,
        Operation::Startup => phase.startup_success,
        Operation::Chat => phase.chat_success,
        Operation::PrefGet => phase.pref_get_success,
        Operation::PrefUpdate => phase.pref_update_success,
    }
}

fn latency_range_ms(operation: Operation, phase: &Phase) -> RangeInclusive<u32> {
    match operation {
        // The real server has no range of its own for logouts.
        Operation::Login | Operation::Logout => {
            phase.login_latency_min_ms..=phase.login_latency_max_ms
        }
        Operation::Startup => phase.startup_latency_min_ms..=phase.startup_latency_max_ms,
        Operation::Chat => phase.chat_latency_min_ms..=phase.chat_latency_max_ms,
        Operation::PrefGet => phase.pref_get_latency_min_ms..=phase.pref_get_latency_max_ms,
        Operation::PrefUpdate => {
            phase.pref_update_latency_min_ms..=phase.pref_update_latency_max_ms
        }
    }
}

/// The whole number of the range that a draw in [0, 1) falls on.
fn within(range: &RangeInclusive<u32>, drawn: f64) -> u32 {
    let width = f64::from(range.end() - range.start()) + 1.0;
    range.start() + (drawn * width) as u32
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn both_ends_of_a_range_are_drawn_and_equal_ends_are_a_constant() {
        assert_eq!(within(&(10..=200), 0.0), 10);
        assert_eq!(within(&(10..=200), 0.999_999), 200);
        assert_eq!(within(&(5..=5), 0.7), 5);
    }
}

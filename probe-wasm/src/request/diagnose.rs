//! Why a call got no answer. A page is told nothing but "failed"; what it knows besides (whether the
//! browser is online, whether that origin or the collector answered before, whether the origin is an
//! expected one, how long it took) makes one cause more probable than the others.

use crate::Millis;
use beacon::{Diagnosis, FailureCause};

/// What is known when a call ends without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// `navigator.onLine`: false is certain, true only says that there is some network.
    pub online: bool,
    /// Whether this very call was answered: then the connection broke while the body came.
    pub answered: bool,
    /// Whether the origin is one of the expected ones.
    pub expected_origin: bool,
    /// Whether any call of this view got an answer from that origin.
    pub origin_answered: bool,
    /// Whether the collector took the last beacon; `None` before the first answer.
    pub collector_reached: Option<bool>,
    /// From sending to failing.
    pub duration_ms: Millis,
    /// What the no-cors check found: whether a server answered. `None` when it was not made.
    pub checked: Option<bool>,
}

/// Names of hosts that do not resolve and refused connections fail within a few round trips at most; a
/// preflight that was answered takes at least one. Only far ends of the scale say anything.
const TOO_FAST_FOR_AN_ANSWER_MS: Millis = 4;

/// The most probable cause, and how sure that is.
#[must_use]
#[inline(always)]
pub fn diagnose(evidence: Evidence) -> Diagnosis {
    let Evidence {
        online,
        answered,
        expected_origin,
        origin_answered,
        collector_reached,
        duration_ms,
        checked,
    } = evidence;
    let nobody_there = if expected_origin {
        FailureCause::UnreachableHost
    } else {
        FailureCause::UnexpectedOrigin
    };
    let (cause, confidence_percent) = if !online {
        (FailureCause::Offline, 99)
    } else if answered {
        (FailureCause::UnreachableHost, 80)
    } else if let Some(answered) = checked {
        // A server that broke off this one call would answer the check as well: hence no more than 85.
        if answered {
            (FailureCause::BlockedByCors, 85)
        } else {
            (nobody_there, 95)
        }
    } else if collector_reached == Some(false) {
        // Two places out of reach at once: the network between.
        (FailureCause::Offline, 60)
    } else if origin_answered && duration_ms >= TOO_FAST_FOR_AN_ANSWER_MS {
        // It answers others, so it answered this one, in a way the page may not see.
        (FailureCause::BlockedByCors, 75)
    } else if origin_answered {
        (FailureCause::UnreachableHost, 55)
    } else if collector_reached == Some(true) {
        (nobody_there, if expected_origin { 70 } else { 90 })
    } else {
        (nobody_there, if expected_origin { 55 } else { 80 })
    };
    Diagnosis {
        cause,
        confidence_percent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING_KNOWN: Evidence = Evidence {
        online: true,
        answered: false,
        expected_origin: true,
        origin_answered: false,
        collector_reached: None,
        duration_ms: 30,
        checked: None,
    };

    fn cause(evidence: Evidence) -> FailureCause {
        diagnose(evidence).cause
    }

    #[test]
    fn a_browser_without_network_is_offline_whatever_else_is_known() {
        let evidence = Evidence {
            online: false,
            expected_origin: false,
            checked: Some(true),
            ..NOTHING_KNOWN
        };
        assert_eq!(cause(evidence), FailureCause::Offline);
    }

    #[test]
    fn an_origin_nobody_expects_and_that_never_answered_is_named_as_such() {
        let evidence = Evidence {
            expected_origin: false,
            duration_ms: 9,
            ..NOTHING_KNOWN
        };
        assert_eq!(cause(evidence), FailureCause::UnexpectedOrigin);
        let surer = diagnose(Evidence {
            collector_reached: Some(true),
            ..evidence
        });
        assert!(surer.confidence_percent > diagnose(evidence).confidence_percent);
    }

    #[test]
    fn an_origin_that_answers_other_calls_answered_this_one_without_the_headers() {
        let evidence = Evidence {
            origin_answered: true,
            duration_ms: 24,
            ..NOTHING_KNOWN
        };
        assert_eq!(cause(evidence), FailureCause::BlockedByCors);
        assert_eq!(
            cause(Evidence {
                duration_ms: 1,
                ..evidence
            }),
            FailureCause::UnreachableHost
        );
    }

    #[test]
    fn a_host_that_never_answered_while_the_collector_does_is_unreachable() {
        let evidence = Evidence {
            collector_reached: Some(true),
            ..NOTHING_KNOWN
        };
        assert_eq!(cause(evidence), FailureCause::UnreachableHost);
    }

    #[test]
    fn two_places_out_of_reach_at_once_are_the_network() {
        let evidence = Evidence {
            collector_reached: Some(false),
            origin_answered: true,
            ..NOTHING_KNOWN
        };
        assert_eq!(cause(evidence), FailureCause::Offline);
    }

    #[test]
    fn a_connection_that_broke_after_the_headers_is_no_matter_of_cors() {
        let evidence = Evidence {
            answered: true,
            origin_answered: true,
            duration_ms: 900,
            ..NOTHING_KNOWN
        };
        assert_eq!(cause(evidence), FailureCause::UnreachableHost);
    }

    #[test]
    fn a_check_settles_it() {
        let answered = Evidence {
            checked: Some(true),
            ..NOTHING_KNOWN
        };
        let silent = Evidence {
            checked: Some(false),
            origin_answered: true,
            ..NOTHING_KNOWN
        };
        assert_eq!(cause(answered), FailureCause::BlockedByCors);
        assert_eq!(cause(silent), FailureCause::UnreachableHost);
        assert!(diagnose(answered).confidence_percent > 75);
    }
}

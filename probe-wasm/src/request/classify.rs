//! The table from what the browser tells about the end of a call to its outcome.

use beacon::RequestOutcome;

/// What ended a call, as the shell numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The whole answer arrived, whatever its status.
    Load,
    /// The headers of the answer arrived.
    Headers,
    /// The browser reports no more than a failure.
    Error,
    /// Ended by the page.
    Abort,
    /// Ended by the page's own time limit.
    Timeout,
    /// A call without an answer (`sendBeacon`) that the browser took.
    Taken,
    /// One that it did not take.
    Refused,
}

impl How {
    /// From its number.
    #[must_use]
    pub fn from_number(number: u32) -> Self {
        match number {
            0 => How::Load,
            1 => How::Headers,
            3 => How::Abort,
            4 => How::Timeout,
            5 => How::Taken,
            6 => How::Refused,
            _ => How::Error,
        }
    }
}

/// What the shell says of an answer, bit by bit.
pub mod bit {
    /// The call's rule lists the statuses that are good.
    pub const STATUS_RULED: u32 = 1;
    /// This one is among them.
    pub const STATUS_GOOD: u32 = 2;
    /// The content type is not what the rule asks for.
    pub const WRONG_TYPE: u32 = 4;
}

/// The outcome as far as it can be told without the body; `None` when nothing is wrong so far.
#[must_use]
pub(super) fn without_body(how: How, status: u16, bits: u32) -> Option<RequestOutcome> {
    match how {
        How::Abort => return Some(RequestOutcome::Aborted),
        How::Timeout => return Some(RequestOutcome::Timeout),
        How::Error => return Some(RequestOutcome::Unreachable),
        How::Taken => return Some(RequestOutcome::Ok),
        How::Refused => return Some(RequestOutcome::Blocked),
        How::Load | How::Headers => {}
    }
    if status == 0 {
        return Some(RequestOutcome::Unreachable);
    }
    let bad = if bits & bit::STATUS_RULED > 0 {
        bits & bit::STATUS_GOOD == 0
    } else {
        status >= 400
    };
    if bad {
        return Some(RequestOutcome::HttpError);
    }
    (bits & bit::WRONG_TYPE > 0).then_some(RequestOutcome::WrongContent)
}

/// What reading the configured field of a body gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// One of the good values.
    Good,
    /// Another value.
    Bad,
    /// The body is JSON without the field, or not JSON.
    Absent,
    /// The body could not be read, or is larger than what is looked at: nothing can be said.
    Unreadable,
}

impl Field {
    /// From its number.
    #[must_use]
    pub fn from_number(number: u32) -> Self {
        match number {
            0 => Field::Good,
            1 => Field::Bad,
            2 => Field::Absent,
            _ => Field::Unreadable,
        }
    }

    /// The outcome of a call whose body was looked at.
    #[must_use]
    pub(super) fn outcome(self) -> RequestOutcome {
        match self {
            Field::Good | Field::Unreadable => RequestOutcome::Ok,
            Field::Bad => RequestOutcome::AppError,
            Field::Absent => RequestOutcome::WrongContent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_without_a_body() {
        for (how, status, bits, outcome) in [
            (How::Load, 500, 0, Some(RequestOutcome::HttpError)),
            (
                How::Load,
                404,
                bit::WRONG_TYPE,
                Some(RequestOutcome::HttpError),
            ),
            (
                How::Load,
                200,
                bit::WRONG_TYPE,
                Some(RequestOutcome::WrongContent),
            ),
            (How::Headers, 200, 0, None),
            (How::Load, 204, 0, None),
            (How::Load, 0, 0, Some(RequestOutcome::Unreachable)),
            (
                How::Load,
                200,
                bit::STATUS_RULED,
                Some(RequestOutcome::HttpError),
            ),
            (How::Load, 404, bit::STATUS_RULED | bit::STATUS_GOOD, None),
            (How::Error, 0, 0, Some(RequestOutcome::Unreachable)),
            (How::Abort, 0, 0, Some(RequestOutcome::Aborted)),
            (How::Timeout, 0, 0, Some(RequestOutcome::Timeout)),
            (How::Taken, 0, 0, Some(RequestOutcome::Ok)),
            (How::Refused, 0, 0, Some(RequestOutcome::Blocked)),
        ] {
            assert_eq!(
                without_body(how, status, bits),
                outcome,
                "{how:?} {status} {bits}"
            );
        }
    }

    #[test]
    fn only_the_configured_values_of_the_field_are_good() {
        assert_eq!(Field::Good.outcome(), RequestOutcome::Ok);
        assert_eq!(Field::Bad.outcome(), RequestOutcome::AppError);
        assert_eq!(Field::Absent.outcome(), RequestOutcome::WrongContent);
        assert_eq!(Field::Unreadable.outcome(), RequestOutcome::Ok);
    }

    #[test]
    fn numbers_of_the_shell_have_their_meaning() {
        let hows = [
            How::Load,
            How::Headers,
            How::Error,
            How::Abort,
            How::Timeout,
            How::Taken,
            How::Refused,
        ];
        for (number, how) in (0..).zip(hows) {
            assert_eq!(How::from_number(number), how);
        }
        let fields = [Field::Good, Field::Bad, Field::Absent, Field::Unreadable];
        for (number, field) in (0..).zip(fields) {
            assert_eq!(Field::from_number(number), field);
        }
    }
}

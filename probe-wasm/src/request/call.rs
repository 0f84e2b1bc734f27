//! One call: what is known of it while it is under way, and how it is written when told singly.

use crate::deliver::{Outlet, SOON, word};
use crate::{Millis, Text, whole_ms};
use beacon::{Diagnosis, FailureCause, Finality, RequestOutcome, Stream};

/// What the shell says of a call that is sent, bit by bit. The two lowest bits are the initiator, in
/// the order of `beacon::Initiator`.
pub mod flag {
    /// The initiator.
    pub const INITIATOR: u32 = 3;
    /// Its origin is an expected one.
    pub const EXPECTED: u32 = 4;
    /// A field of its answer tells success.
    pub const FIELD: u32 = 8;
    /// It carries a trace id.
    pub const TRACED: u32 = 16;
}

/// How far a call has come, in the order in which it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// There is none: room for another.
    None,
    /// Nothing was heard yet.
    Sent,
    /// The answer's headers are there.
    Answered,
    /// The answer is complete, and a field of it is being read.
    Reading,
    /// It ended and is to be told.
    Ended,
    /// It was told; whether anybody is there at its origin is being checked.
    Checking,
}

/// A call and how it stands.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// Its event number.
    pub id: u32,
    /// Revision of the next word about it; above 0 when it was told as pending.
    pub rev: u32,
    /// When it was sent.
    pub started_at: Millis,
    /// See [`flag`].
    pub flags: u32,
    /// Pending longer than this, a day at most, it is hung.
    pub limit: Millis,
    /// Signals of journeys that it stands for.
    pub signals: u32,
    /// When the headers were there; 0 before.
    pub headers_at: Millis,
    /// When its answer last gave a sign of life; 0 unless it is read piece by piece.
    pub alive_at: Millis,
    /// When it ended or was decided.
    pub ended_at: Millis,
    /// How the body came; without pieces unless it was read piece by piece.
    pub stream: Stream,
    /// Upper case.
    pub method: Text,
    /// Origin called.
    pub origin: Text,
    /// Route template.
    pub route: Text,
    /// Value of the configured body field.
    pub result: Text,
    /// 0 where the browser tells none.
    pub status: u16,
    /// How far it has come.
    pub stage: Stage,
    /// How it ended.
    pub outcome: RequestOutcome,
    /// What the check of its origin found: 1 nobody, 2 somebody; 0 before.
    pub checked: u8,
    /// Why there was no answer; without confidence until somebody has thought about it.
    pub diagnosis: Diagnosis,
}

impl Call {
    /// Room for one.
    pub const NONE: Self = Self {
        id: 0,
        rev: 0,
        started_at: 0,
        flags: 0,
        limit: 0,
        signals: 0,
        headers_at: 0,
        alive_at: 0,
        ended_at: 0,
        stream: Stream {
            first_chunk_ms: 0,
            longest_gap_ms: 0,
            chunks: 0,
            bytes: 0,
        },
        method: 0,
        origin: 0,
        route: 0,
        result: 0,
        status: 0,
        stage: Stage::None,
        outcome: RequestOutcome::Ok,
        checked: 0,
        diagnosis: Diagnosis {
            cause: FailureCause::Offline,
            confidence_percent: 0,
        },
    };

    /// Whether one of these flags is set.
    #[must_use]
    pub fn has(&self, flags: u32) -> bool {
        self.flags & flags > 0
    }

    /// Whether its end is still to come.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        Stage::None < self.stage && self.stage < Stage::Ended
    }

    /// It ended, and is to be told.
    pub fn end(&mut self, outcome: RequestOutcome) {
        self.stage = Stage::Ended;
        self.outcome = outcome;
    }

    /// When the first piece of its answer was there, at the latest when it ended.
    #[must_use]
    pub fn first_piece_at(&self) -> Millis {
        if self.stream.chunks > 0 {
            self.started_at + self.stream.first_chunk_ms.cast_signed()
        } else {
            self.ended_at
        }
    }

    /// From sending to the end.
    #[must_use]
    pub fn duration_ms(&self) -> u32 {
        whole_ms(self.ended_at - self.started_at)
    }

    /// When it has been pending too long, or silent in the midst of its answer.
    #[must_use]
    pub fn limit_at(&self) -> Millis {
        self.started_at.max(self.alive_at) + self.limit
    }

    /// Writes it as it ended, `beacon::RequestAttempt`, or provisionally as it ends if the page does not come back
    /// from being hidden; `index` is its place among the calls.
    pub fn tell(&mut self, finality: Finality, index: usize, out: &mut Outlet) {
        let (outcome, status, ended_at) = match finality {
            Finality::Final => (self.outcome, self.status, self.ended_at),
            Finality::Provisional => (RequestOutcome::Aborted, 0, out.now()),
        };
        out.begin(self.id, self.rev, self.started_at);
        self.rev += 1;
        out.number(3);
        out.text(self.method);
        out.text(self.origin);
        out.text(self.route);
        out.number(u32::from(self.has(flag::EXPECTED)));
        out.number(outcome as u32);
        out.number(finality as u32);
        out.number(status.into());
        out.number(whole_ms(ended_at - self.started_at));
        out.some_text(self.result);
        let Diagnosis {
            cause,
            confidence_percent,
        } = self.diagnosis;
        out.number(u32::from(confidence_percent > 0));
        if confidence_percent > 0 {
            out.number(cause as u32);
            out.number(confidence_percent.into());
        }
        out.number(self.flags & flag::INITIATOR);
        out.number(out.words[word::ONLINE]);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the shell writes a handle there"
        )]
        out.text(out.words[word::CONNECTION] as Text);
        out.number(if self.headers_at > 0 {
            whole_ms(self.headers_at - self.started_at)
        } else {
            0
        });
        let stream = self.stream;
        out.number(u32::from(stream.chunks > 0));
        if stream.chunks > 0 {
            out.number(stream.first_chunk_ms);
            out.number(stream.longest_gap_ms);
            out.number(stream.chunks);
            out.number(stream.bytes);
        }
        out.number(u32::from(self.has(flag::TRACED)));
        if self.has(flag::TRACED) {
            out.trace(index);
        }
        out.end(SOON);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::told;
    use beacon::{EventKind, Initiator, RequestAttempt, TraceId};

    fn written(mut call: Call, finality: Finality, online: u32) -> RequestAttempt {
        let mut out = told::outlet();
        for text in ["POST", "http://api.test", "/chat", "ERROR", "4g"] {
            told::text(&mut out, text);
        }
        out.queue.memory.lend(&[9; 16]);
        out.queue.memory.keep_trace(3);
        out.words[word::ONLINE] = online;
        out.words[word::CONNECTION] = 5;
        call.tell(finality, 3, &mut out);
        match told::events(&mut out).pop().map(|event| event.kind) {
            Some(EventKind::Request(attempt)) => attempt,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_call_is_read_as_it_was_written() {
        let diagnosis = Diagnosis {
            cause: FailureCause::BlockedByCors,
            confidence_percent: 75,
        };
        let stream = Stream {
            first_chunk_ms: 120,
            longest_gap_ms: 300,
            chunks: 7,
            bytes: 70_000,
        };
        let call = Call {
            id: 8,
            rev: 2,
            started_at: 100,
            method: 1,
            origin: 2,
            route: 3,
            flags: flag::EXPECTED | flag::TRACED | Initiator::Fetch as u32,
            headers_at: 150,
            ended_at: 400,
            status: 503,
            outcome: RequestOutcome::AppError,
            result: 4,
            diagnosis,
            stream,
            ..Call::NONE
        };
        let expected = RequestAttempt {
            method: "POST".into(),
            backend_origin: "http://api.test".into(),
            route: "/chat".into(),
            expected_origin: true,
            outcome: RequestOutcome::AppError,
            finality: Finality::Final,
            status: 503,
            duration_ms: 300,
            result: Some("ERROR".into()),
            diagnosis: Some(diagnosis),
            initiator: Initiator::Fetch,
            online: true,
            connection: "4g".into(),
            headers_ms: 50,
            stream: Some(stream),
            trace: Some(TraceId([9; 16])),
        };
        assert_eq!(written(call, Finality::Final, 1), expected);
        let left = written(call, Finality::Provisional, 1);
        let told = (left.outcome, left.status, left.duration_ms);
        assert_eq!(
            told,
            (RequestOutcome::Aborted, 0, 0),
            "the clock stands at 0"
        );
    }

    #[test]
    fn tags_are_those_of_the_wire_format() {
        for outcome in [
            RequestOutcome::Ok,
            RequestOutcome::HttpError,
            RequestOutcome::Unreachable,
            RequestOutcome::Timeout,
            RequestOutcome::Aborted,
            RequestOutcome::WrongContent,
            RequestOutcome::AppError,
            RequestOutcome::Hung,
            RequestOutcome::Blocked,
        ] {
            for initiator in [Initiator::Fetch, Initiator::Xhr, Initiator::Beacon] {
                let call = Call {
                    outcome,
                    flags: initiator as u32,
                    ..Call::NONE
                };
                let read = written(call, Finality::Final, 0);
                assert_eq!((read.outcome, read.initiator), (outcome, initiator));
                assert!(!read.online && read.trace.is_none() && read.result.is_none());
                assert!(read.stream.is_none() && read.diagnosis.is_none());
            }
        }
        for cause in [
            FailureCause::Offline,
            FailureCause::BlockedByCors,
            FailureCause::UnreachableHost,
            FailureCause::UnexpectedOrigin,
        ] {
            let diagnosis = Diagnosis {
                cause,
                confidence_percent: 60,
            };
            let call = Call {
                diagnosis,
                ..Call::NONE
            };
            assert_eq!(written(call, Finality::Final, 1).diagnosis, Some(diagnosis));
        }
    }
}

//! The table from what the browser tells about the end of a call to its outcome.

use crate::config::RequestRule;
use beacon::RequestOutcome;

/// The event that ended a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// An answer arrived, whatever its status.
    Load,
    /// The browser reports no more than a failure.
    Error,
    /// Ended by the page.
    Abort,
    /// Ended by the page's own time limit.
    Timeout,
}

impl How {
    /// From the event's name.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        match name {
            "load" => How::Load,
            "abort" => How::Abort,
            "timeout" => How::Timeout,
            _ => How::Error,
        }
    }
}

/// What is known of an answer when the call ends.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// How it ended.
    pub how: How,
    /// 0 where the browser tells none.
    pub status: u16,
    /// The content type, lower case, or empty.
    pub content_type: &'a str,
}

/// The outcome as far as it can be told without the body; `None` when the body must be read.
#[must_use]
pub(super) fn without_body(
    answer: Answer<'_>,
    rule: Option<&RequestRule>,
) -> Option<RequestOutcome> {
    match answer.how {
        How::Abort => return Some(RequestOutcome::Aborted),
        How::Timeout => return Some(RequestOutcome::Timeout),
        How::Error => return Some(RequestOutcome::Unreachable),
        How::Load => {}
    }
    match answer.status {
        0 => return Some(RequestOutcome::Unreachable),
        400.. => return Some(RequestOutcome::HttpError),
        _ => {}
    }
    let Some(rule) = rule else {
        return Some(RequestOutcome::Ok);
    };
    if rule.json && is_html(answer.content_type) {
        return Some(RequestOutcome::WrongContent);
    }
    if rule.field.is_some() {
        None
    } else {
        Some(RequestOutcome::Ok)
    }
}

fn is_html(content_type: &str) -> bool {
    content_type.starts_with("text/html") || content_type.starts_with("application/xhtml")
}

/// What reading the configured field of a body gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Field<'a> {
    /// Its value.
    Value(&'a str),
    /// The body is JSON without the field, or not JSON.
    Absent,
    /// The body could not be read, or is larger than what is looked at: nothing can be said.
    Unreadable,
}

/// The outcome of a call whose body was looked at.
#[must_use]
pub(super) fn with_body(field: &Field<'_>, rule: &RequestRule) -> RequestOutcome {
    match field {
        Field::Value(value) if rule.good.iter().any(|good| good == value) => RequestOutcome::Ok,
        Field::Value(_) => RequestOutcome::AppError,
        Field::Absent => RequestOutcome::WrongContent,
        Field::Unreadable => RequestOutcome::Ok,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{CallPattern, DEFAULT_LIMIT_MS};

    fn rule() -> RequestRule {
        RequestRule {
            call: CallPattern::parse("POST /chat"),
            json: true,
            field: Some("result".to_owned()),
            good: vec!["SUCCESS".to_owned(), "UNSAFE".to_owned()],
            limit_ms: DEFAULT_LIMIT_MS,
        }
    }

    fn load(status: u16, content_type: &str) -> Answer<'_> {
        Answer {
            how: How::Load,
            status,
            content_type,
        }
    }

    #[test]
    fn every_row_of_the_table_without_a_body() {
        let rule = rule();
        let with_rule = |answer| without_body(answer, Some(&rule));
        assert_eq!(
            with_rule(load(500, "text/plain")),
            Some(RequestOutcome::HttpError)
        );
        assert_eq!(
            with_rule(load(404, "text/html")),
            Some(RequestOutcome::HttpError)
        );
        assert_eq!(
            with_rule(load(200, "text/html; charset=utf-8")),
            Some(RequestOutcome::WrongContent)
        );
        assert_eq!(with_rule(load(200, "application/json")), None);
        assert_eq!(with_rule(load(0, "")), Some(RequestOutcome::Unreachable));
        assert_eq!(without_body(load(204, ""), None), Some(RequestOutcome::Ok));
        for (how, outcome) in [
            (How::Error, RequestOutcome::Unreachable),
            (How::Abort, RequestOutcome::Aborted),
            (How::Timeout, RequestOutcome::Timeout),
        ] {
            assert_eq!(
                with_rule(Answer {
                    how,
                    status: 0,
                    content_type: ""
                }),
                Some(outcome)
            );
        }
    }

    #[test]
    fn only_the_configured_values_of_the_field_are_good() {
        let rule = rule();
        assert_eq!(
            with_body(&Field::Value("SUCCESS"), &rule),
            RequestOutcome::Ok
        );
        assert_eq!(
            with_body(&Field::Value("UNSAFE"), &rule),
            RequestOutcome::Ok
        );
        assert_eq!(
            with_body(&Field::Value("ERROR"), &rule),
            RequestOutcome::AppError
        );
        assert_eq!(
            with_body(&Field::Value(""), &rule),
            RequestOutcome::AppError
        );
        assert_eq!(
            with_body(&Field::Absent, &rule),
            RequestOutcome::WrongContent
        );
        assert_eq!(with_body(&Field::Unreadable, &rule), RequestOutcome::Ok);
    }
}

//! The attempts at journeys that began in one document, by the table of DESIGN.md section 3.

use super::Undecided;
use super::page::PageOutcome;
use super::record::{Document, Request};
use super::rules::{Call, Rules};
use std::fmt;
use std::time::Duration;

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JourneyOutcome {
    /// Its end was reached.
    Success,
    /// Something it needs failed.
    Failed,
    /// Not ended within its limit.
    Hung,
    /// The page was left before it ended.
    Abandoned,
}

impl JourneyOutcome {
    /// The word reports use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Hung => "hung",
            Self::Abandoned => "abandoned",
        }
    }
}

impl fmt::Display for JourneyOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One attempt at a journey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// `access_app`, `chat` or `update_preferences`.
    pub name: &'static str,
    /// How it ended.
    pub outcome: JourneyOutcome,
    /// When it began.
    pub began: Duration,
    /// How long it lasted, or was waited for.
    pub lasted: Duration,
    /// Origin of the backend that was asked last; none where nothing was asked.
    pub backend_origin: Option<String>,
    /// Status of the deciding call, where the page was given one.
    pub status: Option<u16>,
    /// The verdict in the body, for chats.
    pub result: Option<String>,
    /// Whether the backend's log has the failure too; none until the log was read, or where there is none.
    pub failed_at_backend: Option<bool>,
    /// Which of the document's requests decided it.
    pub decider: Option<usize>,
}

impl Attempt {
    /// Whether the attempt counts, and if so whether for or against the application.
    #[must_use]
    pub fn is_good(&self) -> Option<bool> {
        match self.outcome {
            JourneyOutcome::Success => Some(true),
            JourneyOutcome::Failed | JourneyOutcome::Hung => Some(false),
            JourneyOutcome::Abandoned => {
                (self.lasted > Rules::threshold(self.name)).then_some(false)
            }
        }
    }
}

/// The attempts of a document whose own outcome is known.
///
/// # Errors
/// When the document was left before an attempt showed its end.
pub fn attempts(
    document: &Document,
    page: PageOutcome,
    rules: &Rules,
) -> Result<Vec<Attempt>, Undecided> {
    let judge = Judge { document, rules };
    let mut found = judge.accesses()?;
    for request in judge.calls(Call::Chat) {
        found.push(judge.chat(request));
    }
    for request in judge.calls(Call::SavePreferences) {
        let judgement = judge.request(request, request.sent);
        found.push(judge.attempt("update_preferences", request.sent, judgement, Some(request)));
    }
    found.sort_by_key(|attempt| attempt.began);
    let failed_page = matches!(
        page,
        PageOutcome::Blank | PageOutcome::Broken | PageOutcome::Incomplete
    );
    if found.is_empty() && failed_page {
        let judgement = (JourneyOutcome::Failed, judge.left());
        found.push(judge.attempt("access_app", document.started, judgement, None));
    }
    Ok(found)
}

struct Judge<'a> {
    document: &'a Document,
    rules: &'a Rules,
}

type Judgement = (JourneyOutcome, Duration);

impl<'a> Judge<'a> {
    fn calls(&self, call: Call) -> impl Iterator<Item = &'a Request> {
        self.document
            .requests
            .iter()
            .filter(move |request| request.call() == Some(call))
    }

    fn left(&self) -> Duration {
        self.document.left.map_or(Duration::MAX, |left| left.0)
    }

    fn accesses(&self) -> Result<Vec<Attempt>, Undecided> {
        let clicks = &self.document.sign_in_clicks;
        let first_click = clicks.first().copied().unwrap_or(Duration::MAX);
        let mut found = Vec::new();
        if let Some(startup) = self
            .calls(Call::Startup)
            .find(|call| call.sent < first_click)
        {
            let began = self.document.started;
            let judgement = self.startup(startup, began);
            found.push(self.attempt("access_app", began, judgement, Some(startup)));
        }
        for (index, &click) in clicks.iter().enumerate() {
            let next = clicks.get(index + 1).copied().unwrap_or(Duration::MAX);
            found.push(self.sign_in(click, next)?);
        }
        Ok(found)
    }

    fn sign_in(&self, click: Duration, next: Duration) -> Result<Attempt, Undecided> {
        let within = |request: &&Request| request.sent >= click && request.sent < next;
        let Some(login) = self.calls(Call::Login).find(within) else {
            return Err(Undecided(format!(
                "a sign-in click at {click:?} sent no login"
            )));
        };
        let startup = login
            .is_ok()
            .then(|| self.calls(Call::Startup).find(within))
            .flatten();
        let (judgement, decider) = match startup {
            Some(startup) => (self.startup(startup, click), startup),
            None if login.is_ok() => (self.unfinished(click), login),
            None => (self.request(login, click), login),
        };
        Ok(self.attempt("access_app", click, judgement, Some(decider)))
    }

    fn startup(&self, startup: &Request, began: Duration) -> Judgement {
        match (self.request(startup, began), startup.ended) {
            ((JourneyOutcome::Success, _), Some(ended)) => {
                self.painted(began, ended, |look| look.films > 0)
            }
            (judgement, _) => judgement,
        }
    }

    fn chat(&self, request: &Request) -> Attempt {
        let judgement = match (self.request(request, request.sent), request.ended) {
            ((JourneyOutcome::Success, _), Some(ended)) => {
                if matches!(request.result.as_deref(), Some("SUCCESS" | "UNSAFE")) {
                    let before = self.answers_before(request.sent);
                    self.painted(request.sent, ended, |look| look.answers > before)
                } else {
                    (JourneyOutcome::Failed, ended)
                }
            }
            (judgement, _) => judgement,
        };
        self.attempt("chat", request.sent, judgement, Some(request))
    }

    fn answers_before(&self, sent: Duration) -> u64 {
        let before = self
            .document
            .looks
            .iter()
            .rev()
            .find(|look| look.at <= sent);
        before.map_or(0, |look| look.answers)
    }

    /// The judgement of a request alone.
    fn request(&self, request: &Request, began: Duration) -> Judgement {
        match request.ended {
            Some(ended) if ended > began + self.rules.limit => (JourneyOutcome::Hung, ended),
            // A request cut off by leaving the page was not refused by anybody.
            Some(ended)
                if request.error.as_deref() == Some("net::ERR_ABORTED") && ended >= self.left() =>
            {
                (JourneyOutcome::Abandoned, ended)
            }
            Some(ended) if request.is_ok() => (JourneyOutcome::Success, ended),
            Some(ended) => (JourneyOutcome::Failed, ended),
            None => self.unfinished(began),
        }
    }

    fn painted(
        &self,
        began: Duration,
        ended: Duration,
        shows: impl Fn(&super::record::Look) -> bool,
    ) -> Judgement {
        match self
            .document
            .looks
            .iter()
            .find(|look| look.at >= ended && shows(look))
        {
            Some(look) if look.at <= began + self.rules.limit => (JourneyOutcome::Success, look.at),
            _ => self.unfinished(began),
        }
    }

    fn unfinished(&self, began: Duration) -> Judgement {
        let left = self.left();
        if left.saturating_sub(began) >= self.rules.limit {
            (JourneyOutcome::Hung, began + self.rules.limit)
        } else {
            (JourneyOutcome::Abandoned, left)
        }
    }

    fn attempt(
        &self,
        name: &'static str,
        began: Duration,
        (outcome, ended): Judgement,
        decider: Option<&Request>,
    ) -> Attempt {
        let requests = &self.document.requests;
        Attempt {
            name,
            outcome,
            began,
            lasted: ended.saturating_sub(began),
            backend_origin: decider.map(Request::origin),
            status: decider.and_then(|request| request.status),
            result: decider.and_then(|request| request.result.clone()),
            failed_at_backend: None,
            decider: decider
                .and_then(|decider| requests.iter().position(|one| std::ptr::eq(one, decider))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::truth::record::{Ending, Look};

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn call(method: &str, path: &str, sent: u64, ended: Option<u64>) -> Request {
        Request {
            sent: seconds(sent),
            ended: ended.map(seconds),
            method: method.to_owned(),
            url: format!("http://api.movieguru.test{path}"),
            kind: "XHR".to_owned(),
            status: ended.map(|_| 200),
            mime: "application/json".to_owned(),
            ..Request::default()
        }
    }

    fn films(at: u64) -> Look {
        Look {
            at: seconds(at),
            films: 3,
            mounted: true,
            ..Look::default()
        }
    }

    fn document(requests: Vec<Request>, looks: Vec<Look>) -> Document {
        let left = Some((seconds(60), Ending::Closed));
        Document {
            requests,
            looks,
            left,
            ..Document::default()
        }
    }

    fn outcomes(document: &Document, page: PageOutcome) -> Vec<(&'static str, JourneyOutcome)> {
        attempts(document, page, &Rules::movie_guru("null"))
            .expect("decided")
            .into_iter()
            .map(|attempt| (attempt.name, attempt.outcome))
            .collect()
    }

    #[test]
    fn signing_in_and_seeing_films_is_one_success_and_later_startups_are_none() {
        let requests = vec![
            call("POST", "/login", 2, Some(3)),
            call("GET", "/startup", 3, Some(4)),
            call("GET", "/startup", 9, Some(10)),
        ];
        let mut document = document(requests, vec![films(4)]);
        document.sign_in_clicks = vec![seconds(2)];
        let expected = vec![("access_app", JourneyOutcome::Success)];
        assert_eq!(outcomes(&document, PageOutcome::Ready), expected);
    }

    #[test]
    fn a_home_load_while_logged_in_is_an_attempt_without_a_click() {
        let document = document(vec![call("GET", "/startup", 1, Some(2))], vec![films(2)]);
        let expected = vec![("access_app", JourneyOutcome::Success)];
        assert_eq!(outcomes(&document, PageOutcome::Ready), expected);
    }

    #[test]
    fn a_login_that_reaches_nobody_is_a_failed_attempt_and_so_is_the_next() {
        let mut first = call("POST", "/login", 2, Some(3));
        (first.status, first.error) = (None, Some("net::ERR_NAME_NOT_RESOLVED".to_owned()));
        let mut second = first.clone();
        (second.sent, second.ended) = (seconds(5), Some(seconds(6)));
        let mut document = document(vec![first, second], Vec::new());
        document.sign_in_clicks = vec![seconds(2), seconds(5)];
        let expected = vec![("access_app", JourneyOutcome::Failed); 2];
        assert_eq!(outcomes(&document, PageOutcome::Ready), expected);
    }

    #[test]
    fn a_page_that_never_came_up_is_a_failed_access_and_a_seen_login_form_is_none() {
        let document = document(Vec::new(), Vec::new());
        let expected = vec![("access_app", JourneyOutcome::Failed)];
        assert_eq!(outcomes(&document, PageOutcome::Blank), expected);
        assert_eq!(outcomes(&document, PageOutcome::Ready), Vec::new());
    }

    #[test]
    fn a_chat_is_judged_by_its_body_and_by_what_was_painted() {
        let mut chat = call("POST", "/chat", 10, Some(12));
        let painted = Look {
            answers: 1,
            ..films(12)
        };
        let looks = vec![films(4), painted];
        chat.result = Some("SUCCESS".to_owned());
        let good = document(vec![chat.clone()], looks.clone());
        assert_eq!(
            outcomes(&good, PageOutcome::Ready),
            [("chat", JourneyOutcome::Success)]
        );
        chat.result = Some("ERROR".to_owned());
        let bad = document(vec![chat], looks);
        assert_eq!(
            outcomes(&bad, PageOutcome::Ready),
            [("chat", JourneyOutcome::Failed)]
        );
    }

    #[test]
    fn a_chat_without_answer_is_hung_after_thirty_seconds_and_abandoned_before() {
        let hung = document(vec![call("POST", "/chat", 10, None)], Vec::new());
        assert_eq!(
            outcomes(&hung, PageOutcome::Ready),
            [("chat", JourneyOutcome::Hung)]
        );
        let left = document(vec![call("POST", "/chat", 50, None)], Vec::new());
        assert_eq!(
            outcomes(&left, PageOutcome::Ready),
            [("chat", JourneyOutcome::Abandoned)]
        );
    }

    #[test]
    fn html_where_json_was_expected_fails_the_preferences() {
        let mut save = call("POST", "/preferences", 10, Some(11));
        save.mime = "text/html".to_owned();
        let document = document(vec![save], Vec::new());
        let expected = vec![("update_preferences", JourneyOutcome::Failed)];
        assert_eq!(outcomes(&document, PageOutcome::Ready), expected);
    }
}

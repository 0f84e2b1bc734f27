//! The outcome of a document load, by the table of DESIGN.md section 3: pure, from one record.

use super::Undecided;
use super::record::{Document, Ending, Request};
use super::rules::Rules;
use std::fmt;
use std::time::Duration;

/// How a document load ended, in order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PageOutcome {
    /// The route's selector was there and frames were painted after it.
    Ready,
    /// Nothing was ever mounted.
    Blank,
    /// Something mounted, but a script failed before ready.
    Broken,
    /// Mounted, no failure seen, the selector still missing.
    Incomplete,
    /// Left early with no failure seen.
    Abandoned,
}

impl PageOutcome {
    /// All of them, in order of precedence.
    pub const ALL: [Self; 5] = [
        Self::Ready,
        Self::Blank,
        Self::Broken,
        Self::Incomplete,
        Self::Abandoned,
    ];

    /// The word reports use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Blank => "blank",
            Self::Broken => "broken",
            Self::Incomplete => "incomplete",
            Self::Abandoned => "abandoned",
        }
    }
}

impl fmt::Display for PageOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

const EARLY: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(8);
const PATIENCE_AFTER_FAILURE: Duration = Duration::from_secs(2);

/// Decides a document that has been left.
///
/// # Errors
/// When it was left between the moments at which the table decides.
pub fn page_outcome(document: &Document, rules: &Rules) -> Result<PageOutcome, Undecided> {
    if document.looks.iter().any(|look| look.ready && look.painted) {
        return Ok(PageOutcome::Ready);
    }
    let Some((left, ending)) = document.left else {
        return Err(Undecided(format!("{} is still open", document.url)));
    };
    let stayed = document
        .loaded
        .map_or(Duration::ZERO, |loaded| left.saturating_sub(loaded));
    let failed = has_failed_script(document, rules);
    let mounted = document.looks.iter().any(|look| look.mounted);
    let waited_out = match (mounted, failed) {
        (false, true) => stayed >= PATIENCE_AFTER_FAILURE,
        _ => stayed >= PATIENCE,
    };
    match (mounted, failed) {
        // Hiding decides a blank page too, but a killed process hides nothing.
        (false, true) if waited_out || ending != Ending::Killed => Ok(PageOutcome::Blank),
        (false, false) if waited_out => Ok(PageOutcome::Blank),
        (true, true) => Ok(PageOutcome::Broken),
        (true, false) if waited_out => Ok(PageOutcome::Incomplete),
        (_, false) if stayed < EARLY => Ok(PageOutcome::Abandoned),
        (false, false) if ending != Ending::Killed => Ok(PageOutcome::Blank),
        _ => Err(Undecided(format!(
            "{} was left {stayed:?} after load, mounted: {mounted}, failed script: {failed}",
            document.url
        ))),
    }
}

/// Whether a script of the application failed to load in this document.
#[must_use]
pub fn has_failed_script(document: &Document, rules: &Rules) -> bool {
    document
        .requests
        .iter()
        .any(|request| is_failed_script(request, document, rules))
}

fn is_failed_script(request: &Request, document: &Document, rules: &Rules) -> bool {
    let ours = request.kind == "Script"
        && document.url.starts_with(&request.origin())
        && !rules
            .not_ours
            .iter()
            .any(|prefix| request.path().starts_with(prefix.as_str()));
    let refused = request.status.is_some_and(|status| status >= 400);
    // A module whose answer is HTML never runs, although the network log calls it a success.
    let no_script = request.status.is_some() && !request.mime.contains("javascript");
    let aborted = request.error.as_deref() == Some("net::ERR_ABORTED");
    ours && !aborted && (refused || no_script || request.error.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::truth::record::Look;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn left_after(stay: u64) -> Document {
        Document {
            url: "http://movieguru.test/".to_owned(),
            loaded: Some(seconds(1)),
            left: Some((seconds(1 + stay), Ending::Closed)),
            ..Document::default()
        }
    }

    fn script(mime: &str, status: u16) -> Request {
        Request {
            url: "http://movieguru.test/assets/index-abc.js".to_owned(),
            kind: "Script".to_owned(),
            ended: Some(seconds(1)),
            status: Some(status),
            mime: mime.to_owned(),
            ..Request::default()
        }
    }

    fn mounted() -> Look {
        Look {
            mounted: true,
            ..Look::default()
        }
    }

    fn outcome(document: &Document) -> Result<PageOutcome, Undecided> {
        page_outcome(document, &Rules::movie_guru("null"))
    }

    #[test]
    fn a_painted_selector_is_ready_whatever_failed_besides() {
        let look = Look {
            ready: true,
            painted: true,
            ..mounted()
        };
        let requests = vec![script("text/html", 200)];
        let document = Document {
            looks: vec![look],
            requests,
            ..left_after(1)
        };
        assert_eq!(outcome(&document), Ok(PageOutcome::Ready));
    }

    #[test]
    fn html_in_place_of_the_main_script_is_a_blank_page() {
        let document = Document {
            requests: vec![script("text/html", 200)],
            ..left_after(4)
        };
        assert_eq!(outcome(&document), Ok(PageOutcome::Blank));
    }

    #[test]
    fn a_missing_chunk_in_a_mounted_page_is_broken() {
        let requests = vec![
            script("text/javascript", 200),
            script("text/javascript", 404),
        ];
        let document = Document {
            looks: vec![mounted()],
            requests,
            ..left_after(4)
        };
        assert_eq!(outcome(&document), Ok(PageOutcome::Broken));
    }

    #[test]
    fn a_mounted_page_without_its_selector_is_incomplete_after_eight_seconds_only() {
        let document = |stay| Document {
            looks: vec![mounted()],
            requests: vec![script("text/javascript", 200)],
            ..left_after(stay)
        };
        assert_eq!(outcome(&document(9)), Ok(PageOutcome::Incomplete));
        assert_eq!(outcome(&document(1)), Ok(PageOutcome::Abandoned));
        assert!(
            outcome(&document(5)).is_err(),
            "between 3 s and 8 s nothing is decided"
        );
    }

    #[test]
    fn a_script_of_the_probe_that_fails_is_no_failure_of_the_page() {
        let mut probe = script("text/html", 200);
        probe.url = "http://movieguru.test/sightline/core.js".to_owned();
        let document = Document {
            requests: vec![probe],
            looks: vec![mounted()],
            ..left_after(1)
        };
        assert_eq!(outcome(&document), Ok(PageOutcome::Abandoned));
    }
}

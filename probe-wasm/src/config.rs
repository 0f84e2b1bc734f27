//! What an application declares about itself: plain data, read once. How people write it is described
//! in `npm/index.d.ts`; `js/core.js` flattens that into the lines that [`Config::parse`] reads, because
//! looking into JavaScript objects from here would cost two kilobytes.

use crate::text::path_fits;

/// Everything the core needs to know of the application.
#[derive(Debug, Default)]
pub struct Config {
    /// Whether the tab may remember a session and its last view.
    pub remembers: bool,
    /// Whether single events leave, not only outcomes of pages and journeys and counts.
    pub details: bool,
    /// Release of this build.
    pub release: String,
    /// Backend origin this build calls.
    pub backend_origin: String,
    /// Origins a call is expected to go to; empty: all.
    pub expected_origins: Vec<String>,
    /// Selector of the element the application mounts into.
    pub mount: String,
    /// Whether an origin that gave no answer may be asked once more, without CORS.
    pub check_unreachable: bool,
    /// Rules for calls whose answer must be looked at, or whose limit differs.
    pub requests: Vec<RequestRule>,
    /// Declared journeys.
    pub journeys: Vec<JourneyRule>,
}

impl Config {
    /// Reads lines of tab-separated fields; the first field says what a line is. Lines `s` and `n`
    /// belong to the journey before them. What is not understood costs only its line.
    ///
    /// ```text
    /// p remembers details
    /// a mount release backend-origin check         r call json field limit good…
    /// o expected-origin…                           j name end-call painted limit failed-page
    /// s click|load|request what                    n call
    /// ```
    #[must_use]
    pub fn parse(lines: &str) -> Self {
        let mut config = Self::default();
        for line in lines.split('\n') {
            let mut fields = line.split('\t');
            let kind = fields.next();
            let mut next = || fields.next().unwrap_or_default();
            match kind {
                Some("a") => {
                    config.mount = next().to_owned();
                    config.release = next().to_owned();
                    config.backend_origin = next().to_owned();
                    config.check_unreachable = !next().is_empty();
                }
                Some("p") => {
                    config.remembers = !next().is_empty();
                    config.details = !next().is_empty();
                }
                Some("o") => config.expected_origins = fields.map(str::to_owned).collect(),
                Some("r") => {
                    let call = CallPattern::parse(next());
                    let json = !next().is_empty();
                    let field = given(next());
                    let limit_ms = limit(next());
                    let good = fields.map(str::to_owned).collect();
                    config.requests.push(RequestRule {
                        call,
                        json,
                        field,
                        good,
                        limit_ms,
                    });
                }
                Some("j") => config.journeys.push(JourneyRule {
                    name: next().to_owned(),
                    starts: Vec::new(),
                    end: CallPattern::parse(next()),
                    painted: given(next()),
                    needs: Vec::new(),
                    limit_ms: limit(next()),
                    failed_page: !next().is_empty(),
                }),
                Some("s") => {
                    let (how, what) = (next(), next());
                    let start = match how {
                        "click" => JourneyStart::Click(what.to_owned()),
                        "load" => JourneyStart::Load(CallPattern::parse(what)),
                        "request" => JourneyStart::Request(CallPattern::parse(what)),
                        _ => continue,
                    };
                    if let Some(journey) = config.journeys.last_mut() {
                        journey.starts.push(start);
                    }
                }
                Some("n") => {
                    if let Some(journey) = config.journeys.last_mut() {
                        journey.needs.push(CallPattern::parse(next()));
                    }
                }
                _ => {}
            }
        }
        config
    }
}

fn given(field: &str) -> Option<String> {
    (!field.is_empty()).then(|| field.to_owned())
}

fn limit(field: &str) -> f64 {
    field.parse::<u32>().map_or(DEFAULT_LIMIT_MS, f64::from)
}

/// `"POST /chat"`: a method and a path template.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CallPattern {
    /// Upper case.
    pub method: String,
    /// Path template, see [`path_fits`].
    pub path: String,
}

impl CallPattern {
    /// Reads `"POST /chat"`; a missing method means `GET`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.trim_ascii();
        let (method, path) = text.split_once(' ').unwrap_or(("GET", text));
        Self {
            method: method.to_ascii_uppercase(),
            path: path.trim_ascii().to_owned(),
        }
    }

    /// Whether a call is meant.
    #[must_use]
    pub fn fits(&self, method: &str, path: &str) -> bool {
        self.method == method && path_fits(&self.path, path)
    }
}

/// What is known of a kind of call.
#[derive(Debug)]
pub struct RequestRule {
    /// Which calls.
    pub call: CallPattern,
    /// Whether the answer must be JSON: HTML is then `wrong_content`.
    pub json: bool,
    /// The body's field that tells success; the only part of a body ever read.
    pub field: Option<String>,
    /// Values of the field that mean success.
    pub good: Vec<String>,
    /// Pending longer than this is `hung`.
    pub limit_ms: f64,
}

/// Requests without a rule, and rules without a limit.
pub const DEFAULT_LIMIT_MS: f64 = 30_000.0;

/// A declared journey.
#[derive(Debug)]
pub struct JourneyRule {
    /// Its name.
    pub name: String,
    /// What starts an attempt.
    pub starts: Vec<JourneyStart>,
    /// The call that must end well.
    pub end: CallPattern,
    /// What must be painted after it, newly since the start.
    pub painted: Option<String>,
    /// Calls whose failure fails the attempt as well.
    pub needs: Vec<CallPattern>,
    /// Not ended by then: `hung`.
    pub limit_ms: f64,
    /// Whether a document load that fails is a failed attempt.
    pub failed_page: bool,
}

/// What starts an attempt.
#[derive(Debug, PartialEq, Eq)]
pub enum JourneyStart {
    /// A click on an element that matches the selector, or on something inside it.
    Click(String),
    /// The first such call of a document in which no attempt was made; the attempt then began with
    /// the document load.
    Load(CallPattern),
    /// Each such call.
    Request(CallPattern),
}

#[cfg(test)]
#[expect(clippy::panic, reason = "a test says what it found")]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_is_read() {
        let config = Config::parse(concat!(
            "p\t1\t\n",
            "a\t#app\t2\thttp://api.test\t1\n",
            "o\thttp://api.test\thttp://b.test\n",
            "r\tPOST /chat\t1\tresult\t5000\tSUCCESS\tUNSAFE\n",
            "r\tGET /startup\t1\t\t\n",
            "j\taccess\tGET /startup\t.film\t\t1\n",
            "s\tclick\t.sign-in\n",
            "s\tload\tGET /startup\n",
            "n\tPOST /login",
        ));
        assert!(config.check_unreachable);
        assert_eq!(
            (config.mount.as_str(), config.release.as_str()),
            ("#app", "2")
        );
        assert!(config.remembers && !config.details);
        assert_eq!(
            config.expected_origins,
            ["http://api.test", "http://b.test"]
        );
        let [chat, startup] = config.requests.as_slice() else {
            panic!("{:?}", config.requests);
        };
        assert_eq!(
            (chat.field.as_deref(), chat.limit_ms),
            (Some("result"), 5_000.0)
        );
        assert_eq!(chat.good, ["SUCCESS", "UNSAFE"]);
        assert_eq!(
            (startup.json, startup.field.as_deref(), startup.limit_ms),
            (true, None, DEFAULT_LIMIT_MS)
        );
        let [access] = config.journeys.as_slice() else {
            panic!("{:?}", config.journeys);
        };
        assert!(access.failed_page);
        assert_eq!(access.painted.as_deref(), Some(".film"));
        assert_eq!(
            access.starts,
            [
                JourneyStart::Click(".sign-in".to_owned()),
                JourneyStart::Load(CallPattern::parse("GET /startup"))
            ]
        );
        assert_eq!(access.needs, [CallPattern::parse("POST /login")]);
    }

    #[test]
    fn lines_that_are_not_understood_cost_only_themselves() {
        let config = Config::parse(
            "s\tclick\t.x\nzzz\n\nj\tchat\tPOST /chat\ns\tteleport\tnow\ns\trequest\tPOST /chat",
        );
        assert_eq!(
            config.journeys.first().map(|journey| journey.starts.len()),
            Some(1)
        );
    }
}

//! The second cleaning after the probe's own: queries and fragments, e-mail addresses, tokens and long
//! digit runs leave every string that a page's content can reach. Names from configuration (release,
//! pod, journey, method) only lose control characters: a release may well be a commit hash.

use beacon::{Event, EventKind, Head};

/// A run of letters and digits this long, digits among them, is a token and not a word.
const TOKEN_CHARS: usize = 24;
/// Longer runs of digits are order, card or telephone numbers.
const DIGITS: usize = 6;

pub(super) fn head(head: &mut Head) {
    let page = &mut head.page;
    name(&mut page.release);
    name(&mut page.deployment);
    address(&mut page.route);
    origin(&mut page.origin);
    origin(&mut page.backend_origin);
}

pub(super) fn event(event: &mut Event) {
    match &mut event.kind {
        EventKind::Page(page) => {
            for pod in &mut page.touched {
                name(&mut pod.release);
                name(&mut pod.deployment);
            }
        }
        EventKind::Navigation(timing) => name(&mut timing.protocol),
        EventKind::Vital(_) | EventKind::Withdrawn => {}
        EventKind::Request(request) => {
            name(&mut request.method);
            address(&mut request.route);
            origin(&mut request.backend_origin);
            request.result.iter_mut().for_each(text);
        }
        EventKind::Requests(counts) => {
            name(&mut counts.method);
            address(&mut counts.route);
            origin(&mut counts.backend_origin);
        }
        EventKind::Journey(attempt) => {
            name(&mut attempt.name);
            address(&mut attempt.route);
            origin(&mut attempt.backend_origin);
            attempt.result.iter_mut().for_each(text);
        }
        EventKind::Error(report) => {
            text(&mut report.message);
            address(&mut report.source);
        }
    }
}

fn name(value: &mut String) {
    if value.chars().any(char::is_control) {
        value.retain(|c| !c.is_control());
    }
}

/// A path or an address: everything from the first `?` or `#` on goes.
fn address(value: &mut String) {
    if let Some(end) = value.find(['?', '#']) {
        value.truncate(end);
    }
    text(value);
}

/// `scheme://host:port`: path, query and user name go; a host is no place for scrubbing digits.
fn origin(value: &mut String) {
    name(value);
    let Some((scheme, rest)) = value.split_once("://") else {
        return address(value);
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if host.len() != rest.len() {
        *value = format!("{scheme}://{host}");
    }
}

/// Free text: words that look like an e-mail address, a token or a long number are replaced.
fn text(value: &mut String) {
    name(value);
    let suspicious = value.contains('@')
        || value.contains("%40")
        || longest_run(value, |c| c.is_ascii_digit()) > DIGITS
        || longest_run(value, is_token_char) >= TOKEN_CHARS;
    if suspicious {
        *value = scrubbed(value);
    }
}

fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

fn is_word_char(c: char) -> bool {
    is_token_char(c) || ".@+%".contains(c)
}

fn longest_run(value: &str, of: impl Fn(char) -> bool) -> usize {
    value.split(|c| !of(c)).map(str::len).max().unwrap_or(0)
}

fn scrubbed(value: &str) -> String {
    let mut clean = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(first) = rest.chars().next() {
        let in_word = is_word_char(first);
        let end = rest
            .find(|c| is_word_char(c) != in_word)
            .unwrap_or(rest.len());
        let (piece, tail) = rest.split_at(end);
        clean.push_str(if in_word { replacement(piece) } else { piece });
        rest = tail;
    }
    clean
}

fn replacement(word: &str) -> &str {
    let mail = word
        .split_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty());
    if mail || word.contains("%40") {
        "[email]"
    } else if word.split(|c| !is_token_char(c)).any(is_token) {
        "[token]"
    } else if longest_run(word, |c| c.is_ascii_digit()) > DIGITS {
        "[number]"
    } else {
        word
    }
}

fn is_token(run: &str) -> bool {
    run.len() >= TOKEN_CHARS && run.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn after(clean: fn(&mut String), value: &str) -> String {
        let mut value = value.to_owned();
        clean(&mut value);
        value
    }

    #[test]
    fn what_identifies_a_person_leaves_free_text() {
        for (before, expected) in [
            ("no user ann.lee+x@example.com here", "no user [email] here"),
            ("call 0044123456789 now", "call [number] now"),
            (
                "key eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.x",
                "key [token]",
            ),
            ("Response status: 500", "Response status: 500"),
            (
                "TypeError: x is not a function",
                "TypeError: x is not a function",
            ),
            ("a\nb\u{7}", "ab"),
        ] {
            assert_eq!(after(text, before), expected);
        }
    }

    #[test]
    fn an_address_loses_its_query_and_a_route_its_ids() {
        assert_eq!(after(address, "/movies/:id?user=ann#top"), "/movies/:id");
        assert_eq!(
            after(address, "/orders/123456789/items"),
            "/orders/[number]/items"
        );
        assert_eq!(after(address, "/u/ann%40example.com"), "/u/[email]");
    }

    #[test]
    fn an_origin_keeps_scheme_host_and_port_only() {
        assert_eq!(
            after(origin, "http://ann:pw@api.test:8080/x?y"),
            "http://api.test:8080"
        );
        assert_eq!(
            after(origin, "http://10.11.12.13:30080"),
            "http://10.11.12.13:30080"
        );
    }

    #[test]
    fn a_release_may_be_a_commit_hash() {
        let hash = "9fceb02d0ae598e95dc970b74767f19372d61af8";
        assert_eq!(after(name, hash), hash);
    }

    /// Pieces that are scrubbed, pieces of what scrubbing leaves, and anything else.
    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[0-9]{1,9}",
            "[a-z0-9_-]{1,30}",
            "[a-z]{0,4}@[a-z.]{0,6}",
            "\\PC{0,5}",
            prop::sample::select(vec![
                "[email]", "[token]", "[number]", "://", "?", "%40", "/", " "
            ])
            .prop_map(str::to_owned),
        ];
        prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn scrubbing_twice_changes_nothing_more(value in pieces()) {
            for clean in [text as fn(&mut String), address, origin, name] {
                let once = after(clean, &value);
                prop_assert_eq!(after(clean, &once), once);
            }
        }
    }
}

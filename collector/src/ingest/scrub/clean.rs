//! One cleaner per sort of string. A string enters and leaves with what could name a person replaced;
//! cleaned again it stays as it is. One that fitted its limit before still does after.

use std::borrow::Cow;

/// A run of letters and digits this long, digits among them, is a token and not a word.
const TOKEN_CHARS: usize = 24;
/// Longer runs of digits are order, card or telephone numbers.
const DIGITS: usize = 6;
/// Longer ones in a selector are a row's or a user's id; classes of style sheets stop at three.
const SELECTOR_DIGITS: usize = 3;
/// Columns of a script of one line have up to seven digits.
const POSITION_DIGITS: usize = 7;

/// From configuration or from a closed list of the browser's.
pub(super) fn name(value: &mut String) {
    if value.chars().any(char::is_control) {
        value.retain(|c| !c.is_control());
    }
}

/// Free text: words that look like an e-mail address, a token or a long number are replaced.
pub(super) fn text(value: &mut String, limit: usize) {
    name(value);
    if is_suspicious(value) {
        put(value, scrubbed(value), limit);
    }
}

/// Free text in which addresses may stand.
pub(super) fn message(value: &mut String, limit: usize) {
    name(value);
    let words = value.split(' ').map(|word| {
        if word.contains("://") {
            located(word)
        } else {
            scrubbed(word)
        }
    });
    let clean = words.collect::<Vec<_>>().join(" ");
    put(value, clean, limit);
}

/// Lines of a function's name and where it stands. The form in which Firefox joins the two by an `@`
/// would pass for an e-mail address.
pub(super) fn stack(value: &mut String, limit: usize) {
    let lines = value.lines().filter_map(|line| {
        let mut line = line.replace(char::is_whitespace, " ");
        name(&mut line);
        let line = line
            .replace("@http://", " http://")
            .replace("@https://", " https://");
        let words = line.split_whitespace().map(located);
        let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
        (!words.is_empty()).then(|| words.join(" "))
    });
    let clean = lines.collect::<Vec<_>>().join("\n");
    put(value, clean, limit);
    value.truncate(value.trim_end().len());
}

/// A path or an address: everything from the first `?` or `#` on goes.
pub(super) fn address(value: &mut String, limit: usize) {
    name(value);
    let bare = bare(value).into_owned();
    if bare.len() < value.len() {
        *value = bare;
    }
    text(value, limit);
}

/// `scheme://host:port`: path, query and user name go; a host is no place for scrubbing digits.
pub(super) fn origin(value: &mut String) {
    name(value);
    let Some((scheme, rest)) = value.split_once("://") else {
        return address(value, beacon::limits::ROUTE_BYTES);
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if host.len() != rest.len() {
        *value = format!("{scheme}://{host}");
    }
}

/// Tags, ids and classes. Ids are often made of a row's or a user's number; from the first attribute's
/// value on, everything goes.
pub(super) fn selector(value: &mut String, limit: usize) {
    name(value);
    let mut clean = unescaped(value);
    if let Some(end) = clean.find(['=', '"', '\'']) {
        clean.truncate(end);
    }
    let clean = mapped(&clean, is_word_char, |word| match is_mail(word) {
        true => "[email]".into(),
        false => word.into(),
    });
    let clean = mapped(&clean, is_token_char, |run| match is_token(run) {
        true => "[token]".into(),
        false => without_ids(run),
    });
    put(value, clean, limit);
}

/// Replacing may make longer: what its sender kept within the limit must not be refused for it.
fn put(value: &mut String, clean: String, limit: usize) {
    let fitted = value.len() <= limit;
    *value = clean;
    if fitted && value.len() > limit {
        let end = (0..=limit).rev().find(|end| value.is_char_boundary(*end));
        value.truncate(end.unwrap_or(0));
    }
}

/// A word of a stack: an address without its query, then line and column.
fn located(word: &str) -> String {
    let (place, position) = word.split_at(position_of(word).unwrap_or(word.len()));
    let place = match place.contains("://") {
        true => bare(place),
        false => place.into(),
    };
    scrubbed(&place) + position
}

/// Where `:line` or `:line:column` begins at the end of a word.
fn position_of(word: &str) -> Option<usize> {
    let mut rest = word.trim_end_matches(')');
    let mut start = None;
    for _ in 0..2 {
        let before = rest.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = rest.len() - before.len();
        let Some(place) = before.strip_suffix(':').filter(|_| digits > 0) else {
            break;
        };
        if digits > POSITION_DIGITS {
            return None;
        }
        rest = place;
        start = Some(rest.len());
    }
    start
}

/// An address without query, fragment, user name and, where it is made of them, data.
fn bare(address: &str) -> Cow<'_, str> {
    let end = address.find(['?', '#']).unwrap_or(address.len());
    let (kept, _) = address.split_at(end);
    if kept.starts_with("data:") {
        return "data:".into();
    }
    let Some((scheme, rest)) = kept.split_once("://") else {
        return kept.into();
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{host}{path}").into(),
        None => kept.into(),
    }
}

/// CSS escapes, in which digits and e-mail addresses could hide, undone; no backslash is left.
fn unescaped(selector: &str) -> String {
    let mut plain = String::with_capacity(selector.len());
    let mut chars = selector.chars().peekable();
    while let Some(first) = chars.next() {
        if first != '\\' {
            plain.push(first);
            continue;
        }
        let mut code = 0;
        let mut digits = 0;
        while let Some(digit) = chars
            .peek()
            .and_then(|c| c.to_digit(16))
            .filter(|_| digits < 6)
        {
            code = code * 16 + digit;
            digits += 1;
            chars.next();
        }
        if digits == 0 {
            continue;
        }
        chars.next_if_eq(&' ');
        let spelt = char::from_u32(code).filter(|c| !c.is_control() && *c != '\\');
        plain.extend(spelt);
    }
    plain
}

fn without_ids(run: &str) -> Cow<'_, str> {
    if longest_run(run, |c| c.is_ascii_digit()) <= SELECTOR_DIGITS {
        return run.into();
    }
    let is_digit = |c: char| c.is_ascii_digit();
    let clean = mapped(run, is_digit, |digits| match digits.len() {
        0..=SELECTOR_DIGITS => digits.into(),
        _ => "[number]".into(),
    });
    clean.into()
}

fn is_suspicious(value: &str) -> bool {
    value.contains('@')
        || value.contains("%40")
        || longest_run(value, |c| c.is_ascii_digit()) > DIGITS
        || longest_run(value, is_token_char) >= TOKEN_CHARS
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
    mapped(value, is_word_char, |word| replacement(word).into())
}

/// The value with each of its longest runs of such characters replaced.
fn mapped<'a>(
    value: &'a str,
    belongs: impl Fn(char) -> bool,
    replace: impl Fn(&'a str) -> Cow<'a, str>,
) -> String {
    let mut clean = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(first) = rest.chars().next() {
        let inside = belongs(first);
        let end = rest.find(|c| belongs(c) != inside).unwrap_or(rest.len());
        let (piece, tail) = rest.split_at(end);
        clean.push_str(&if inside { replace(piece) } else { piece.into() });
        rest = tail;
    }
    clean
}

fn replacement(word: &str) -> &str {
    if is_mail(word) {
        "[email]"
    } else if word.split(|c| !is_token_char(c)).any(is_token) {
        "[token]"
    } else if longest_run(word, |c| c.is_ascii_digit()) > DIGITS {
        "[number]"
    } else {
        word
    }
}

/// Whether an `@` stands anywhere between other characters.
fn is_mail(word: &str) -> bool {
    word.trim_matches('@').contains('@') || word.contains("%40")
}

fn is_token(run: &str) -> bool {
    run.len() >= TOKEN_CHARS && run.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A limit that none of the examples reaches.
    const WIDE: usize = 1_000;

    fn after(clean: fn(&mut String, usize), value: &str) -> String {
        let mut value = value.to_owned();
        clean(&mut value, WIDE);
        value
    }

    fn after_alone(clean: fn(&mut String), value: &str) -> String {
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
            ("@ann@example.com", "[email]"),
            ("@ann said", "@ann said"),
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
    fn an_address_loses_user_names_and_the_data_it_is_made_of() {
        assert_eq!(
            after(address, "http://ann:pw@shop.test/a.js"),
            "http://shop.test/a.js"
        );
        assert_eq!(after(address, "data:text/html,hello"), "data:");
    }

    #[test]
    fn addresses_within_a_message_lose_their_queries() {
        for (before, expected) in [
            (
                "Failed to fetch http://shop.test/a.js?key=s3cret now?",
                "Failed to fetch http://shop.test/a.js now?",
            ),
            (
                "mail ann@example.com or 1234567",
                "mail [email] or [number]",
            ),
            ("at 1234567:8", "at [number]:8"),
        ] {
            assert_eq!(after(message, before), expected);
        }
    }

    #[test]
    fn each_line_of_a_stack_keeps_its_function_and_its_position() {
        for (before, expected) in [
            (
                "render http://shop.test/a.js?key=s3cret:1:1048577\n  at load (http://shop.test/b.js#x:9:2)",
                "render http://shop.test/a.js:1:1048577\nat load (http://shop.test/b.js:9:2)",
            ),
            (
                "poster@http://shop.test/a.js:1:2\n@https://shop.test/a.js:3:4",
                "poster http://shop.test/a.js:1:2\nhttps://shop.test/a.js:3:4",
            ),
            ("Film.#load\t/a.js:1:2\r\n\n", "Film.#load /a.js:1:2"),
            ("ann@example.com:1:2", "[email]:1:2"),
            ("of 12345678:1", "of [number]:1"),
        ] {
            assert_eq!(after(stack, before), expected);
        }
    }

    #[test]
    fn ids_of_people_leave_a_selector_and_styles_stay() {
        for (before, expected) in [
            ("#user-4711>a.link", "#user-[number]>a.link"),
            ("#\\34 711 b", "#[number] b"),
            ("td.ann\\@example\\.com", "[email]"),
            ("li#ann@example.com>b", "li#[email]>b"),
            (
                "#row-550e8400-e29b-41d4-a716-446655440000.open",
                "#[token].open",
            ),
            (
                "a.text-gray-500.w-12:nth-child(2)",
                "a.text-gray-500.w-12:nth-child(2)",
            ),
            ("input[value=\"secret\"]>i", "input[value"),
        ] {
            assert_eq!(after(selector, before), expected);
        }
    }

    #[test]
    fn what_fitted_its_limit_before_cleaning_fits_it_after() {
        let cleaners: [fn(&mut String, usize); 5] = [text, message, address, selector, stack];
        for clean in cleaners {
            for value in ["a@b é a@b é a@b", "#a1234>#b1234>#é1234", "1234567 1234567"] {
                let mut cleaned = value.to_owned();
                clean(&mut cleaned, value.len());
                assert!(cleaned.len() <= value.len(), "{cleaned}");
            }
            let mut long = "x".repeat(100);
            clean(&mut long, 99);
            assert_eq!(
                long.len(),
                100,
                "a sender that keeps no limit is refused, not helped"
            );
        }
    }

    #[test]
    fn an_origin_keeps_scheme_host_and_port_only() {
        assert_eq!(
            after_alone(origin, "http://ann:pw@api.test:8080/x?y"),
            "http://api.test:8080"
        );
        assert_eq!(
            after_alone(origin, "http://10.11.12.13:30080"),
            "http://10.11.12.13:30080"
        );
    }

    #[test]
    fn a_release_may_be_a_commit_hash() {
        let hash = "9fceb02d0ae598e95dc970b74767f19372d61af8";
        assert_eq!(after_alone(name, hash), hash);
    }

    /// Pieces that are scrubbed, pieces of what scrubbing leaves, and anything else.
    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[0-9]{1,9}",
            "[a-z0-9_-]{1,30}",
            "[a-z]{0,4}@[a-z.]{0,6}",
            "\\PC{0,5}",
            prop::sample::select(vec![
                "[email]", "[token]", "[number]", "://", "?", "%40", "/", " ", "#", ".", ">", "\\",
                "\\34 ", "=", "@http://", ":1:2", ")", "\n", "data:", "é",
            ])
            .prop_map(str::to_owned),
        ];
        prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn scrubbing_twice_changes_nothing_more(value in pieces()) {
            for clean in [text as fn(&mut String, usize), message, address, selector, stack] {
                for limit in [WIDE, value.len()] {
                    let mut once = value.clone();
                    clean(&mut once, limit);
                    let mut twice = once.clone();
                    clean(&mut twice, limit);
                    prop_assert_eq!(twice, once);
                }
            }
            for clean in [origin as fn(&mut String), name] {
                let once = after_alone(clean, &value);
                prop_assert_eq!(after_alone(clean, &once), once);
            }
        }
    }
}

//! Addresses and strings as they may leave the browser: without queries, ids or excess length.

use beacon::limits;

/// Origin and path of an absolute address, without query and fragment.
#[must_use]
pub fn split_address(url: &str) -> Option<(&str, &str)> {
    let host_at = url.find(':')? + 3;
    let (scheme, host) = url.split_at_checked(host_at)?;
    if !scheme.ends_with("://") {
        return None;
    }
    let host_end = host.find(['/', '?', '#']).unwrap_or(host.len());
    let (origin, rest) = url.split_at_checked(host_at + host_end)?;
    let path_end = rest.find(['?', '#']).unwrap_or(rest.len());
    let path = rest.get(..path_end)?;
    Some((origin, if path.is_empty() { "/" } else { path }))
}

/// An address without query and fragment, for showing where something came from.
#[must_use]
pub fn without_query(url: &str) -> &str {
    url.find(['?', '#'])
        .and_then(|end| url.get(..end))
        .unwrap_or(url)
}

/// A path with everything that looks like an id replaced by `:id`: segments of digits only, and
/// segments of nine characters or more that hold a digit or an `@`.
#[must_use]
pub fn template_of(path: &str) -> String {
    let mut template = String::with_capacity(path.len());
    for (position, segment) in path.split('/').enumerate() {
        if position > 0 {
            template.push('/');
        }
        template.push_str(if looks_like_id(segment) {
            ":id"
        } else {
            segment
        });
    }
    bounded(template, limits::ROUTE_BYTES)
}

fn looks_like_id(segment: &str) -> bool {
    let all_digits = !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
    let long = segment.len() >= 9;
    all_digits
        || (long
            && segment
                .bytes()
                .any(|byte| byte.is_ascii_digit() || byte == b'@'))
}

/// Whether a path fits a template: `:name` stands for any one segment, a leading `*` for any number.
#[must_use]
pub fn path_fits(template: &str, path: &str) -> bool {
    let (template, path) = match template.strip_prefix('*') {
        Some(tail) => {
            let wanted = tail.split('/').count();
            let given = path.split('/').count();
            let Some(surplus) = given.checked_sub(wanted) else {
                return false;
            };
            let mut rest = path;
            for _ in 0..surplus {
                let Some((_, after)) = rest.trim_start_matches('/').split_once('/') else {
                    return false;
                };
                rest = path.get(path.len() - after.len() - 1..).unwrap_or_default();
            }
            (tail, rest)
        }
        None => (template, path),
    };
    let mut wanted = template.trim_end_matches('/').split('/');
    let mut given = path.trim_end_matches('/').split('/');
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(want), Some(have))
                if want == have || (want.starts_with(':') && !have.is_empty()) => {}
            _ => return false,
        }
    }
}

/// Appends a number in decimal digits; `format!` would cost the probe a kilobyte.
pub fn push_decimal(text: &mut String, number: u32) {
    if number >= 10 {
        push_decimal(text, number / 10);
    }
    text.extend(char::from_digit(number % 10, 10));
}

/// Cuts at a character boundary.
#[must_use]
pub fn bounded(mut text: String, bytes: usize) -> String {
    if text.len() > bytes {
        let mut end = bytes;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_loses_its_query_and_keeps_its_port() {
        assert_eq!(
            split_address("http://a.test:81/x/y?u=1#z"),
            Some(("http://a.test:81", "/x/y"))
        );
        assert_eq!(
            split_address("http://a.test?u=1"),
            Some(("http://a.test", "/"))
        );
        assert_eq!(split_address("nonsense"), None);
    }

    #[test]
    fn ids_in_paths_become_templates_and_words_stay() {
        assert_eq!(template_of("/users/42/orders"), "/users/:id/orders");
        assert_eq!(template_of("/u/alice@example.org"), "/u/:id");
        assert_eq!(template_of("/api/v1/preferences"), "/api/v1/preferences");
        assert_eq!(template_of("/x/9f8a7c6d5e"), "/x/:id");
    }

    #[test]
    fn a_template_fits_whole_segments_only() {
        assert!(path_fits("/chat", "/chat"));
        assert!(path_fits("/chat", "/chat/"));
        assert!(!path_fits("/chat", "/chats"));
        assert!(path_fits("/films/:id", "/films/7"));
        assert!(!path_fits("/films/:id", "/films"));
        assert!(path_fits("*/login", "/server/login"));
        assert!(path_fits("*/login", "/login"));
        assert!(path_fits("*/login", "/a/b/login"));
        assert!(!path_fits("*/login", "/login/x"));
    }

    #[test]
    fn numbers_are_written_in_decimal() {
        let mut text = String::new();
        for number in [0, 7, 10, 4_294_967_295] {
            push_decimal(&mut text, number);
            text.push(' ');
        }
        assert_eq!(text, "0 7 10 4294967295 ");
    }

    #[test]
    fn cutting_never_splits_a_character() {
        assert_eq!(bounded("aé".to_owned(), 2), "a");
    }
}

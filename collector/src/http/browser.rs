//! The browser of a request, from its User-Agent: name and major version, nothing else. Kept in memory
//! only, as one of the things loads can differ in.

use std::sync::Arc;

/// Token and name; the special before those they pretend to be.
const BROWSERS: [(&str, &str); 10] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox on iOS"),
    ("CriOS/", "Chrome on iOS"),
    ("Firefox/", "Firefox"),
    ("HeadlessChrome/", "Chrome, headless"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
];

pub(super) fn browser(user_agent: &str) -> Option<Arc<str>> {
    let (rest, name) = BROWSERS.iter().find_map(|(token, name)| {
        let (_, rest) = user_agent.split_once(token)?;
        Some((rest, *name))
    })?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).take(4).count();
    match rest.get(..digits) {
        Some(major) if !major.is_empty() => Some(format!("{name} {major}").into()),
        Some(_) | None => Some(name.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_apart_though_all_of_them_pretend() {
        let blink = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36";
        let edge = format!("{blink} Edg/129.0.1.2");
        for (told, named) in [
            (blink, Some("Chrome 130")),
            (edge.as_str(), Some("Edge 129")),
            (
                "Mozilla/5.0 (X11; rv:131.0) Gecko/20100101 Firefox/131.0",
                Some("Firefox 131"),
            ),
            (
                "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
                Some("Safari 18"),
            ),
            ("curl/8.0", None),
            ("Chrome/", Some("Chrome")),
        ] {
            assert_eq!(browser(told).as_deref(), named, "{told}");
        }
    }
}

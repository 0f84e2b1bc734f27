//! From a path to a file of the build, the way static servers with history fallback do it: what does not
//! exist is `index.html`, except under `/sightline/`, whose unhashed names are either there or not.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Files the probe's plug-in ships with the bundle.
const PROBE_FOLDER: &str = "/sightline/";

/// What stands behind a path.
#[derive(Debug)]
pub(super) enum Found {
    /// `index.html`, asked for or fallen back to.
    Document(String),
    Script(String),
    Other {
        content_type: &'static str,
        body: Vec<u8>,
    },
    Absent,
    /// The build itself is not there.
    Unreadable(io::Error),
}

pub(super) async fn find(build: &Path, path: &str) -> Found {
    match read(build, path).await {
        Some(found) => found,
        None if path.starts_with(PROBE_FOLDER) => Found::Absent,
        None => match tokio::fs::read_to_string(build.join("index.html")).await {
            Ok(html) => Found::Document(html),
            Err(error) => Found::Unreadable(error),
        },
    }
}

/// `None` when no file has this path.
async fn read(build: &Path, path: &str) -> Option<Found> {
    let file = file_of(build, path)?;
    let body = match tokio::fs::read(&file).await {
        Ok(body) => body,
        Err(error) if is_missing(&error) => return None,
        Err(error) => return Some(Found::Unreadable(error)),
    };
    let found = match file.extension().and_then(|extension| extension.to_str()) {
        Some("js") => match String::from_utf8(body) {
            Ok(js) => Found::Script(js),
            Err(error) => Found::Unreadable(io::Error::new(ErrorKind::InvalidData, error)),
        },
        Some("wasm") => Found::Other {
            content_type: "application/wasm",
            body,
        },
        Some("css") => Found::Other {
            content_type: "text/css",
            body,
        },
        Some("json" | "map") => Found::Other {
            content_type: "application/json",
            body,
        },
        Some("svg") => Found::Other {
            content_type: "image/svg+xml",
            body,
        },
        _ => Found::Other {
            content_type: "application/octet-stream",
            body,
        },
    };
    Some(found)
}

/// The file's place, never outside the build; `None` for `index.html` itself, which the fallback serves.
fn file_of(build: &Path, path: &str) -> Option<PathBuf> {
    let segments: Vec<&str> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    let plain = |segment: &&str| !segment.starts_with('.') && !segment.contains(['%', '\\']);
    match segments.as_slice() {
        [] | ["index.html"] => None,
        segments if segments.iter().all(plain) => {
            Some(segments.iter().fold(build.to_owned(), |at, s| at.join(s)))
        }
        _ => None,
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::IsADirectory | ErrorKind::NotADirectory
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::file_of;

    #[test]
    fn no_path_leaves_the_build() {
        let build = Path::new("dist");
        for path in [
            "/../secret",
            "/assets/../../secret",
            "/%2e%2e/secret",
            "/.git/config",
            "/a\\..\\b",
        ] {
            assert_eq!(file_of(build, path), None, "{path}");
        }
        assert_eq!(
            file_of(build, "/assets/a.js"),
            Some(build.join("assets").join("a.js"))
        );
    }
}

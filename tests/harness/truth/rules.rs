//! What the truth knows about Movie Guru: its own copy of the definitions, never the probe's configuration.

use std::time::Duration;

/// A backend call of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `POST /login`
    Login,
    /// `GET /history`
    History,
    /// `GET /startup`
    Startup,
    /// `POST /chat`
    Chat,
    /// `POST /preferences`
    SavePreferences,
    /// `GET /logout`
    Logout,
}

impl Call {
    /// The call that a method and a path name, whichever server they were sent to.
    #[must_use]
    pub fn of(method: &str, path: &str) -> Option<Self> {
        // A build without a backend URL calls `undefined/login` on the page's own origin.
        let last = path.rsplit('/').next().unwrap_or_default();
        match (method, last) {
            ("POST", "login") => Some(Self::Login),
            ("GET", "history") => Some(Self::History),
            ("GET", "startup") => Some(Self::Startup),
            ("POST", "chat") => Some(Self::Chat),
            ("POST", "preferences") => Some(Self::SavePreferences),
            ("GET", "logout") => Some(Self::Logout),
            _ => None,
        }
    }

    /// Method and path as the backend logs them.
    #[must_use]
    pub fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::Login => ("POST", "/login"),
            Self::History => ("GET", "/history"),
            Self::Startup => ("GET", "/startup"),
            Self::Chat => ("POST", "/chat"),
            Self::SavePreferences => ("POST", "/preferences"),
            Self::Logout => ("GET", "/logout"),
        }
    }

    /// Whether the application reads JSON from the answer, so that HTML is as bad as none.
    #[must_use]
    pub fn wants_json(self) -> bool {
        self != Self::Logout
    }
}

/// The definitions of an application, by which a document is judged.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The element the application is mounted in.
    pub mount: String,
    /// Path of a route and the selector that makes it ready.
    pub ready: Vec<(String, String)>,
    /// Paths of scripts that are not the application's: their failure is no failure of the page.
    pub not_ours: Vec<String>,
    /// How long a journey may take before it counts as hung.
    pub limit: Duration,
    /// The expression that yields the document's opaque label, or null.
    pub label: String,
}

impl Rules {
    /// Movie Guru, as DESIGN.md section 3 judges it.
    #[must_use]
    pub fn movie_guru(label: &str) -> Self {
        let ready = [
            ("/", ".chat-box"),
            ("/login", ".login-form"),
            ("/about", ".about"),
        ];
        Self {
            mount: "#app".to_owned(),
            ready: ready
                .map(|(path, selector)| (path.to_owned(), selector.to_owned()))
                .to_vec(),
            not_ours: vec!["/sightline".to_owned(), "/probe/".to_owned()],
            limit: Duration::from_secs(30),
            label: label.to_owned(),
        }
    }

    /// The threshold beyond which an abandoned attempt counts as bad.
    #[must_use]
    pub fn threshold(journey: &str) -> Duration {
        match journey {
            "access_app" => Duration::from_secs(3),
            "chat" => Duration::from_secs(5),
            _ => Duration::from_secs(1),
        }
    }
}

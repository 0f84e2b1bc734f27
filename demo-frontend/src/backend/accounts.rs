//! What the backend knows of its users: session, conversation and preferences, in memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::User;

/// A conversation's oldest lines go beyond this many.
const HISTORY_LIMIT: usize = 40;

/// All users ever seen. Preferences outlive a session, as in the real server's database.
#[derive(Default)]
pub(super) struct Accounts {
    by_name: Mutex<HashMap<String, Account>>,
}

#[derive(Clone, Debug)]
pub(super) struct Account {
    signed_in: bool,
    pub(super) preferences: Preferences,
    pub(super) history: Vec<Line>,
}

/// One line of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Line {
    role: Role,
    content: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Role {
    User,
    Agent,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Preferences {
    pub(super) likes: Tastes,
    pub(super) dislikes: Tastes,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Tastes {
    pub(super) actors: Vec<String>,
    pub(super) directors: Vec<String>,
    pub(super) genres: Vec<String>,
    pub(super) others: Vec<String>,
}

impl Accounts {
    /// Opens a session; a user never seen before gets some tastes to delete.
    pub(super) fn sign_in(&self, User(name): &User) {
        let mut by_name = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        by_name
            .entry(name.clone())
            .or_insert_with(Account::new)
            .signed_in = true;
    }

    /// Ends the session, and the conversation with it.
    pub(super) fn sign_out(&self, user: &User) {
        self.change(user, |account| {
            account.signed_in = false;
            account.history.clear();
        });
    }

    /// The account as it is now; `None` without a session.
    pub(super) fn snapshot(&self, User(name): &User) -> Option<Account> {
        let by_name = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        by_name
            .get(name)
            .filter(|account| account.signed_in)
            .cloned()
    }

    /// Does nothing without a session.
    pub(super) fn change(&self, User(name): &User, change: impl FnOnce(&mut Account)) {
        let mut by_name = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(account) = by_name.get_mut(name).filter(|account| account.signed_in) {
            change(account);
        }
    }
}

impl Account {
    fn new() -> Self {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let likes = Tastes {
            actors: list(&["Frances McDormand", "Denzel Washington"]),
            directors: list(&["Hayao Miyazaki"]),
            genres: list(&["Thriller", "Science fiction"]),
            others: list(&["Long takes"]),
        };
        let dislikes = Tastes {
            genres: list(&["Slapstick"]),
            ..Tastes::default()
        };
        Self {
            signed_in: false,
            preferences: Preferences { likes, dislikes },
            history: Vec::new(),
        }
    }

    /// Adds a message and its answer to the conversation.
    pub(super) fn remember(&mut self, message: &str, answer: &str) {
        self.history.push(Line {
            role: Role::User,
            content: message.to_owned(),
        });
        self.history.push(Line {
            role: Role::Agent,
            content: answer.to_owned(),
        });
        let over = self.history.len().saturating_sub(HISTORY_LIMIT);
        self.history.drain(..over);
    }
}

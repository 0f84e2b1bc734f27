//! The early hook's object: its queue of tuples enters, plain entries leave. The meaning of each
//! tuple is in the heads of `js/early.js` and `js/vitals.js`.

use super::{dom, get, number, text};
use crate::Millis;
use crate::config::{JourneyRule, JourneyStart};
use crate::request::How;
use crate::vitals::PageStart;
use wasm_bindgen::{JsCast, JsValue};

/// What the hook noted.
#[derive(Debug)]
pub(crate) enum Entry {
    Sent {
        id: u32,
        at: Millis,
        method: String,
        url: String,
    },
    Ended {
        id: u32,
        at: Millis,
        how: How,
        status: u16,
        content_type: String,
    },
    /// The field that [`super::read_field`] was asked for: `Some(None)` when the body has none, `None`
    /// when it could not be read.
    Field {
        id: u32,
        at: Millis,
        value: Option<Option<String>>,
    },
    /// The check of an origin that gave no answer to a call: whether a server answered.
    Checked {
        id: u32,
        answered: bool,
    },
    /// The page read the body of a fetch answer.
    Read {
        id: u32,
        at: Millis,
    },
    ScriptFailed {
        at: Millis,
        url: String,
    },
    ChunkFailed {
        at: Millis,
        message: String,
    },
    Uncaught {
        at: Millis,
        message: String,
        source: String,
    },
    Rejected {
        at: Millis,
        message: String,
    },
    Violation {
        at: Millis,
        directive: String,
        url: String,
    },
    /// A click, and the journeys it may start.
    Click {
        at: Millis,
        starts: Vec<usize>,
    },
    /// The page is shown.
    Activated(PageStart),
    /// The user clicked or pressed a key.
    Input,
    FirstPaint {
        at: Millis,
    },
    LargestPaint {
        at: Millis,
    },
    Shift {
        at: Millis,
        score: f64,
    },
    /// An event of an interaction.
    Interaction {
        id: f64,
        duration: Millis,
    },
    /// The page is being hidden, after so many interactions.
    Leaving {
        interactions: u32,
        shifts: bool,
    },
    /// A restored page was painted.
    RestorePainted {
        after: Millis,
        largest: bool,
    },
}

/// The early hook.
pub(crate) struct Hook {
    object: JsValue,
    queue: js_sys::Array,
    /// What holds the answers of calls that ended since the last drain.
    bodies: Vec<(u32, JsValue)>,
}

impl Hook {
    pub(crate) fn new(object: JsValue) -> Self {
        let queue = get(&object, "queue").unchecked_into();
        Self {
            object,
            queue,
            bodies: Vec::new(),
        }
    }

    pub(crate) fn number(&self, key: &str) -> f64 {
        number(&self.object, key)
    }

    pub(crate) fn text(&self, key: &str) -> String {
        text(&self.object, key)
    }

    /// Writes a number back, so that the hook's numbering goes on where ours ends.
    pub(crate) fn set(&self, key: &str, value: u32) {
        // A frozen object would be the host's doing; numbering then goes on here alone.
        let _ = js_sys::Reflect::set(&self.object, &JsValue::from_str(key), &JsValue::from(value));
    }

    /// Calls a method without arguments.
    pub(crate) fn call(&self, method: &str) -> JsValue {
        get(&self.object, method)
            .dyn_into::<js_sys::Function>()
            .ok()
            .and_then(|function| function.call0(&self.object).ok())
            .unwrap_or(JsValue::UNDEFINED)
    }

    /// Takes what was noted since the last time.
    pub(crate) fn drain(&mut self, journeys: &[JourneyRule]) -> Vec<Entry> {
        self.bodies.clear();
        let mut entries = Vec::new();
        for tuple in self.queue.to_vec() {
            entries.extend(self.read(tuple.unchecked_ref(), journeys));
        }
        self.queue.set_length(0);
        entries
    }

    /// What holds the body of a call that ended in the last drain.
    pub(crate) fn body(&self, id: u32) -> Option<JsValue> {
        self.bodies
            .iter()
            .rev()
            .find(|body| body.0 == id)
            .map(|body| body.1.clone())
    }

    fn read(&mut self, tuple: &js_sys::Array, journeys: &[JourneyRule]) -> Option<Entry> {
        let word = |index| tuple.get(index).as_string().unwrap_or_default();
        let figure = |index| tuple.get(index).as_f64().unwrap_or_default();
        let at = figure(1);
        // Event numbers and statuses are small whole numbers; `as` saturates.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let id = figure(2) as u32;
        let entry = match word(0).as_str() {
            "r" => Entry::Sent {
                id,
                at,
                method: word(3),
                url: word(4),
            },
            "e" => {
                let source = tuple.get(6);
                if source.is_object() {
                    self.bodies.push((id, get(&source, "response")));
                }
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                let status = figure(4) as u16;
                let content_type = word(5).to_ascii_lowercase();
                Entry::Ended {
                    id,
                    at,
                    how: How::parse(&word(3)),
                    status,
                    content_type,
                }
            }
            "b" => {
                self.bodies.push((id, tuple.get(3)));
                Entry::Read { id, at }
            }
            "d" => {
                let value = tuple.get(3);
                let value = (!value.is_undefined()).then(|| value.as_string());
                Entry::Field { id, at, value }
            }
            "k" => Entry::Checked {
                id,
                answered: tuple.get(3).is_truthy(),
            },
            "s" => Entry::ScriptFailed { at, url: word(2) },
            "p" => Entry::ChunkFailed {
                at,
                message: word(2),
            },
            "x" => Entry::Uncaught {
                at,
                message: word(2),
                source: word(3),
            },
            "j" => Entry::Rejected {
                at,
                message: word(2),
            },
            "v" => Entry::Violation {
                at,
                directive: word(2),
                url: word(3),
            },
            "c" => Entry::Click {
                at,
                starts: started_by(&tuple.get(2), journeys),
            },
            "a" => Entry::Activated(PageStart {
                activated_at: at,
                first_hidden: Some(figure(2)).filter(|hidden| *hidden >= 0.0),
            }),
            "i" => Entry::Input,
            "f" => Entry::FirstPaint { at },
            "l" => Entry::LargestPaint { at },
            "m" => Entry::Shift {
                at,
                score: figure(2),
            },
            "n" => Entry::Interaction {
                id: figure(2),
                duration: figure(3),
            },
            "t" => Entry::Leaving {
                interactions: id,
                shifts: tuple.get(3).is_truthy(),
            },
            "w" => Entry::RestorePainted {
                after: figure(2),
                largest: tuple.get(3).is_truthy(),
            },
            _ => return None,
        };
        Some(entry)
    }
}

fn started_by(element: &JsValue, journeys: &[JourneyRule]) -> Vec<usize> {
    let starts = |rule: &JourneyRule| {
        rule.starts.iter().any(|start| match start {
            JourneyStart::Click(selector) => dom::is_within(element, selector),
            JourneyStart::Load(_) | JourneyStart::Request(_) => false,
        })
    };
    journeys
        .iter()
        .enumerate()
        .filter(|(_, rule)| starts(rule))
        .map(|(index, _)| index)
        .collect()
}

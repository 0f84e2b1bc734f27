//! The order of admission. What can be told from the headers is told before a byte of the body is
//! read: the door first gives an [`Entrant`], and only for an entrant does it look at bytes.

use super::accepted::{AcceptedBeacon, AcceptedEvent};
use super::keys::{Keys, KnownApp};
use super::rate::{ClientNetwork, Rates};
use super::{Refused, RefusedEvent, Rejection, Verdict, scrub, validate};
use crate::config::{AppConfig, IngestConfig};
use std::sync::Arc;

/// What the headers of a request tell.
#[derive(Clone, Copy, Debug, Default)]
pub struct Knock<'a> {
    /// From the path.
    pub key: &'a str,
    /// The Origin header.
    pub origin: Option<&'a str>,
    /// Bytes of all headers.
    pub header_bytes: usize,
    /// The Content-Length header.
    pub content_length: Option<u64>,
    /// Whether there is a Content-Encoding header other than `identity`.
    pub encoded: bool,
    /// Where the sender is, as far as rates are concerned.
    pub client: Option<ClientNetwork>,
}

/// A sender whose body is worth reading.
#[derive(Clone, Debug)]
pub struct Entrant(Arc<KnownApp>);

/// Where every beacon comes in.
#[derive(Debug)]
pub struct Door {
    limits: IngestConfig,
    keys: Keys,
    rates: Rates,
}

impl Door {
    /// A door for these applications.
    pub fn new(limits: &IngestConfig, apps: &[AppConfig]) -> Self {
        Self {
            limits: limits.clone(),
            keys: Keys::new(apps),
            rates: Rates::new(limits, apps),
        }
    }

    /// A door for a new configuration that remembers what was spent at this one.
    pub fn renewed(&self, limits: &IngestConfig, apps: &[AppConfig]) -> Self {
        Self {
            limits: limits.clone(),
            keys: Keys::new(apps),
            rates: self.rates.renewed(limits, apps),
        }
    }

    /// Bytes of a body at most.
    pub fn body_bytes(&self) -> usize {
        self.limits.body_bytes
    }

    /// Size, key, origin, rate: all that the headers can tell.
    ///
    /// # Errors
    /// The first of them that refuses.
    pub fn open(&self, knock: &Knock<'_>, now_ms: u64) -> Result<Entrant, Refused> {
        if knock.header_bytes > self.limits.header_bytes {
            return Err(Rejection::HeadersTooLarge.into());
        }
        if knock.encoded {
            return Err(Rejection::EncodingRefused.into());
        }
        let declared = knock.content_length.unwrap_or(0);
        if usize::try_from(declared).map_or(true, |bytes| bytes > self.limits.body_bytes) {
            return Err(Rejection::BodyTooLarge.into());
        }
        let app = self.keys.find(knock.key, now_ms)?;
        if !app.admits(knock.origin) {
            return Err(Rejection::WrongOrigin.into());
        }
        self.rates
            .take(&app.name, knock.key, knock.client, now_ms)
            .map_err(|refused| Refused::for_now(refused.rejection, refused.wait_ms))?;
        Ok(Entrant(Arc::clone(app)))
    }

    /// Decode, scrub, validate. Tells the verdict how many events there were.
    ///
    /// # Errors
    /// Why nothing of the beacon is taken.
    pub fn admit(
        &self,
        entrant: &Entrant,
        bytes: &[u8],
        received_at_ms: u64,
        verdict: &mut Verdict,
    ) -> Result<AcceptedBeacon, Refused> {
        let app = &entrant.0;
        let decoded = beacon::decode(bytes).map_err(|error| refusal_of(&error))?;
        verdict.events_received(decoded.events.len());
        let mut head = decoded.head;
        scrub::head(&mut head);
        validate::head(&head)?;
        let mut events = Vec::with_capacity(decoded.events.len());
        let mut refused = Vec::new();
        for (index, event) in decoded.events.into_iter().enumerate() {
            let checked = event.map_err(Into::into).and_then(|mut event| {
                scrub::event(&mut event);
                validate::event(&event, head.sent_at_ms, &app.journeys)?;
                Ok(event)
            });
            match checked {
                Ok(event) => {
                    let age_ms = head.sent_at_ms.saturating_sub(event.at_ms);
                    let event_ms = received_at_ms.saturating_sub(age_ms);
                    events.push(AcceptedEvent { event, event_ms });
                }
                Err(reason) => refused.push(RefusedEvent { index, reason }),
            }
        }
        if events.is_empty() && !refused.is_empty() {
            return Err(Refused {
                events: refused,
                ..Refused::from(Rejection::AllEventsRefused)
            });
        }
        Ok(AcceptedBeacon::new(
            Arc::clone(&app.name),
            head,
            events,
            refused,
            received_at_ms,
        ))
    }
}

fn refusal_of(error: &beacon::DecodeError) -> Rejection {
    match error {
        beacon::DecodeError::Empty => Rejection::Empty,
        beacon::DecodeError::UnknownVersion(_) => Rejection::UnknownVersion,
        beacon::DecodeError::Malformed => Rejection::Malformed,
        beacon::DecodeError::TooManyEvents => Rejection::TooManyEvents,
    }
}

//! One websocket to the browser: commands go out, answers and events come back in the browser's order.
//! Messages stay raw JSON, because a typed client drops those its schema does not know, and a ground
//! truth must lose none (chromiumoxide 0.9 with Chromium 156 lost five in one small page load).

use anyhow::{Context, Result, anyhow, bail};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// How long a command may stay without an answer. Generous: two cores carry several browsers.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// What hears the events of one session, called in the order in which the browser sent them and before
/// any later answer is handed out.
pub type Listener = Box<dyn FnMut(&str, &Value) + Send>;

/// The connection to one browser process.
pub struct Connection {
    next_id: AtomicU64,
    outgoing: mpsc::UnboundedSender<Message>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    pending: HashMap<u64, oneshot::Sender<Result<Value>>>,
    listeners: HashMap<String, Listener>,
    closed: bool,
}

impl Connection {
    /// Connects to the address a browser printed when it started.
    ///
    /// # Errors
    /// When the browser does not answer there.
    pub async fn open(address: &str) -> Result<Arc<Self>> {
        let limits = WebSocketConfig::default()
            .max_message_size(None)
            .max_frame_size(None);
        let (socket, _) = tokio_tungstenite::connect_async_with_config(address, Some(limits), true)
            .await
            .with_context(|| format!("no browser answers at {address}"))?;
        let (mut sink, mut stream) = socket.split();
        let (outgoing, mut queue) = mpsc::unbounded_channel();
        let connection = Arc::new(Self {
            next_id: AtomicU64::new(1),
            outgoing,
            state: Mutex::default(),
        });
        tokio::spawn(async move {
            while let Some(message) = queue.recv().await {
                if sink.send(message).await.is_err() {
                    break;
                }
            }
        });
        let reader = Arc::clone(&connection);
        tokio::spawn(async move {
            while let Some(Ok(message)) = stream.next().await {
                if let Message::Text(text) = message
                    && let Ok(message) = serde_json::from_str::<Value>(&text)
                {
                    reader.take(&message);
                }
            }
            reader.close();
        });
        Ok(connection)
    }

    /// Sends a command to the browser (`session` none) or to a tab and waits for its answer.
    ///
    /// # Errors
    /// When the browser refuses it, has gone, or stays silent.
    pub async fn call(&self, session: Option<&str>, method: &str, params: Value) -> Result<Value> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let (answer, answered) = oneshot::channel();
        {
            let mut state = self.lock();
            if state.closed {
                bail!("{method}: the browser has gone");
            }
            state.pending.insert(id, answer);
        }
        self.outgoing
            .send(Message::text(message.to_string()))
            .map_err(|_| anyhow!("{method}: the browser has gone"))?;
        match tokio::time::timeout(ANSWER_WITHIN, answered).await {
            Ok(Ok(answer)) => answer.with_context(|| method.to_owned()),
            Ok(Err(_)) => bail!("{method}: the browser has gone"),
            Err(_) => {
                self.lock().pending.remove(&id);
                bail!("{method}: no answer within {ANSWER_WITHIN:?}")
            }
        }
    }

    /// Hears the events of a session until it is removed again.
    pub fn listen(&self, session: &str, listener: Listener) {
        self.lock().listeners.insert(session.to_owned(), listener);
    }

    /// Ends [`Connection::listen`].
    pub fn stop_listening(&self, session: &str) {
        self.lock().listeners.remove(session);
    }

    fn take(&self, message: &Value) {
        let mut state = self.lock();
        if let Some(id) = message["id"].as_u64() {
            if let Some(answer) = state.pending.remove(&id) {
                let result = match message.get("error") {
                    None => Ok(message["result"].clone()),
                    Some(error) => Err(anyhow!("{}", error["message"].as_str().unwrap_or("?"))),
                };
                // Nobody waiting any more is no fault: the caller gave up.
                let _ = answer.send(result);
            }
            return;
        }
        let session = message["sessionId"].as_str().unwrap_or_default();
        if let (Some(listener), Some(method)) =
            (state.listeners.get_mut(session), message["method"].as_str())
        {
            listener(method, &message["params"]);
        }
    }

    fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.pending.clear();
        state.listeners.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

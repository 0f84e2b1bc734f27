//! An open-loop HTTP/1.1 client on one thread: what is due is sent when it is due or waits for a free
//! connection, and its latency counts from when it was due. So a server that stalls is seen to stall
//! (coordinated omission). One request at a time on a connection, as browsers have one each.

use crate::visits::{BeaconId, Crowd};
use anyhow::{Context, Result, bail};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::collections::{HashMap, VecDeque};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Fewer than any system lets wait to be taken.
const ACCEPT_QUEUE: usize = 100;

/// How fast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pace {
    /// One after the other on every connection, as fast as answers come.
    Saturating,
    /// So many a second, evenly.
    PerSecond(f64),
}

/// What was sent, and what came of it.
#[derive(Debug, Default)]
pub(crate) struct Run {
    pub(crate) elapsed: Duration,
    /// 2xx.
    pub(crate) taken: u64,
    /// 429 and 503.
    pub(crate) refused: u64,
    /// Anything else.
    pub(crate) strange: u64,
    pub(crate) body_bytes: u64,
    /// From when it was due to the answer, microseconds, of the taken ones.
    pub(crate) latencies_micros: Vec<u32>,
    /// The same of the refused ones, from when they were sent.
    pub(crate) refusals_micros: Vec<u32>,
    /// Most that were due and had no free connection.
    pub(crate) backlog: usize,
}

/// The server closed a connection.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the server closed a connection")
    }
}

impl std::error::Error for Cut {}

struct Connection {
    stream: TcpStream,
    /// Empty when nothing is under way.
    flight: Option<Flight>,
    answer: Vec<u8>,
    unsent: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Flight {
    due: Instant,
    sent: Instant,
    beacon: BeaconId,
}

/// A set of open connections and the crowd whose beacons they carry.
pub(crate) struct Client {
    to: SocketAddr,
    poll: Poll,
    events: Events,
    connections: Vec<Connection>,
    /// Longest idle first: one that is never used would be closed.
    idle: VecDeque<usize>,
    crowd: Crowd,
    head: Vec<u8>,
    body: Vec<u8>,
    /// Bodies of what is not acknowledged, where they are kept for another try.
    open: Option<HashMap<BeaconId, Vec<u8>>>,
    again: Vec<(BeaconId, Vec<u8>)>,
    resent: u64,
}

/// What a browser sends along with a beacon, the length left open.
fn request_head(to: SocketAddr) -> String {
    format!(
        "POST /v1/beacons/movie-guru-web HTTP/1.1\r\nHost: {to}\r\nConnection: keep-alive\r\n\
         User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
         Chrome/142.0.0.0 Safari/537.36\r\nContent-Type: text/plain;charset=UTF-8\r\nAccept: */*\r\n\
         Origin: http://movieguru.test\r\nReferer: http://movieguru.test/\r\n\
         Accept-Encoding: gzip, deflate\r\nAccept-Language: en-GB,en;q=0.9\r\nContent-Length: "
    )
}

impl Client {
    pub(crate) fn connect(to: SocketAddr, connections: usize, crowd: Crowd) -> Result<Self> {
        let poll = Poll::new()?;
        let mut open = Vec::with_capacity(connections);
        for number in 0..connections {
            // One that the server has not yet taken looks open, and what is sent on it may wait for seconds.
            let answered = number % ACCEPT_QUEUE == 0 || number + 1 == connections;
            if answered {
                wait_for_answer(to)?;
            }
            open.push(Connection {
                stream: opened(to, &poll, number)?,
                flight: None,
                answer: Vec::with_capacity(512),
                unsent: Vec::with_capacity(2048),
            });
        }
        Ok(Self {
            to,
            poll,
            events: Events::with_capacity(1024),
            idle: (0..connections).collect(),
            connections: open,
            crowd,
            head: request_head(to).into_bytes(),
            body: Vec::with_capacity(1024),
            open: None,
            again: Vec::new(),
            resent: 0,
        })
    }

    /// Sends these first, and from now on keeps what is not acknowledged.
    pub(crate) fn resend(&mut self, open: HashMap<BeaconId, Vec<u8>>) {
        self.again = open.iter().map(|(id, body)| (*id, body.clone())).collect();
        self.open = Some(open);
    }

    /// The crowd, what is not acknowledged, and how much was sent again.
    pub(crate) fn into_open(self) -> (Crowd, HashMap<BeaconId, Vec<u8>>, u64) {
        (self.crowd, self.open.unwrap_or_default(), self.resent)
    }

    /// Like [`Self::run`], to the end of the server, which is no failure.
    pub(crate) fn run_until_cut(
        &mut self,
        pace: Pace,
        patience: Duration,
        taken: impl FnMut(BeaconId),
    ) -> Result<()> {
        match self.run(pace, patience, taken) {
            Ok(_) => bail!("the server lives on"),
            Err(error) if error.is::<std::io::Error>() || error.is::<Cut>() => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Sends for `length`, then waits for what is under way. `taken` hears of every 2xx.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a schedule needs no more"
    )]
    pub(crate) fn run(
        &mut self,
        pace: Pace,
        length: Duration,
        mut taken: impl FnMut(BeaconId),
    ) -> Result<Run> {
        let mut run = Run::default();
        // What was closed while nobody looked is opened again first.
        loop {
            self.poll
                .poll(&mut self.events, Some(Duration::from_millis(1)))?;
            let ready: Vec<usize> = self.events.iter().map(|event| event.token().0).collect();
            if ready.is_empty() {
                break;
            }
            for number in ready {
                self.progress(number, &mut Run::default(), false, &mut taken)?;
            }
        }
        let begun = Instant::now();
        let end = begun + length;
        let mut sent = 0u64;
        loop {
            let now = Instant::now();
            if run.elapsed.is_zero() && now >= end {
                run.elapsed = now - begun;
            }
            if now < end {
                while let Some(due) = due(pace, begun, sent, now) {
                    let Some(number) = self.idle.pop_front() else {
                        break;
                    };
                    self.send(number, due, &mut run)?;
                    sent += 1;
                }
                if let Pace::PerSecond(rate) = pace {
                    let all = (now - begun).as_secs_f64() * rate;
                    run.backlog = run.backlog.max((all - sent as f64).max(0.0) as usize);
                }
            } else if self.idle.len() == self.connections.len() {
                break;
            } else if now > end + Duration::from_secs(30) {
                bail!(
                    "no answer within 30 s on {} connections",
                    self.connections.len() - self.idle.len()
                );
            }
            let counted = run.elapsed.is_zero();
            let wait = match pace {
                Pace::PerSecond(_) if counted => Duration::from_millis(1),
                _ => Duration::from_millis(50),
            };
            if let Err(error) = self.poll.poll(&mut self.events, Some(wait))
                && error.kind() != ErrorKind::Interrupted
            {
                return Err(error.into());
            }
            let ready: Vec<usize> = self.events.iter().map(|event| event.token().0).collect();
            for number in ready {
                self.progress(number, &mut run, counted, &mut taken)?;
            }
        }
        Ok(run)
    }

    fn send(&mut self, number: usize, due: Instant, run: &mut Run) -> Result<()> {
        let beacon = match self.again.pop() {
            Some((beacon, body)) => {
                self.body = body;
                self.resent += 1;
                beacon
            }
            None => self.crowd.next(&mut self.body),
        };
        if let Some(open) = &mut self.open {
            open.insert(beacon, self.body.clone());
        }
        run.body_bytes += self.body.len() as u64;
        let connection = &mut self.connections[number];
        let request = &mut connection.unsent;
        request.clear();
        request.extend_from_slice(&self.head);
        request.extend_from_slice(self.body.len().to_string().as_bytes());
        request.extend_from_slice(b"\r\n\r\n");
        request.extend_from_slice(&self.body);
        connection.flight = Some(Flight {
            due,
            sent: Instant::now(),
            beacon,
        });
        // A request is far smaller than a socket's buffer that holds nothing else.
        connection
            .stream
            .write_all(request)
            .context("a request could not be sent whole")
    }

    /// Idle for longer than the server waits, a connection is closed; as browsers do, another is opened.
    /// What was on its way just then is strange, and where the server's end is waited for, its end.
    fn reopen(&mut self, number: usize, run: &mut Run) -> Result<()> {
        let connection = &mut self.connections[number];
        let was_busy = connection.flight.take().is_some();
        if was_busy && self.open.is_some() {
            return Err(Cut.into());
        }
        connection.answer.clear();
        connection.stream = opened(self.to, &self.poll, number).map_err(|_| Cut)?;
        if was_busy {
            run.strange += 1;
            self.idle.push_back(number);
        }
        Ok(())
    }

    fn progress(
        &mut self,
        number: usize,
        run: &mut Run,
        counted: bool,
        taken: &mut impl FnMut(BeaconId),
    ) -> Result<()> {
        let connection = &mut self.connections[number];
        let mut buffer = [0; 4096];
        loop {
            match connection.stream.read(&mut buffer) {
                Ok(0) => return self.reopen(number, run),
                Ok(read) => connection.answer.extend_from_slice(&buffer[..read]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                    return self.reopen(number, run);
                }
                Err(error) => return Err(error.into()),
            }
            let Some(status) = whole_answer(&connection.answer)? else {
                continue;
            };
            connection.answer.clear();
            let flight = connection.flight.take().context("an answer to nothing")?;
            self.idle.push_back(number);
            if (200..300).contains(&status) {
                if let Some(open) = &mut self.open {
                    open.remove(&flight.beacon);
                }
                taken(flight.beacon);
            }
            if counted {
                run.note(status, flight);
            }
            return Ok(());
        }
    }
}

/// Connections are taken in their order: when this one is answered, those before it have been taken.
fn wait_for_answer(to: SocketAddr) -> Result<()> {
    let mut stream = std::net::TcpStream::connect(to).with_context(|| format!("no way to {to}"))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: load\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream
        .read_to_end(&mut answer)
        .context("the server takes no connection")?;
    Ok(())
}

fn opened(to: SocketAddr, poll: &Poll, number: usize) -> Result<TcpStream> {
    let stream = std::net::TcpStream::connect(to).with_context(|| format!("no way to {to}"))?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    let mut stream = TcpStream::from_std(stream);
    poll.registry()
        .register(&mut stream, Token(number), Interest::READABLE)?;
    Ok(stream)
}

/// When the next one is due, if that is not in the future.
#[expect(clippy::cast_precision_loss, reason = "a schedule needs no more")]
fn due(pace: Pace, begun: Instant, sent: u64, now: Instant) -> Option<Instant> {
    match pace {
        Pace::Saturating => Some(now),
        Pace::PerSecond(rate) => {
            let due = begun + Duration::from_secs_f64(sent as f64 / rate);
            (due <= now).then_some(due)
        }
    }
}

impl Run {
    fn note(&mut self, status: u16, flight: Flight) {
        let micros =
            |since: Instant| u32::try_from(since.elapsed().as_micros()).unwrap_or(u32::MAX);
        match status {
            200..300 => {
                self.taken += 1;
                self.latencies_micros.push(micros(flight.due));
            }
            429 | 503 => {
                self.refused += 1;
                self.refusals_micros.push(micros(flight.sent));
            }
            _ => self.strange += 1,
        }
    }

    pub(crate) fn per_second(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a rate needs no more")]
        let taken = self.taken as f64;
        taken / self.elapsed.as_secs_f64()
    }
}

/// The value below which so many thousandths of the values are, in milliseconds.
pub(crate) fn percentile_ms(micros: &mut [u32], thousandths: usize) -> f64 {
    if micros.is_empty() {
        return 0.0;
    }
    micros.sort_unstable();
    let at = (micros.len() * thousandths / 1000).min(micros.len() - 1);
    f64::from(micros[at]) / 1000.0
}

/// The status, once head and body are there.
fn whole_answer(bytes: &[u8]) -> Result<Option<u16>> {
    let Some(head_end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&bytes[..head_end]).context("an answer's head is no text")?;
    let status: u16 = head
        .get(9..12)
        .and_then(|text| text.parse().ok())
        .context("no status")?;
    let mut body_bytes = 0;
    if status != 204 {
        for line in head.split("\r\n").skip(1) {
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                body_bytes = value.trim().parse().context("content-length")?;
            }
        }
    }
    Ok((bytes.len() >= head_end + 4 + body_bytes).then_some(status))
}

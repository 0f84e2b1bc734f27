//! Several visitors at once, each one visit after another, until told to stop.
//! Orderly ones share a browser and close their tabs; killed ones have a browser of their own each.

use crate::options::Options;
use anyhow::{Context, Result};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tests::cdp::{Browser, NameMap, Tab};
use tests::draw::Draw;
use tests::stage::{SITE, names};
use tests::stroll::stroll;
use tests::truth::Rules;
use tests::visit::{Arrival, VisitRecord, Visitor};
use tokio::task::{JoinHandle, spawn_local};

/// Longer than any visit that does what it should.
const VISIT_WITHIN: Duration = Duration::from_secs(240);
/// Contexts of closed tabs stay a while, so that what a page sent at its end is surely on its way.
const CONTEXTS_KEPT: usize = 8;

pub(crate) struct Crowd {
    count: u64,
    limit: u64,
    seed: u64,
    run: u64,
    kill: bool,
    map: NameMap,
    rules: Rules,
    stopped: AtomicBool,
    next: AtomicU64,
    ended: AtomicU64,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    records: Vec<VisitRecord>,
    trouble: Vec<String>,
    closed: VecDeque<Tab>,
}

impl Crowd {
    pub(crate) fn new(options: &Options, rules: &Rules, run: u64) -> Self {
        Self {
            count: options.visitors,
            limit: options.visits.unwrap_or(u64::MAX),
            seed: options.seed,
            run,
            kill: options.kill_browsers,
            map: names(&options.site, &options.backend, &options.collector_public),
            rules: rules.clone(),
            stopped: AtomicBool::new(false),
            next: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            kept: Mutex::default(),
        }
    }

    /// Begins to visit; the handle ends after [`Crowd::stop`] or the last visit asked for, when all
    /// have left.
    /// Needs a `LocalSet` around it.
    pub(crate) async fn start(self: Arc<Self>) -> Result<JoinHandle<()>> {
        let shared = match (self.count, self.kill) {
            (0, _) | (_, true) => None,
            _ => Some(Arc::new(Browser::start(&self.map).await?)),
        };
        let visitors: Vec<JoinHandle<()>> = (0..self.count)
            .map(|_| spawn_local(Arc::clone(&self).keep_visiting(shared.clone())))
            .collect();
        Ok(spawn_local(async move {
            for visitor in visitors {
                if let Err(error) = visitor.await {
                    self.lock()
                        .trouble
                        .push(format!("a visitor's task broke: {error}"));
                }
            }
            if let Some(browser) = shared.and_then(Arc::into_inner)
                && let Err(error) = browser.close().await
            {
                self.lock().trouble.push(format!("{error:#}"));
            }
        }))
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub(crate) fn visits(&self) -> u64 {
        self.ended.load(Ordering::Relaxed)
    }

    pub(crate) fn take_records(&self) -> (Vec<VisitRecord>, Vec<String>) {
        let mut kept = self.lock();
        (
            std::mem::take(&mut kept.records),
            std::mem::take(&mut kept.trouble),
        )
    }

    async fn keep_visiting(self: Arc<Self>, shared: Option<Arc<Browser>>) {
        let mut failures_in_a_row = 0;
        while !self.stopped.load(Ordering::Relaxed) && failures_in_a_row < 3 {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.limit {
                return;
            }
            // Neighbouring seeds must not give neighbouring visits.
            let mut draw = Draw::seeded(self.seed.wrapping_mul(1_000_003).wrapping_add(number));
            let visit = async {
                match &shared {
                    Some(browser) => self.orderly_visit(browser, number, &mut draw).await,
                    None => self.killed_visit(number, &mut draw).await,
                }
            };
            match visit.await {
                Ok(()) => failures_in_a_row = 0,
                Err(error) => {
                    failures_in_a_row += 1;
                    self.lock()
                        .trouble
                        .push(format!("visit {number}: {error:#}"));
                }
            }
            self.ended.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn orderly_visit(&self, browser: &Browser, number: u64, draw: &mut Draw) -> Result<()> {
        let visitor = self.visitor(browser, number).await?;
        let strolled = tokio::time::timeout(VISIT_WITHIN, stroll(&visitor, draw)).await;
        let strolled = strolled.unwrap_or_else(|_| Err(anyhow::anyhow!("it never ended")));
        let (record, tab) = visitor.close().await?;
        let old = {
            let mut kept = self.lock();
            kept.records.push(record);
            kept.closed.push_back(tab);
            if kept.closed.len() > CONTEXTS_KEPT {
                kept.closed.pop_front()
            } else {
                None
            }
        };
        if let Some(old) = old {
            old.dispose_context().await?;
        }
        strolled
    }

    /// A visit cut short at any moment: some lose the page in the middle of a chat and come back to
    /// it, all lose the browser.
    async fn killed_visit(&self, number: u64, draw: &mut Draw) -> Result<()> {
        let browser = Browser::start(&self.map).await?;
        let visitor = self.visitor(&browser, number).await?;
        let until_kill = Duration::from_millis(500 + draw.below(9000));
        if draw.happens(50) {
            let lost = tokio::time::timeout(VISIT_WITHIN, lose_a_page(&visitor)).await;
            lost.context("the crashed page did not come back")??;
        }
        // Whatever the visitor is doing then, it ends there.
        let _ = tokio::time::timeout(until_kill, stroll(&visitor, draw)).await;
        let record = visitor.killed();
        browser.kill().await?;
        self.lock().records.push(record);
        Ok(())
    }

    async fn visitor(&self, browser: &Browser, number: u64) -> Result<Visitor> {
        let name = format!("visitor-{}-{number}", self.run);
        Visitor::enter(browser, SITE, &name, &self.rules).await
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn lose_a_page(visitor: &Visitor) -> Result<()> {
    let arrived = visitor.open("/").await?;
    if matches!(arrived, Arrival::Ready(_)) && visitor.sign_in().await? {
        visitor.send_message("Are you still there?").await?;
        visitor.tab().rest().await?;
    }
    visitor.crash_and_reload().await.map(drop)
}

//! The demo as one thing: started with its settings, asked for its addresses, stopped in good order.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, bail};
use prometheus_client::registry::Registry;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admin::{self, Controls};
use crate::backend::{self, Backend};
use crate::balancer::{self, Balancer, Pick};
use crate::listen::{self, AfterAnswer};
use crate::pods::{self, LoopbackUrls, MixedLoads, Pod, PodRecords, mixed_loads};
use crate::{Settings, crowd};

/// Ports people find the demo on when they are free.
const SITE_PORT: u16 = 8080;
const BACKEND_PORT: u16 = 8081;
const ADMIN_PORT: u16 = 8082;

/// Longer than the backend's usual answers; what still hangs then is cut.
const PATIENCE_AT_STOP: Duration = Duration::from_secs(2);

/// A running demo. Dropping it without [`Demo::stop`] cuts its connections.
#[must_use = "a demo stops when it is dropped"]
pub struct Demo {
    addresses: Addresses,
    records: Arc<PodRecords>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// Where the demo is, as URLs without a final slash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Addresses {
    pub site: String,
    pub backend: String,
    pub admin: String,
}

impl Demo {
    /// Binds every listener, then starts everything behind them.
    pub async fn start(settings: Settings) -> anyhow::Result<Self> {
        let Some(first_pod) = settings.pods.first() else {
            bail!("no pods: at least one is needed")
        };
        let good_release = first_pod.release.clone();
        let pick = Pick::parse(&settings.pick, settings.pods.len()).context("--pick")?;
        let site = listen::bind(settings.site_port, SITE_PORT)
            .await
            .context("--site-port")?;
        let api = listen::bind(settings.backend_port, BACKEND_PORT)
            .await
            .context("--backend-port")?;
        let control = listen::bind(settings.admin_port, ADMIN_PORT)
            .await
            .context("--admin-port")?;
        let addresses = Addresses {
            site: url(&site)?,
            backend: url(&api)?,
            admin: url(&control)?,
        };

        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let records = Arc::new(PodRecords::new());
        let urls = Arc::new(LoopbackUrls {
            backend: addresses.backend.clone(),
            collector: settings.collector.clone(),
        });
        let mut targets = Vec::new();
        for pod in &settings.pods {
            let build = settings.dist.join(settings.builds.folder(&pod.release));
            check_build(&build)?;
            let (listener, address) = listen_anywhere().await?;
            let pod = Arc::new(Pod {
                name: pod.name.clone(),
                release: pod.release.clone(),
                build,
            });
            let router = pods::router(Arc::clone(&pod), Arc::clone(&urls), Arc::clone(&records));
            tasks.spawn(listen::serve(
                listener,
                router,
                AfterAnswer::Close,
                stop.clone(),
            ));
            targets.push((pod, address));
        }
        let balancer = Arc::new(Balancer::new(targets, pick, settings.seed));
        let phase = settings.scenario.phase();
        let backend = Arc::new(Backend::new(
            phase,
            settings.draws,
            settings.seed,
            settings.chat_failure,
            stop.clone(),
        ));
        let mut registry = Registry::default();
        let help = "index.html sent to navigations";
        registry.register("demo_documents_served", help, records.documents.clone());
        let controls = Arc::new(Controls {
            scenario: Mutex::new((settings.scenario, crate::log::now_ms())),
            good_release,
            backend: Arc::clone(&backend),
            balancer: Arc::clone(&balancer),
            pods: Arc::clone(&records),
            registry,
        });
        controls.enter(settings.scenario);

        let keep = AfterAnswer::KeepOpen;
        tasks.spawn(listen::serve(
            api,
            backend::router(backend),
            keep,
            stop.clone(),
        ));
        tasks.spawn(listen::serve(
            control,
            admin::router(controls),
            keep,
            stop.clone(),
        ));
        tasks.spawn(balancer::run(site, balancer, stop.clone()));
        for number in 1..=settings.crowd {
            let backend = addresses.backend.clone();
            tasks.spawn(crowd::run_user(
                backend,
                number,
                settings.seed,
                stop.clone(),
            ));
        }
        Ok(Self {
            addresses,
            records,
            stop,
            tasks,
        })
    }

    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The loads of tagged visits so far.
    pub fn mixed_loads(&self) -> MixedLoads {
        mixed_loads(&self.records.access)
    }

    /// Lets answers in progress finish, for a short while, and says how many loads were mixed.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(PATIENCE_AT_STOP, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("some answers did not finish and were cut");
        }
        let MixedLoads {
            loads,
            mixed,
            share,
            ..
        } = self.mixed_loads();
        let percent = share.map_or_else(
            || "no loads".to_owned(),
            |share| format!("{:.1}%", share * 100.0),
        );
        tracing::info!("mixed loads: {mixed} of {loads} ({percent})");
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn check_build(build: &Path) -> anyhow::Result<()> {
    if build.join("index.html").is_file() {
        return Ok(());
    }
    bail!(
        "{} holds no build of the front end: `cargo xtask build` makes it",
        build.display()
    )
}

async fn listen_anywhere() -> anyhow::Result<(TcpListener, SocketAddr)> {
    let listener = listen::bind(Some(0), 0)
        .await
        .context("no free port for a pod")?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

fn url(listener: &TcpListener) -> anyhow::Result<String> {
    Ok(format!("http://{}", listener.local_addr()?))
}

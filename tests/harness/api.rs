//! The two programs' HTTP APIs as a test sees them: plain JSON, asked and parsed.

use crate::truth::logs::{BackendEntry, PodEntry};
use crate::wait::until;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;

/// The demo's admin API.
#[derive(Clone, Debug)]
pub struct Demo {
    admin: String,
    http: reqwest::Client,
}

#[derive(Deserialize)]
struct LogPage<Entry> {
    next: u64,
    entries: Vec<Entry>,
}

/// Where a reader of both logs stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogMark {
    pods: u64,
    backend: u64,
}

impl Demo {
    /// The admin API at an address such as `http://127.0.0.1:8082`.
    #[must_use]
    pub fn at(admin: &str) -> Self {
        Self {
            admin: admin.trim_end_matches('/').to_owned(),
            http: reqwest::Client::new(),
        }
    }

    /// The scenario going on.
    ///
    /// # Errors
    /// When the demo does not answer.
    pub async fn scenario(&self) -> Result<String> {
        let answer: Value = get(&self.http, &format!("{}/scenario", self.admin)).await?;
        Ok(answer["scenario"]
            .as_str()
            .context("no scenario")?
            .to_owned())
    }

    /// The scenario going on, and since when in Unix milliseconds.
    ///
    /// # Errors
    /// When the demo does not answer.
    pub async fn scenario_since(&self) -> Result<(String, u64)> {
        let answer: Value = get(&self.http, &format!("{}/scenario", self.admin)).await?;
        let name = answer["scenario"].as_str().context("no scenario")?;
        let since_ms = answer["since_ms"].as_u64().context("no since_ms")?;
        Ok((name.to_owned(), since_ms))
    }

    /// Switches the scenario.
    ///
    /// # Errors
    /// When the demo refuses.
    pub async fn set_scenario(&self, scenario: &str) -> Result<()> {
        self.post("scenario", &json!({ "scenario": scenario }))
            .await
    }

    /// Changes how the balancer picks a pod.
    ///
    /// # Errors
    /// When the demo refuses.
    pub async fn set_pick(&self, pick: &str) -> Result<()> {
        self.post("pick", &json!({ "pick": pick })).await
    }

    /// Lets a backend path fail in a chosen way until `none` is ordered; a method restricts it.
    ///
    /// # Errors
    /// When the demo refuses.
    pub async fn set_fault(&self, method: &str, path: &str, fault: &str) -> Result<()> {
        self.post(
            "fault",
            &json!({ "method": method, "path": path, "fault": fault }),
        )
        .await
    }

    /// Changes fields of the backend's phase and keeps the others.
    ///
    /// # Errors
    /// When the demo refuses.
    pub async fn change_phase(&self, changes: &[(&str, Value)]) -> Result<()> {
        let mut answer: Value = get(&self.http, &format!("{}/phase", self.admin)).await?;
        let mut phase = answer["CurrentProbMetrics"].take();
        for (field, value) in changes {
            phase[*field] = value.clone();
        }
        self.post("phase", &phase).await
    }

    /// Lets every call of the backend succeed, quickly, so that a test meets only its own faults.
    ///
    /// # Errors
    /// When the demo refuses.
    pub async fn succeed_always(&self) -> Result<()> {
        let certain = [
            "ChatSuccess",
            "LoginSuccess",
            "StartupSuccess",
            "PrefUpdateSuccess",
        ];
        let certain = certain.map(|field| (field, json!(1.0)));
        let quick = ["Login", "Chat", "Startup", "PrefUpdate"].map(|call| {
            [
                (format!("{call}LatencyMinMS"), 50),
                (format!("{call}LatencyMaxMS"), 150),
            ]
        });
        let quick = quick
            .iter()
            .flatten()
            .map(|(field, ms)| (field.as_str(), json!(ms)));
        self.change_phase(&certain.into_iter().chain(quick).collect::<Vec<_>>())
            .await
    }

    /// The end of both logs now.
    ///
    /// # Errors
    /// When the demo does not answer.
    pub async fn mark(&self) -> Result<LogMark> {
        let pods: LogPage<PodEntry> = self.log("access-log", u64::MAX).await?;
        let backend: LogPage<BackendEntry> = self.log("backend-log", u64::MAX).await?;
        Ok(LogMark {
            pods: pods.next,
            backend: backend.next,
        })
    }

    /// What both logs have gained since a mark.
    ///
    /// # Errors
    /// When the demo does not answer.
    pub async fn logs_since(&self, mark: LogMark) -> Result<(Vec<PodEntry>, Vec<BackendEntry>)> {
        let pods = self.log("access-log", mark.pods).await?;
        let backend = self.log("backend-log", mark.backend).await?;
        Ok((pods.entries, backend.entries))
    }

    async fn log<Entry: DeserializeOwned>(&self, log: &str, after: u64) -> Result<LogPage<Entry>> {
        get(&self.http, &format!("{}/{log}?after={after}", self.admin)).await
    }

    async fn post(&self, path: &str, body: &Value) -> Result<()> {
        let answer = self
            .http
            .post(format!("{}/{path}", self.admin))
            .json(body)
            .send()
            .await?;
        let status = answer.status();
        if !status.is_success() {
            bail!(
                "POST {path} {body}: {status} {}",
                answer.text().await.unwrap_or_default()
            );
        }
        Ok(())
    }
}

/// The collector's private API.
#[derive(Clone, Debug)]
pub struct Collector {
    private: String,
    app: String,
    http: reqwest::Client,
}

impl Collector {
    /// The private API at an address such as `http://127.0.0.1:8091`.
    #[must_use]
    pub fn at(private: &str, app: &str) -> Self {
        let private = private.trim_end_matches('/').to_owned();
        Self {
            private,
            app: app.to_owned(),
            http: reqwest::Client::new(),
        }
    }

    /// The SLIs since a moment, with further parameters such as `&split=release`.
    ///
    /// # Errors
    /// When the collector does not answer.
    pub async fn slis(&self, from_ms: u64, more: &str) -> Result<Value> {
        let Self { private, app, http } = self;
        get(
            http,
            &format!("{private}/api/v1/slis?app={app}&from_ms={from_ms}{more}"),
        )
        .await
    }

    /// What the collector has found, and what else it noticed.
    ///
    /// # Errors
    /// When the collector does not answer.
    pub async fn findings(&self) -> Result<Value> {
        let Self { private, app, http } = self;
        get(http, &format!("{private}/api/v1/findings?app={app}")).await
    }

    /// The views received since a moment, as the collector shows them.
    ///
    /// # Errors
    /// When the collector does not answer.
    pub async fn views(&self, from_ms: u64) -> Result<Vec<Value>> {
        let Self { private, app, http } = self;
        let url = format!("{private}/api/v1/views?app={app}&from_ms={from_ms}");
        let answer: Value = get(http, &url).await?;
        if answer["truncated"] == true {
            bail!("more views than the collector shows at once: a comparison would be incomplete");
        }
        Ok(answer["views"].as_array().context("no views")?.clone())
    }

    /// One view.
    ///
    /// # Errors
    /// When the collector does not know it.
    pub async fn view(&self, view: &str) -> Result<Value> {
        get(&self.http, &format!("{}/api/v1/views/{view}", self.private)).await
    }

    /// Waits until a view is shown as it should be, and returns it; `look` says what is not yet right.
    ///
    /// # Errors
    /// Shows the view as it was last.
    pub async fn until_view(
        &self,
        view: &str,
        within: Duration,
        look: impl Fn(&Value) -> Result<(), String>,
    ) -> Result<Value> {
        until(
            &format!("view {view} in the collector"),
            within,
            async || {
                let shown = self.view(view).await;
                let shown = shown.map_err(|error| format!("{error:#}"))?;
                look(&shown).map_err(|problem| format!("{problem}: {shown:#}"))?;
                Ok(shown)
            },
        )
        .await
    }

    /// The Prometheus text of the collector.
    ///
    /// # Errors
    /// When the collector does not answer.
    pub async fn metrics(&self) -> Result<String> {
        Ok(self
            .http
            .get(format!("{}/metrics", self.private))
            .send()
            .await?
            .text()
            .await?)
    }
}

async fn get<T: DeserializeOwned>(http: &reqwest::Client, url: &str) -> Result<T> {
    let answer = http
        .get(url)
        .send()
        .await
        .with_context(|| format!("GET {url}"))?;
    let status = answer.status();
    let text = answer.text().await.with_context(|| format!("GET {url}"))?;
    if !status.is_success() {
        bail!("GET {url}: {status} {text}");
    }
    serde_json::from_str(&text).with_context(|| format!("GET {url} answered {text}"))
}

/// Milliseconds since the epoch, now.
#[must_use]
pub fn now_ms() -> u64 {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::try_from(since_epoch.unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

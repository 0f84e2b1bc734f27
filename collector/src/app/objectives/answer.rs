//! What the API says of objectives: each with its judgement in figures and in words, its twin beside it,
//! and what is wrong with the files.

use super::book::RefusedObjectives;
use super::judge::Judgement;
use crate::app::App;
use crate::slo::{BurnAlert, Evaluation, Objective, Ppm, State, explain, tells};
use crate::store::ReadError;
use serde::Serialize;
use std::collections::BTreeMap;

/// All objectives at one instant.
#[derive(Debug, Serialize)]
pub struct ObjectivesAnswer {
    at_ms: u64,
    /// Since when these objectives are in force.
    in_force_since_ms: u64,
    /// Why the files as they are now are not.
    refused: Option<RefusedObjectives>,
    /// The most urgent first.
    objectives: Vec<ObjectiveAnswer>,
}

/// One objective.
#[derive(Debug, Serialize)]
pub struct ObjectiveAnswer {
    /// Its name.
    pub name: String,
    title: String,
    description: String,
    service: String,
    role: &'static str,
    target_ppm: Ppm,
    window_words: String,
    labels: BTreeMap<String, String>,
    approximate: Option<String>,
    runbook: Option<String>,
    file: String,
    line: usize,
    unreachable: Vec<BurnAlert>,
    /// Whether somebody is told.
    tells: bool,
    no_data: Option<String>,
    #[serde(flatten)]
    evaluation: Evaluation,
    twin: Option<TwinAnswer>,
    words: Vec<String>,
}

/// The servers' count of the same.
#[derive(Debug, Serialize)]
struct TwinAnswer {
    name: String,
    state: State,
    sli_ppm: Option<u32>,
    good: u64,
    bad: u64,
    approximate: Option<String>,
    no_data: Option<String>,
    /// Servers minus clients, in parts per million; `None` without data on either side.
    gap_ppm: Option<i64>,
    /// Attempts of clients that the servers have not counted, where the twin sees all of them.
    missing: Option<i64>,
}

impl App {
    /// How all objectives stand.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn objectives(&self) -> Result<ObjectivesAnswer, ReadError> {
        let judged = self.judgements().await?;
        let all: Vec<_> = judged
            .set
            .objectives
            .iter()
            .zip(&judged.judgements)
            .collect();
        let answered = all
            .iter()
            .map(|(objective, judgement)| answer(objective, judgement, &all));
        let mut objectives: Vec<_> = answered.collect();
        objectives.sort_by_key(|answer| (answer.role, answer.evaluation.state));
        let (_, in_force_since_ms) = self.objective_book().in_force();
        Ok(ObjectivesAnswer {
            at_ms: judged.at_ms,
            in_force_since_ms,
            refused: self.objective_book().refused(),
            objectives,
        })
    }
}

fn answer(
    objective: &Objective,
    judgement: &Judgement,
    all: &[(&Objective, &Judgement)],
) -> ObjectiveAnswer {
    let evaluation = judgement.evaluation.clone();
    ObjectiveAnswer {
        name: objective.name.clone(),
        title: objective.title.clone(),
        description: objective.description.clone(),
        service: objective.service.clone(),
        role: objective.role.word(),
        target_ppm: objective.target,
        window_words: objective.window.words(),
        labels: objective.labels.clone(),
        approximate: objective.approximate.clone(),
        runbook: objective.runbook.clone(),
        file: objective.place.file.clone(),
        line: objective.place.line,
        unreachable: objective.unreachable.clone(),
        tells: evaluation
            .alerts
            .iter()
            .any(|alert| tells(objective, alert)),
        no_data: judgement.no_data.clone(),
        twin: twin(objective, &evaluation, all),
        words: explain(objective, &evaluation),
        evaluation,
    }
}

fn twin(
    objective: &Objective,
    client: &Evaluation,
    all: &[(&Objective, &Judgement)],
) -> Option<TwinAnswer> {
    let named = objective.twin.as_ref()?;
    let (twin, judgement) = all.iter().find(|(of, _)| of.name == named.objective)?;
    let server = &judgement.evaluation;
    let gap = client.sli_ppm.zip(server.sli_ppm);
    let attempts = |of: &Evaluation| i64::try_from(of.counts.total()).unwrap_or(i64::MAX);
    Some(TwinAnswer {
        name: twin.name.clone(),
        state: server.state,
        sli_ppm: server.sli_ppm,
        good: server.counts.good,
        bad: server.counts.bad,
        approximate: twin.approximate.clone(),
        no_data: judgement.no_data.clone(),
        gap_ppm: gap.map(|(client, server)| i64::from(server) - i64::from(client)),
        missing: (named.complete && server.state != State::NoData)
            .then(|| attempts(client) - attempts(server)),
    })
}

//! The opposite of a blind spot: servers that fail while users do not. Retries hide it, or it is other
//! traffic that fails, such as a synthetic check. Pure.

use super::gap::Gap;
use super::twin::{ServerFigures, TwinState};
use crate::sli::Figures;
use serde::Serialize;

/// Attempts on each side below which nothing is said.
const FEWEST: u64 = 20;
/// Failures of the servers from which on they count as failing, parts per million.
const FAILING_PPM: u32 = 20_000;

/// A journey whose servers fail while its users do not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServerOnly {
    /// The journey.
    pub journey: String,
    /// Failures as the servers count them, parts per million.
    pub server_failing_ppm: u32,
    /// Failures as the users had them, parts per million.
    pub client_failing_ppm: u32,
    /// In words.
    pub sentence: String,
}

/// Whether the servers fail and the users do not, beyond chance.
pub fn server_only(
    journey: &str,
    client: &Figures,
    server: &ServerFigures,
    gap: &Gap,
) -> Option<ServerOnly> {
    let enough = client.total >= FEWEST && server.total >= FEWEST;
    let beyond_chance = gap.low_ppm.is_some_and(|low| low > 0);
    if server.state != TwinState::Ok || !enough || !beyond_chance {
        return None;
    }
    let failing = |ratio_ppm: u32| 1_000_000 - ratio_ppm.min(1_000_000);
    let (client_ppm, server_ppm) = (failing(client.ratio_ppm?), failing(server.ratio_ppm?));
    if server_ppm < FAILING_PPM {
        return None;
    }
    Some(ServerOnly {
        journey: journey.to_owned(),
        server_failing_ppm: server_ppm,
        client_failing_ppm: client_ppm,
        sentence: format!(
            "The servers fail {} of {journey}, users only {}: retries hide it, or other traffic fails.",
            percent(server_ppm),
            percent(client_ppm)
        ),
    })
}

fn percent(ppm: u32) -> String {
    format!("{}.{}%", ppm / 10_000, ppm % 10_000 / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::gap::gap;
    use crate::compare::gap::tests::{client, server};

    fn told(users: (u64, u64), servers: (u64, u64)) -> Option<String> {
        let (client, server) = (client(users.0, users.1), server(servers.0, servers.1));
        let gap = gap(&client, Some(&server), false);
        server_only("chat", &client, &server, &gap).map(|found| found.sentence)
    }

    #[test]
    fn servers_that_fail_while_users_do_not_are_told() {
        assert_eq!(
            told((99, 100), (400, 500)).unwrap(),
            "The servers fail 20.0% of chat, users only 1.0%: retries hide it, or other traffic fails."
        );
    }

    #[test]
    fn what_may_be_chance_is_not() {
        assert_eq!(told((19, 20), (450, 500)), None);
        assert_eq!(told((10, 10), (5, 10)), None);
        assert_eq!(told((80, 100), (400, 500)), None);
    }
}

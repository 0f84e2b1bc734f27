//! A journey on both sides: how well users fared, how well the servers say they fared, and what lies
//! between. Pure.

use super::interval::{Share, Z95, difference, wilson};
use super::twin::{ServerFigures, TwinState};
use crate::sli::Figures;
use serde::Serialize;

/// What lies between the two sides of a journey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Client minus server, parts per million; `null` where one of them has no data.
    pub gap_ppm: Option<i64>,
    /// Its 95% confidence interval. For a server side that is a product, of the products of bounds,
    /// which is wider than it need be.
    pub low_ppm: Option<i64>,
    /// Its upper end.
    pub high_ppm: Option<i64>,
    /// Whether the interval leaves out zero.
    pub differ: bool,
    /// Attempts the browsers made and the servers did not count; `null` where it cannot be known.
    pub missing_requests: Option<u64>,
    /// Why it cannot.
    pub missing_unknown: Option<&'static str>,
}

/// Sets both sides beside each other. `complete`: whether nobody but the pages uses that journey.
pub fn gap(client: &Figures, server: Option<&ServerFigures>, complete: bool) -> Gap {
    let server = server.filter(|server| server.state == TwinState::Ok);
    let sides = client_share(client).zip(server.and_then(server_share));
    let interval = sides.map(|(client, server)| difference(client, server));
    let (missing_requests, missing_unknown) = match (server, complete) {
        (None, _) => (None, Some("no data of the servers")),
        (Some(_), false) => (None, Some("n/a: other traffic")),
        (Some(server), true) => (Some(client.total.saturating_sub(server.total)), None),
    };
    Gap {
        gap_ppm: sides.map(|(client, server)| ppm(client.is - server.is)),
        low_ppm: interval.map(|(low, _)| ppm(low)),
        high_ppm: interval.map(|(_, high)| ppm(high)),
        differ: interval.is_some_and(|(low, high)| low > 0.0 || high < 0.0),
        missing_requests,
        missing_unknown,
    }
}

fn client_share(figures: &Figures) -> Option<Share> {
    if figures.total == 0 {
        return None;
    }
    let (low, high) = wilson(figures.good, figures.total, Z95);
    let is = figures.good as f64 / figures.total as f64;
    Some(Share { is, low, high })
}

fn server_share(figures: &ServerFigures) -> Option<Share> {
    let mut product = Share {
        is: 1.0,
        low: 1.0,
        high: 1.0,
    };
    for factor in &figures.factors {
        if factor.total == 0 {
            return None;
        }
        let (low, high) = wilson(factor.good, factor.total, Z95);
        product.is *= factor.good as f64 / factor.total as f64;
        product.low *= low;
        product.high *= high;
    }
    Some(product)
}

fn ppm(share: f64) -> i64 {
    (share * 1e6).round() as i64
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::compare::twin::FactorFigures;
    use crate::sli::ratio_ppm;

    pub(in crate::compare) fn client(good: u64, total: u64) -> Figures {
        Figures {
            good,
            total,
            ratio_ppm: ratio_ppm(good, total),
            ..Figures::default()
        }
    }

    pub(in crate::compare) fn server(good: u64, total: u64) -> ServerFigures {
        let state = match total {
            0 => TwinState::NoData,
            _ => TwinState::Ok,
        };
        ServerFigures {
            good,
            total,
            ratio_ppm: ratio_ppm(good, total),
            approximate: false,
            state,
            no_data: None,
            factors: vec![FactorFigures {
                name: "chat".to_owned(),
                good,
                total,
                ratio_ppm: ratio_ppm(good, total),
            }],
        }
    }

    #[test]
    fn the_incident_is_a_gap_far_beyond_chance() {
        let gap = gap(&client(5, 30), Some(&server(950, 1000)), false);
        assert_eq!(gap.gap_ppm, Some(-783_333));
        assert!(
            gap.differ && gap.high_ppm.is_some_and(|high| high < -600_000),
            "{gap:?}"
        );
        assert_eq!(gap.missing_unknown, Some("n/a: other traffic"));
    }

    #[test]
    fn two_of_three_and_90_percent_may_well_be_the_same() {
        let gap = gap(&client(2, 3), Some(&server(90, 100)), true);
        assert!(!gap.differ, "{gap:?}");
    }

    #[test]
    fn what_the_servers_never_saw_is_known_only_where_nobody_else_calls() {
        assert_eq!(
            gap(&client(9, 30), Some(&server(10, 12)), true).missing_requests,
            Some(18)
        );
        assert_eq!(
            gap(&client(9, 30), Some(&server(10, 99)), true).missing_requests,
            Some(0)
        );
        assert_eq!(
            gap(&client(9, 30), Some(&server(10, 12)), false).missing_requests,
            None
        );
    }

    #[test]
    fn without_data_on_either_side_there_is_no_gap() {
        for (client, server) in [(client(0, 0), server(9, 10)), (client(9, 10), server(0, 0))] {
            let gap = gap(&client, Some(&server), true);
            assert_eq!((gap.gap_ppm, gap.low_ppm, gap.differ), (None, None, false));
        }
    }
}

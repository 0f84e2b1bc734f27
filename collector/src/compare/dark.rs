//! Dark visits: documents that were served and of which nothing was ever heard. Some always are, since
//! bots run no scripts and browsers are killed; a release of which many are is a release whose probe, or
//! whose whole page, does not start. Pure.

use super::coverage::DocumentFigures;
use super::interval::{Share, Z95, difference, wilson};
use serde::Serialize;

/// Documents of a release below which nothing is said.
const FEWEST: u64 = 20;
/// Share from which on a release is dark where there is no other to compare it with.
const DARK: f64 = 0.5;
/// How much darker than the others a release must be.
const DARKER: f64 = 0.1;

/// A release that is heard of too little.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DarkRelease {
    /// Its name.
    pub release: String,
    /// Documents served.
    pub served: u64,
    /// Of which nothing was heard.
    pub dark: u64,
    /// In words.
    pub sentence: String,
}

/// The releases that are darker than the others beyond chance, or dark altogether.
pub fn dark_releases(documents: &[DocumentFigures]) -> Vec<DarkRelease> {
    let served: u64 = documents.iter().map(|of| of.served).sum();
    let dark: u64 = documents.iter().map(|of| of.dark).sum();
    let releases = documents.iter().filter(|of| of.served >= FEWEST);
    releases
        .filter_map(|of| {
            let own = share(of.dark, of.served);
            let others = (dark - of.dark, served - of.served);
            let is_dark = match others.1 {
                0..FEWEST => own.low > DARK,
                _ => difference(own, share(others.0, others.1)).0 > DARKER,
            };
            is_dark.then(|| DarkRelease {
                release: of.release.clone(),
                served: of.served,
                dark: of.dark,
                sentence: sentence(of, others),
            })
        })
        .collect()
}

fn share(dark: u64, served: u64) -> Share {
    let (low, high) = wilson(dark, served, Z95);
    let is = dark as f64 / served.max(1) as f64;
    Share { is, low, high }
}

fn sentence(of: &DocumentFigures, (dark, served): (u64, u64)) -> String {
    let name = match of.release.as_str() {
        "" => "Documents without a release".to_owned(),
        release => format!("Release {release}"),
    };
    let others = match served {
        0 => String::new(),
        served => format!(", {dark} of {served} of the others"),
    };
    format!(
        "{name}: {} of {} documents served were never heard of{others}.",
        of.dark, of.served
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(of: &[(&str, u64, u64)]) -> Vec<DocumentFigures> {
        of.iter()
            .map(|(release, served, dark)| DocumentFigures {
                release: (*release).to_owned(),
                served: *served,
                reported: served - dark,
                dark: *dark,
            })
            .collect()
    }

    #[test]
    fn a_release_that_falls_dark_beside_one_that_does_not_is_named() {
        let dark = dark_releases(&documents(&[("1", 200, 10), ("2", 40, 20)]));
        assert_eq!(
            dark[0].sentence,
            "Release 2: 20 of 40 documents served were never heard of, 10 of 200 of the others."
        );
        assert_eq!(dark.len(), 1);
    }

    #[test]
    fn bots_that_visit_all_releases_alike_make_none_dark() {
        assert_eq!(
            dark_releases(&documents(&[("1", 200, 60), ("2", 40, 14)])),
            []
        );
        assert_eq!(dark_releases(&documents(&[("1", 200, 60)])), []);
    }

    #[test]
    fn few_documents_prove_nothing() {
        assert_eq!(dark_releases(&documents(&[("1", 200, 0), ("2", 8, 8)])), []);
        assert_eq!(dark_releases(&documents(&[("1", 200, 180)])).len(), 1);
    }
}

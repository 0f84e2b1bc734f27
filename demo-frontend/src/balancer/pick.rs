//! How a pod is picked for a connection: by chance, or forced so that a test meets exactly its mix.

use std::fmt::{self, Display};

use crate::random::SplitMix;

/// A way of picking. Pods are numbered from 1 in texts, from 0 in here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pick {
    /// Seeded chance among the pods the scenario allows.
    Random,
    /// These pods in turn, over and over.
    Sequence(Vec<usize>),
    /// By the path of the connection's first request.
    Path(Vec<PathRule>),
    /// Always this pod.
    Pod(usize),
}

/// A pattern that begins with `/` matches paths by prefix, any other one by being part of the path,
/// whatever the case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathRule {
    pattern: String,
    pod: usize,
}

/// Why a text is no way of picking.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PickError(String);

impl Display for PickError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PickError {}

impl Pick {
    /// Reads `random`, `sequence:1,2,2`, `path:/assets/=2,/=1` or `pod:1` for so many pods.
    pub(crate) fn parse(text: &str, pods: usize) -> Result<Self, PickError> {
        let number = |digits: &str| match digits.trim().parse::<usize>() {
            Ok(number) if (1..=pods).contains(&number) => Ok(number - 1),
            _ => Err(PickError(format!(
                "`{digits}` in `{text}` is no pod: there are 1 to {pods}"
            ))),
        };
        match text.split_once(':') {
            None if text == "random" => Ok(Self::Random),
            Some(("pod", pod)) => Ok(Self::Pod(number(pod)?)),
            Some(("sequence", pods)) => Ok(Self::Sequence(
                pods.split(',').map(number).collect::<Result<_, _>>()?,
            )),
            Some(("path", rules)) => {
                let rule = |rule: &str| match rule.split_once('=') {
                    Some((pattern, pod)) if !pattern.is_empty() => Ok(PathRule {
                        pattern: pattern.to_owned(),
                        pod: number(pod)?,
                    }),
                    _ => Err(PickError(format!(
                        "`{rule}` in `{text}` is not PATTERN=POD"
                    ))),
                };
                Ok(Self::Path(
                    rules.split(',').map(rule).collect::<Result<_, _>>()?,
                ))
            }
            _ => Err(PickError(format!(
                "`{text}` is none of random, sequence:1,2,2, path:/assets/=2,/=1, pod:1"
            ))),
        }
    }

    /// The pod of the connection number `made` (from 0) whose first request is for `path`.
    pub(super) fn index(
        &self,
        path: &str,
        made: usize,
        eligible: &[usize],
        random: &mut SplitMix,
    ) -> usize {
        match self {
            // Two pods or ten: the bias of the remainder is far below what any run can see.
            Self::Random => eligible[(random.next() % eligible.len() as u64) as usize],
            Self::Sequence(pods) => pods[made % pods.len()],
            Self::Path(rules) => pod_by_path(rules, path),
            Self::Pod(pod) => *pod,
        }
    }
}

/// A part of the path beats a prefix, then the longer pattern wins; the first pod when none matches.
fn pod_by_path(rules: &[PathRule], path: &str) -> usize {
    let path = path.to_ascii_lowercase();
    let strength = |rule: &&PathRule| {
        let pattern = rule.pattern.to_ascii_lowercase();
        let prefix = pattern.starts_with('/');
        let matches = if prefix {
            path.starts_with(&pattern)
        } else {
            path.contains(&pattern)
        };
        matches.then_some((!prefix, pattern.len()))
    };
    rules
        .iter()
        .filter(|rule| strength(rule).is_some())
        .max_by_key(strength)
        .map_or(0, |rule| rule.pod)
}

impl Display for Pick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |parts: Vec<String>| parts.join(",");
        match self {
            Self::Random => f.write_str("random"),
            Self::Pod(pod) => write!(f, "pod:{}", pod + 1),
            Self::Sequence(pods) => {
                write!(
                    f,
                    "sequence:{}",
                    joined(pods.iter().map(|pod| (pod + 1).to_string()).collect())
                )
            }
            Self::Path(rules) => {
                let rule = |rule: &PathRule| format!("{}={}", rule.pattern, rule.pod + 1);
                write!(f, "path:{}", joined(rules.iter().map(rule).collect()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pick;
    use crate::random::SplitMix;

    fn picks(text: &str, paths: &[&str]) -> Vec<usize> {
        let pick = Pick::parse(text, 2).unwrap_or_else(|error| panic!("{error}"));
        let mut random = SplitMix::new(7);
        let number =
            |(made, path): (usize, &&str)| pick.index(path, made, &[0, 1], &mut random) + 1;
        paths.iter().enumerate().map(number).collect()
    }

    #[test]
    fn a_sequence_starts_over_at_its_end() {
        assert_eq!(picks("sequence:1,2,2", &["/"; 7]), [1, 2, 2, 1, 2, 2, 1]);
    }

    #[test]
    fn the_longest_matching_prefix_wins_and_a_part_of_the_path_beats_it() {
        let text = "path:/=1,/assets/=2,login=1";
        let paths = [
            "/",
            "/about",
            "/assets/index-a.js",
            "/assets/LoginView-b.js",
        ];
        assert_eq!(picks(text, &paths), [1, 1, 2, 1]);
        assert_eq!(picks("path:/assets/=2", &["/elsewhere"]), [1]);
    }

    #[test]
    fn random_picks_repeat_with_their_seed_and_reach_every_pod() {
        let once = picks("random", &["/"; 64]);
        assert_eq!(once, picks("random", &["/"; 64]));
        assert!(once.contains(&1) && once.contains(&2), "{once:?}");
    }

    #[test]
    fn what_is_no_pick_is_refused_with_its_reason() {
        for (text, named) in [
            ("chance", "chance"),
            ("pod:3", "`3`"),
            ("pod:0", "`0`"),
            ("sequence:1,,2", "``"),
            ("path:/=x", "`x`"),
            ("path:/assets/", "PATTERN=POD"),
        ] {
            let error = Pick::parse(text, 2).expect_err(text);
            assert!(error.to_string().contains(named), "{text}: {error}");
        }
    }

    #[test]
    fn a_pick_prints_as_it_is_written() {
        for text in ["random", "sequence:1,2,2", "path:/assets/=2,/=1", "pod:1"] {
            let pick = Pick::parse(text, 2).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(pick.to_string(), text);
        }
    }
}

//! How sure a share is: Wilson's interval, Newcombe's for a difference, Poisson's tails. Pure.

/// Two-sided 95%.
pub(super) const Z95: f64 = 1.959_964;

/// Wilson's interval of a share (Wilson 1927); nothing is known of no attempts.
pub(super) fn wilson(good: u64, total: u64, z: f64) -> (f64, f64) {
    if total == 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (total as f64, good as f64 / total as f64);
    let z2 = z * z;
    let middle = p + z2 / (2.0 * n);
    let spread = z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    (
        ((middle - spread) / scale).max(0.0),
        ((middle + spread) / scale).min(1.0),
    )
}

/// A share with its interval.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    pub(super) is: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// The interval of `left - right` (Newcombe 1998, method 10, <https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8%3C873::AID-SIM779%3E3.0.CO;2-I>).
pub(super) fn difference(left: Share, right: Share) -> (f64, f64) {
    let is = left.is - right.is;
    let down = (left.is - left.low).hypot(right.high - right.is);
    let up = (left.high - left.is).hypot(right.is - right.low);
    ((is - down).max(-1.0), (is + up).min(1.0))
}

/// The chance of `least` or more where `usual` are expected (Poisson).
pub(super) fn at_least(least: u64, usual: f64) -> f64 {
    if least == 0 {
        return 1.0;
    }
    if usual <= 0.0 {
        return 0.0;
    }
    // Summed from `least` on: the complement would lose what is small.
    let mut term = term(least, usual);
    let mut sum = 0.0;
    for n in least + 1..least + 10_000 {
        sum += term;
        term *= usual / n as f64;
        if n as f64 > usual && term < sum * 1e-12 {
            break;
        }
    }
    sum.min(1.0)
}

/// The chance of `most` or fewer where `usual` are expected (Poisson).
pub(super) fn at_most(most: u64, usual: f64) -> f64 {
    if usual <= 0.0 {
        return 1.0;
    }
    let mut term = term(most, usual);
    let mut sum = 0.0;
    for n in (0..=most).rev() {
        sum += term;
        term *= n as f64 / usual;
        if (n as f64) < usual && term < sum * 1e-12 {
            break;
        }
    }
    sum.min(1.0)
}

fn term(count: u64, usual: f64) -> f64 {
    let log_factorial: f64 = (1..=count).map(|n| (n as f64).ln()).sum();
    (count as f64 * usual.ln() - usual - log_factorial).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_is_newcombes_published_example() {
        // Newcombe 1998, table II, example (a): 56/70 - 48/80, method 10: 0.0524 to 0.3339.
        let share = |good: u64, total: u64| {
            let (low, high) = wilson(good, total, Z95);
            let is = good as f64 / total as f64;
            Share { is, low, high }
        };
        let (low, high) = difference(share(56, 70), share(48, 80));
        assert!((low - 0.0524).abs() < 5e-5, "{low}");
        assert!((high - 0.3339).abs() < 5e-5, "{high}");
    }

    #[test]
    fn the_tails_are_poissons() {
        // P(X >= 3 | 1) = 1 - 5/(2e), P(X <= 2 | 1) = 5/(2e)
        assert!((at_least(3, 1.0) - 0.080_301).abs() < 1e-6);
        assert!((at_most(2, 1.0) - 0.919_699).abs() < 1e-6);
        assert!((at_most(0, 5.0) - (-5f64).exp()).abs() < 1e-12);
        assert!((at_least(1, 20.0) - 1.0).abs() < 1e-6);
        assert_eq!(at_least(3, 0.0), 0.0);
    }
}

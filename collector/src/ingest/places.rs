//! Where a client is: country and operator of its network, looked up in a file of the operator's own
//! before the address is dropped. A CSV text enters; nothing of an address leaves.

use std::net::IpAddr;
use std::sync::Arc;

/// Problems told of one file.
const TOLD: usize = 5;
/// Bytes of a country or operator.
const TEXT_BYTES: usize = 80;

/// What is known of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Such as `DE`.
    pub country: Option<Arc<str>>,
    /// Such as `AS64500 Example`.
    pub operator: Option<Arc<str>>,
}

/// Networks by their addresses; IPv4 as it is written within IPv6.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// First and last address, ascending and apart, with the number of the place.
    ranges: Vec<(u128, u128, u32)>,
    places: Vec<Place>,
}

impl Places {
    /// Reads lines of `network,country,operator` or `first,last,country,operator`; the operator may be
    /// left out. Empty lines and those that begin with `#` say nothing.
    ///
    /// # Errors
    /// What is wrong, with the numbers of the lines.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let (mut found, mut problems) = (Self::default(), Vec::new());
        let mut known = std::collections::HashMap::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((first, last, place)) = parsed(line) else {
                problems.push(format!(
                    "line {number}: {:?} is not network,country,operator or first,last,country,operator",
                    line.chars().take(60).collect::<String>()
                ));
                continue;
            };
            let key = (place.country.clone(), place.operator.clone());
            let id = *known.entry(key).or_insert_with(|| {
                found.places.push(place);
                u32::try_from(found.places.len() - 1).unwrap_or(u32::MAX)
            });
            found.ranges.push((first, last, id));
        }
        found.ranges.sort_unstable();
        for pair in found.ranges.windows(2) {
            if let [(_, last, _), (first, _, _)] = pair
                && first <= last
            {
                problems.push(format!("two networks overlap at {}", address(*first)));
            }
        }
        match problems.len() {
            0 => Ok(found),
            all => {
                problems.truncate(TOLD);
                if all > TOLD {
                    problems.push(format!("and {} more", all - TOLD));
                }
                Err(problems)
            }
        }
    }

    /// What is known of an address.
    pub fn of(&self, address: IpAddr) -> Option<&Place> {
        let number = number(address);
        let after = self
            .ranges
            .partition_point(|(first, _, _)| *first <= number);
        let (_, last, id) = self.ranges.get(after.checked_sub(1)?)?;
        (number <= *last)
            .then(|| self.places.get(usize::try_from(*id).ok()?))
            .flatten()
    }
}

fn parsed(line: &str) -> Option<(u128, u128, Place)> {
    let bare = |field: &str| field.trim().trim_matches('"').trim().to_owned();
    let (start, mut rest) = line.split_once(',')?;
    let start = bare(start);
    let (first, last) = if let Some((network, bits)) = start.split_once('/') {
        range(network.parse().ok()?, bits.parse().ok()?)?
    } else {
        let (end, after) = rest.split_once(',')?;
        rest = after;
        let (first, last): (IpAddr, IpAddr) = (start.parse().ok()?, bare(end).parse().ok()?);
        (number(first), number(last))
    };
    // An operator's own name may have a comma.
    let (country, operator) = rest.split_once(',').unwrap_or((rest, ""));
    let text = |field: &str| {
        let field = bare(field);
        let fits = !field.is_empty() && field.len() <= TEXT_BYTES;
        fits.then(|| Arc::<str>::from(field))
    };
    let place = Place {
        country: text(country),
        operator: text(operator),
    };
    (first <= last && place != Place::default()).then_some((first, last, place))
}

fn range(network: IpAddr, bits: u32) -> Option<(u128, u128)> {
    let bits = match network {
        IpAddr::V4(_) => bits.checked_add(96).filter(|bits| *bits <= 128)?,
        IpAddr::V6(_) => bits,
    };
    let host = u128::MAX.checked_shr(bits).unwrap_or(0);
    let first = number(network);
    (bits <= 128 && first & host == 0).then_some((first, first | host))
}

fn number(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(v4) => u128::from(v4.to_ipv6_mapped()),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

fn address(number: u128) -> IpAddr {
    IpAddr::V6(number.into()).to_canonical()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# made up\n\
        203.0.113.0/24,DE,AS64500 Example\n\
        198.51.100.0,198.51.100.127,\"AT\"\n\
        2001:db8::/32,CH,\"AS64501 Two, Words\"\n";

    fn of(address: &str) -> String {
        let places = Places::parse(FILE).unwrap();
        let place = places.of(address.parse().unwrap());
        let text = |text: &Option<Arc<str>>| text.as_deref().unwrap_or("–").to_owned();
        place.map_or("nowhere".to_owned(), |place| {
            format!("{} {}", text(&place.country), text(&place.operator))
        })
    }

    #[test]
    fn an_address_is_where_its_network_is() {
        for (address, place) in [
            ("203.0.113.0", "DE AS64500 Example"),
            ("203.0.113.255", "DE AS64500 Example"),
            ("203.0.114.0", "nowhere"),
            ("198.51.100.127", "AT –"),
            ("198.51.100.128", "nowhere"),
            ("::ffff:203.0.113.9", "DE AS64500 Example"),
            ("2001:db8:1::1", "CH AS64501 Two, Words"),
            ("::1", "nowhere"),
        ] {
            assert_eq!(of(address), place, "{address}");
        }
    }

    #[test]
    fn everything_wrong_with_a_file_is_told_with_its_line() {
        for (file, problem) in [
            ("203.0.113.0/24", "line 1: "),
            ("\n203.0.113.7/24,DE", "line 2: "),
            ("203.0.113.9,203.0.113.1,DE", "line 1: "),
            ("x/24,DE", "line 1: "),
            (
                "10.0.0.0/8,DE\n10.1.0.0/16,AT",
                "two networks overlap at 10.1.0.0",
            ),
        ] {
            let problems = Places::parse(file).unwrap_err();
            assert!(problems[0].starts_with(problem), "{file}: {problems:?}");
        }
        let many = "x\n".repeat(20);
        assert_eq!(Places::parse(&many).unwrap_err().len(), TOLD + 1);
    }
}

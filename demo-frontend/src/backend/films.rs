//! The films the agent knows, and their posters: drawn as SVG data URIs, so that no image leaves the machine.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Serialize;

/// A film as the real server describes it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Film {
    pub(super) title: &'static str,
    runtime_minutes: u16,
    genres: &'static str,
    rating: f32,
    pub(super) plot: &'static str,
    pub(super) released: u16,
    director: &'static str,
    actors: &'static str,
    poster: String,
    tconst: &'static str,
}

/// Title, year, minutes, rating, genres, director, actors, plot, IMDb id.
type Row = (
    &'static str,
    u16,
    u16,
    f32,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

#[rustfmt::skip]
const FILMS: [Row; 12] = [
    ("Alien", 1979, 117, 8.5, "Horror, Science fiction", "Ridley Scott", "Sigourney Weaver, Tom Skerritt", "A freighter's crew answers a distress call and takes something aboard.", "tt0078748"),
    ("Amélie", 2001, 122, 8.3, "Comedy, Romance", "Jean-Pierre Jeunet", "Audrey Tautou, Mathieu Kassovitz", "A waitress in Montmartre sets out to put other people's lives right.", "tt0211915"),
    ("Arrival", 2016, 116, 7.9, "Drama, Science fiction", "Denis Villeneuve", "Amy Adams, Jeremy Renner", "A linguist learns to read visitors who see time whole.", "tt2543164"),
    ("Casablanca", 1942, 102, 8.5, "Drama, Romance", "Michael Curtiz", "Humphrey Bogart, Ingrid Bergman", "A café owner meets his lost love, her husband and two letters of transit.", "tt0034583"),
    ("Mad Max: Fury Road", 2015, 120, 8.1, "Action, Adventure", "George Miller", "Tom Hardy, Charlize Theron", "A chase through the desert, and back.", "tt1392190"),
    ("Parasite", 2019, 132, 8.5, "Drama, Thriller", "Bong Joon-ho", "Song Kang-ho, Cho Yeo-jeong", "A poor family finds work, one after another, in a rich family's house.", "tt6751668"),
    ("Pulp Fiction", 1994, 154, 8.8, "Crime, Drama", "Quentin Tarantino", "John Travolta, Uma Thurman", "Hit men, a boxer and a briefcase, out of order.", "tt0110912"),
    ("Seven Samurai", 1954, 207, 8.6, "Action, Drama", "Akira Kurosawa", "Toshiro Mifune, Takashi Shimura", "A village hires seven swordsmen against bandits.", "tt0047478"),
    ("Spirited Away", 2001, 125, 8.6, "Animation, Adventure", "Hayao Miyazaki", "Rumi Hiiragi, Miyu Irino", "A girl works in a bathhouse of spirits to win back her parents.", "tt0245429"),
    ("The Dark Knight", 2008, 152, 9.1, "Action, Crime", "Christopher Nolan", "Christian Bale, Heath Ledger", "A city's protector meets someone who wants nothing but its ruin.", "tt0468569"),
    ("The Godfather", 1972, 175, 9.2, "Crime, Drama", "Francis Ford Coppola", "Marlon Brando, Al Pacino", "The son who stayed out of the family business takes it over.", "tt0068646"),
    ("The Shawshank Redemption", 1994, 142, 9.3, "Drama", "Frank Darabont", "Tim Robbins, Morgan Freeman", "A banker serves a life sentence, patiently.", "tt0111161"),
];

/// `count` different films, always the same ones for the same `about`.
pub(super) fn films_about(about: &str, count: usize) -> Vec<Film> {
    let mut hasher = DefaultHasher::new();
    about.hash(&mut hasher);
    let first = (hasher.finish() % FILMS.len() as u64) as usize;
    // Five and twelve have no common divisor: steps of five meet every film before any one twice.
    (0..count.min(FILMS.len()))
        .map(|n| film(&FILMS[(first + 5 * n) % FILMS.len()]))
        .collect()
}

fn film(row: &Row) -> Film {
    let &(title, released, runtime_minutes, rating, genres, director, actors, plot, tconst) = row;
    let poster = poster(released, runtime_minutes);
    Film {
        title,
        runtime_minutes,
        genres,
        rating,
        plot,
        released,
        director,
        actors,
        poster,
        tconst,
    }
}

/// A sun over hills, in colours of the film's own.
fn poster(released: u16, runtime_minutes: u16) -> String {
    let hue = (u32::from(released) * 47 + u32::from(runtime_minutes) * 13) % 360;
    let (sun_x, sun_y) = (
        30 + u32::from(runtime_minutes) % 60,
        40 + u32::from(released) % 45,
    );
    format!(
        "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 120 180'%3E\
         %3Crect width='120' height='180' fill='hsl({hue} 45%25 22%25)'/%3E\
         %3Ccircle cx='{sun_x}' cy='{sun_y}' r='26' fill='hsl({warm} 80%25 62%25)'/%3E\
         %3Cpath d='M0 120 40 88l30 26 22-16 28 24v58H0z' fill='hsl({hue} 50%25 12%25)'/%3E\
         %3Cpath d='M0 150l34-22 40 26 46-20v46H0z' fill='hsl({hue} 55%25 7%25)'/%3E%3C/svg%3E",
        warm = (hue + 40) % 360,
    )
}

#[cfg(test)]
mod tests {
    use super::films_about;

    #[test]
    fn films_about_one_thing_are_all_different_and_always_the_same() {
        let titles = |about| {
            films_about(about, 12)
                .iter()
                .map(|f| f.title)
                .collect::<Vec<_>>()
        };
        let mut once = titles("something tense");
        assert_eq!(once, titles("something tense"));
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), 12);
    }
}

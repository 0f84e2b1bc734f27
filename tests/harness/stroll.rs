//! A whole visit drawn from a seed: the same seed gives the same user.

use crate::draw::Draw;
use crate::visit::{Arrival, Visitor};
use anyhow::Result;

const MESSAGES: [&str; 4] = [
    "Something with a heist and a happy end",
    "What did she direct before that?",
    "A quiet film for a rainy evening",
    "Anything like the last one, but shorter",
];

/// What a drawn user does on the site, from the first load to the moment before leaving.
///
/// # Errors
/// When the driver cannot do its part.
pub async fn stroll(visitor: &Visitor, draw: &mut Draw) -> Result<()> {
    let mut arrival = visitor.open("/").await?;
    if arrival == Arrival::Failed && draw.happens(30) {
        arrival = visitor.reload().await?;
    }
    let seen_enough = draw.happens(6);
    if arrival == Arrival::Failed || seen_enough {
        return Ok(());
    }
    if !come_home(visitor, &arrival, draw).await? {
        return Ok(());
    }
    for _ in 0..=draw.below(3) {
        let message = usize::try_from(draw.below(4)).unwrap_or(0);
        visitor.chat(MESSAGES[message]).await?;
    }
    if draw.happens(60) {
        visitor.delete_preference().await?;
    }
    if draw.happens(25) {
        if visitor.reload().await? == Arrival::Failed {
            return Ok(());
        }
        visitor.wait_for_home().await?;
        if draw.happens(50) {
            visitor.delete_preference().await?;
        }
    }
    if draw.happens(30) {
        visitor.sign_out().await?;
    }
    Ok(())
}

/// Signs in where that is needed, with a second try for some; answers whether the home page came up.
async fn come_home(visitor: &Visitor, arrival: &Arrival, draw: &mut Draw) -> Result<bool> {
    if *arrival == Arrival::Ready("/".to_owned()) {
        visitor.wait_for_home().await?;
        return Ok(true);
    }
    if visitor.sign_in().await? {
        return Ok(true);
    }
    if draw.happens(30) {
        visitor.sign_in().await
    } else {
        Ok(false)
    }
}

//! Routes shown without loading a document: each is a view of its own, until the page is quiet again.

use crate::support::{holds, list, on_site, run, within};
use anyhow::{Result, ensure};
use serde_json::Value;
use tests::site::Page;

/// A new route: a call, and what it shows.
const GO: &str = "
    globalThis.goTo = async (path, ms) => {
      history.pushState({}, '', path);
      await (await fetch(`http://api.test/delay/${ms}/0`)).json();
      document.getElementById('app').textContent = path;
    };
    addEventListener('popstate', async () => {
      await (await fetch('http://api.test/delay/80/0')).json();
      document.getElementById('app').textContent = 'back';
    });";

fn routes(view: &Value) -> Vec<Value> {
    let mut routes = list(view, "routes").to_vec();
    routes.sort_by_key(|one| one["at_ms"].as_u64());
    routes
}

#[tokio::test]
async fn each_route_is_told_with_its_time_to_quiet_and_the_application_can_name_it() -> Result<()> {
    on_site("route-views", &[], async |stage| {
        let tab = stage
            .open("/shop", Page::new("<div id=\"app\"></div>"))
            .await?;
        // Routes that this one's time must not hold anything of.
        run(
            &tab,
            &format!(
                "{GO}
                 const quiet = () => new Promise((later) => setTimeout(later, 900));
                 await goTo('/films/4711', 150);
                 await quiet();
                 history.replaceState({{}}, '', '/films/4711?sorted=yes');
                 history.back();
                 await quiet();
                 await goTo('/about', 20);
                 sightline.setRoute('/named');
                 await quiet();"
            ),
        )
        .await?;
        let shown = stage
            .told(&tab, |view| {
                let told = routes(view);
                let [film, back, named] = told.as_slice() else {
                    return Err(format!("{} routes", told.len()));
                };
                holds(film, "/route", "/films/:id")?;
                holds(film, "/from", "/shop")?;
                holds(film, "/trigger", "history")?;
                holds(film, "/settled", true)?;
                holds(film, "/requests", 1)?;
                within(film, "/duration_ms", 148.0..=650.0)?;
                holds(back, "/route", "/shop")?;
                holds(back, "/from", "/films/:id")?;
                holds(back, "/trigger", "pop")?;
                within(back, "/duration_ms", 78.0..=600.0)?;
                holds(named, "/route", "/named")
            })
            .await?;
        let vitals = list(&shown, "vitals").len();
        ensure!(vitals > 0, "the document keeps its vitals: {shown:#}");
        Ok(())
    })
    .await
}

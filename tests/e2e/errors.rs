//! Errors of the page: the same ones are one, with where they came from and never with what users typed.

use crate::support::{SOON, find, holds, list, on_site};
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tests::site::Page;

/// A script of the application with faults of its own.
const FAULTS: &str = "
globalThis.fail = (what) => setTimeout(function fromTimer() { inner(what); });
function inner(what) {
  throw new TypeError('cannot show ' + what);
}
globalThis.reject = () => { Promise.reject(new RangeError('out of range')); };
globalThis.flood = () => { for (let at = 0; at < 400; at++) setTimeout(() => { throw new Error('fault ' + at); }); };
";

fn error<'a>(view: &'a Value, message: &str) -> Result<&'a Value, String> {
    let mut errors = list(view, "errors").iter();
    errors
        .find(|one| {
            one["message"]
                .as_str()
                .is_some_and(|text| text.contains(message))
        })
        .ok_or(format!("no error {message}"))
}

#[tokio::test]
async fn equal_errors_are_one_with_its_number_and_where_they_came_from() -> Result<()> {
    on_site("errors", &[], async |stage| {
        stage.site.put_file("/faults.js", "text/javascript", FAULTS.into());
        let page = Page::new("<script src=\"/faults.js?secret=1\"></script>")
            .header("Content-Security-Policy", "img-src 'self'");
        let tab = stage.open("/", page).await?;
        tab.evaluate(
            "for (let time = 0; time < 7; time++) fail('films'); fail('history'); reject(); \
             console.error('not asked for'); document.body.append(Object.assign(new Image(), { src: 'http://api.test/asset/0/x.svg' })); \
             new Promise((later) => setTimeout(later, 100))",
        )
        .await?;
        let shown = stage
.told(&tab, |view| {
                let films = error(view, "cannot show films")?;
                holds(films, "/kind", "uncaught")?;
                holds(films, "/count", 7)?;
                holds(films, "/source", "http://pages.test/faults.js")?;
                let stack = films["stack"].as_str().unwrap_or_default();
                let (top, rest) = stack.split_once('\n').ok_or("no two frames")?;
                if !(top.contains("inner") && top.contains("faults.js:4") && rest.contains("fromTimer")) {
                    return Err(format!("the stack is {stack}"));
                }
                holds(error(view, "cannot show history")?, "/count", 1)?;
                let rejection = error(view, "out of range")?;
                holds(rejection, "/kind", "rejection")?;
                if rejection["stack"].as_str().is_none_or(|stack| !stack.contains("faults.js")) {
                    return Err("the rejection has no stack".to_owned());
                }
                find(view, "errors", "kind", "csp").map(drop).ok_or("no violation".to_owned())
            })
            .await?;
        ensure!(error(&shown, "not asked for").is_err(), "{shown:#}");
        ensure!(!shown.to_string().contains("secret"), "{shown:#}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_flood_of_errors_is_capped_and_counted_and_console_errors_come_where_asked_for()
-> Result<()> {
    on_site("flood", &[], async |stage| {
        stage.site.put_file("/faults.js", "text/javascript", FAULTS.into());
        let page = Page::new("<script src=\"/faults.js\"></script>")
            .with(&json!({ "consoleErrors": true }));
        let tab = stage.open("/", page).await?;
        // The console is the second module's, which comes when the page is idle.
        tab.wait_for("!/native code/.test(console.error)", SOON).await?;
        tab.evaluate(
            "console.error('the cart is', new Error('broken cart'), { secret: 'object' }); flood(); \
             new Promise((later) => setTimeout(later, 300))",
        )
        .await?;
        let shown = stage
.told(&tab, |view| {
                let console = find(view, "errors", "kind", "console").ok_or("no console error")?;
                let text = console["message"].as_str().unwrap_or_default();
                if !text.contains("the cart is") {
                    return Err(format!("the console error is {text}"));
                }
                error(view, "fault 0").map(drop)
            })
            .await?;
        let errors = list(&shown, "errors").len();
        ensure!((20..=101).contains(&errors), "{errors} errors told singly");
        ensure!(!shown.to_string().contains("secret"), "{shown:#}");
        let slis = stage.collector.slis(stage.from_ms, "").await?;
        ensure!(
            slis["coverage"]["client_drops"].as_u64() > Some(0),
            "what is not told is counted: {slis:#}"
        );
        Ok(())
    })
    .await
}

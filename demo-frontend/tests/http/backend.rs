//! The backend's paths as a page meets them: bodies, statuses, CORS.

use crate::harness::{ORIGIN, TestDemo, changed, header, quick_phase, send};
use reqwest::{Method, Response};
use serde_json::{Value, json};

async fn body(response: Response) -> Value {
    response.json().await.expect("a JSON answer")
}

fn assert_cors(response: &Response, what: &str) {
    assert_eq!(
        header(response, "access-control-allow-origin"),
        Some(ORIGIN),
        "{what}"
    );
    assert_eq!(
        header(response, "access-control-allow-credentials"),
        Some("true"),
        "{what}"
    );
    let allowed = header(response, "access-control-allow-headers").unwrap_or_default();
    assert!(
        allowed.contains("user") && allowed.contains("Content-Type"),
        "{what}: {allowed}"
    );
    for absent in [
        "access-control-max-age",
        "access-control-expose-headers",
        "timing-allow-origin",
    ] {
        assert_eq!(header(response, absent), None, "{what}");
    }
}

#[tokio::test]
async fn login_answers_success_and_opens_the_session_the_other_paths_need() {
    let test = TestDemo::start().await;
    let before = send(test.call(Method::GET, "/startup", "ann")).await;
    assert_eq!(before.status(), 500);
    assert_cors(&before, "an unknown session");
    assert_eq!(
        before.text().await.expect("text").trim(),
        "unexpected end of JSON input"
    );

    let login = send(test.call(Method::POST, "/login", "ann")).await;
    assert_eq!(login.status(), 200);
    assert_cors(&login, "login");
    assert_eq!(header(&login, "set-cookie"), None);
    assert_eq!(body(login).await, json!({ "login": "success" }));
    assert_eq!(
        send(test.call(Method::GET, "/startup", "ann"))
            .await
            .status(),
        200
    );

    let logout = send(test.call(Method::GET, "/logout", "ann")).await;
    assert_eq!(logout.status(), 200);
    assert_eq!(
        send(test.call(Method::GET, "/history", "ann"))
            .await
            .status(),
        500
    );
}

#[tokio::test]
async fn a_failed_login_leaves_without_any_cors_header() {
    let test = TestDemo::start().await;
    test.post_phase(&changed(quick_phase(), &[("LoginSuccess", json!(0))]))
        .await;
    let failed = send(test.call(Method::POST, "/login", "ann")).await;
    assert_eq!(failed.status(), 500);
    let nobody = send(test.call(Method::POST, "/login", "")).await;
    assert_eq!(nobody.status(), 401);
    for response in [failed, nobody] {
        let cors = response
            .headers()
            .keys()
            .find(|name| name.as_str().starts_with("access-control"));
        assert_eq!(cors, None);
    }
}

#[tokio::test]
async fn every_path_answers_preflights_with_its_methods_and_the_callers_origin() {
    let test = TestDemo::start().await;
    for path in [
        "/",
        "/login",
        "/logout",
        "/history",
        "/chat",
        "/preferences",
        "/startup",
        "/nowhere",
    ] {
        let answer = send(test.call(Method::OPTIONS, path, "")).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_cors(&answer, path);
        let methods = header(&answer, "access-control-allow-methods").unwrap_or_default();
        assert!(
            methods.contains("POST") && methods.contains("DELETE"),
            "{path}: {methods}"
        );
    }
    let plain = send(test.call(Method::GET, "/", "")).await;
    assert_eq!(header(&plain, "access-control-allow-methods"), None);
}

#[tokio::test]
async fn startup_and_chat_answer_in_the_agents_shape() {
    let test = TestDemo::start().await;
    test.sign_in("ann").await;
    let startup = send(test.call(Method::GET, "/startup", "ann")).await;
    assert_cors(&startup, "startup");
    for answer in [
        body(startup).await,
        body(test.chat("ann", "Something tense").await).await,
    ] {
        let mut keys: Vec<&str> = answer
            .as_object()
            .expect("an object")
            .keys()
            .map(String::as_str)
            .collect();
        keys.sort_unstable();
        assert_eq!(
            keys,
            [
                "answer",
                "context",
                "error_message",
                "preferences",
                "relevant_movies",
                "result"
            ]
        );
        assert_eq!(answer["result"], "SUCCESS");
        let film = &answer["context"][0];
        for field in [
            "title",
            "runtime_minutes",
            "genres",
            "rating",
            "plot",
            "released",
            "director",
            "actors",
            "poster",
            "tconst",
        ] {
            assert!(!film[field].is_null(), "{field} in {film}");
        }
        assert_eq!(answer["relevant_movies"][0], film["title"]);
        for attitude in ["likes", "dislikes"] {
            for key in ["actors", "directors", "genres", "others"] {
                assert!(
                    answer["preferences"][attitude][key].is_array(),
                    "{attitude}.{key}"
                );
            }
        }
    }
}

#[tokio::test]
async fn the_history_holds_the_conversation_until_it_is_deleted() {
    let test = TestDemo::start().await;
    test.sign_in("ann").await;
    test.chat("ann", "Something tense").await;
    let history = body(send(test.call(Method::GET, "/history", "ann")).await).await;
    assert_eq!(
        history[0],
        json!({ "role": "user", "content": "Something tense" })
    );
    assert_eq!(history[1]["role"], "agent");

    let deleted = send(test.call(Method::DELETE, "/history", "ann")).await;
    assert_eq!(deleted.status(), 204);
    assert_cors(&deleted, "delete");
    assert_eq!(deleted.bytes().await.expect("a body").len(), 0);
    assert_eq!(
        body(send(test.call(Method::GET, "/history", "ann")).await).await,
        json!([])
    );
}

#[tokio::test]
async fn saved_preferences_are_what_is_read_afterwards() {
    let test = TestDemo::start().await;
    test.sign_in("ann").await;
    let mut preferences = body(send(test.call(Method::GET, "/preferences", "ann")).await).await;
    preferences["likes"]["genres"] = json!(["Western"]);
    let update = test
        .call(Method::POST, "/preferences", "ann")
        .json(&json!({ "content": preferences }));
    assert_eq!(
        body(send(update).await).await,
        json!({ "update": "success" })
    );
    let startup = body(send(test.call(Method::GET, "/startup", "ann")).await).await;
    assert_eq!(startup["preferences"], preferences);
}

#[tokio::test]
async fn a_startup_answer_shows_the_preferences_of_when_it_was_asked_for() {
    let test = TestDemo::start().await;
    test.sign_in("ann").await;
    let slow = [
        ("StartupLatencyMinMS", json!(400)),
        ("StartupLatencyMaxMS", json!(400)),
    ];
    test.post_phase(&changed(quick_phase(), &slow)).await;
    let startup = tokio::spawn(test.call(Method::GET, "/startup", "ann").send());
    test.wait_for("/backend-log", |log| {
        log["in_flight"][0]["path"] == "/startup"
    })
    .await;
    let none = json!({ "content": { "likes": {}, "dislikes": {} } });
    send(test.call(Method::POST, "/preferences", "ann").json(&none)).await;
    let startup = startup.await.expect("a task").expect("an answer");
    assert_eq!(
        body(startup).await["preferences"]["likes"]["genres"][0],
        "Thriller"
    );
}

#[tokio::test]
async fn a_failed_chat_is_an_http_error_or_an_answer_that_says_error_as_asked() {
    for (asked, expected) in [
        ("http500", [(500, false), (500, false)]),
        ("result-error", [(200, true), (200, true)]),
        ("mix", [(500, false), (200, true)]),
    ] {
        let test = TestDemo::with(&["--chat-failure", asked]).await;
        test.sign_in("ann").await;
        test.post_phase(&changed(quick_phase(), &[("ChatSuccess", json!(0))]))
            .await;
        for (status, says_error) in expected {
            let answer = test.chat("ann", "hello").await;
            assert_eq!(answer.status(), status, "{asked}");
            assert_cors(&answer, asked);
            let text = answer.text().await.expect("text");
            assert_eq!(
                text.contains(r#""result":"ERROR""#),
                says_error,
                "{asked}: {text}"
            );
        }
    }
}

#[tokio::test]
async fn an_unsafe_message_is_answered_with_200_and_result_unsafe() {
    let test = TestDemo::start().await;
    test.sign_in("ann").await;
    test.post_phase(&changed(quick_phase(), &[("ChatSafetyIssue", json!(1))]))
        .await;
    let answer = test.chat("ann", "hello").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(body(answer).await["result"], "UNSAFE");
}

#[tokio::test]
async fn a_message_over_1000_characters_gets_its_connection_dropped() {
    let test = TestDemo::start().await;
    test.sign_in("ann").await;
    assert_eq!(test.chat("ann", &"ä".repeat(1000)).await.status(), 200);
    let message = json!({ "content": "ä".repeat(1001) });
    let outcome = test
        .call(Method::POST, "/chat", "ann")
        .json(&message)
        .send()
        .await;
    assert!(outcome.is_err(), "{outcome:?}");
}

#[tokio::test]
async fn unknown_paths_and_methods_without_a_branch_answer_200() {
    let test = TestDemo::start().await;
    for (method, path) in [
        (Method::GET, "/"),
        (Method::GET, "/nowhere"),
        (Method::POST, "/logout"),
        (Method::POST, "/history"),
    ] {
        let answer = send(test.call(method, path, "ann")).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_cors(&answer, path);
    }
}

#[tokio::test]
async fn latencies_are_really_waited() {
    let test = TestDemo::start().await;
    let slow = [
        ("LoginLatencyMinMS", json!(150)),
        ("LoginLatencyMaxMS", json!(150)),
    ];
    test.post_phase(&changed(quick_phase(), &slow)).await;
    let begun = std::time::Instant::now();
    test.sign_in("ann").await;
    assert!(begun.elapsed().as_millis() >= 150, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn work_whose_client_left_is_still_finished_and_counted() {
    let test = TestDemo::start().await;
    test.sign_in("ann").await;
    let slow = [
        ("ChatLatencyMinMS", json!(300)),
        ("ChatLatencyMaxMS", json!(300)),
    ];
    test.post_phase(&changed(quick_phase(), &slow)).await;
    let message = test
        .call(Method::POST, "/chat", "ann")
        .json(&json!({ "content": "hello" }));
    let closing_tab = tokio::spawn(message.send());
    test.wait_for("/backend-log", |log| log["in_flight"][0]["path"] == "/chat")
        .await;
    closing_tab.abort();
    let answered = |log: &Value| {
        log["entries"].as_array().is_some_and(|e| {
            e.iter()
                .any(|e| e["path"] == "/chat" && e["result"] == "SUCCESS")
        })
    };
    test.wait_for("/backend-log", answered).await;
}

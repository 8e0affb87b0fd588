//! Users: who is let in, by what, for how long, and what ends it; and that no secret is ever written down.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::http::get;
use tickwire_tests::metrics::Scrape;
use tickwire_tests::users::{
    JSON, PASSWORD, add, connect, cookies, done, post, required, token, tokens, user,
};
use tickwire_tests::wire::{Frame, Handshake, PATIENCE, Wire};

/// A browser's form.
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A login that ends soon enough to be waited for.
fn short_lived() -> Setup {
    Setup::sim(2, 20).arg("--access-token-minutes", "0.1")
}

fn greeting(wire: &mut Wire) -> Result<Frame> {
    wire.wait_for_kind("CONNECTION_ESTABLISHED")
}

/// Reads to the end of a connection that was not let in: nothing but an ERROR came.
fn not_let_in(wire: &mut Wire) -> Result<String> {
    let (code, reason) = wire.closed(PATIENCE)?;
    ensure!(
        (code, reason.as_str()) == (1008, "login_required"),
        "{code} {reason}"
    );
    let kinds: Vec<&str> = wire.log.iter().map(Frame::kind).collect();
    ensure!(kinds == ["ERROR"], "{kinds:?}");
    ensure!(wire.log[0].json["code"] == "UNAUTHORIZED", "{}", wire.log[0].text);
    Ok(wire.log[0].text.clone())
}

fn accepted(handshake: Handshake) -> Result<Wire> {
    match handshake {
        Handshake::Accepted(wire, _) => Ok(*wire),
        Handshake::Refused(status) => anyhow::bail!("refused with {status}"),
    }
}

#[test]
fn a_program_is_let_in_by_a_token_in_any_of_its_places() -> Result<()> {
    let desk = required(Setup::sim(2, 20))?;
    // Added while it runs.
    add(&desk, "ann", "trader")?;
    let token = token(&desk, "Ann")?;
    let mut by_header = connect(&desk, &token)?;
    let told = greeting(&mut by_header)?;
    assert_eq!(told.json["user"]["name"], "ann");
    assert_eq!(told.json["user"]["role"], "trader");
    assert_eq!(told.json["account"], "acct-2");
    // What all connections of a user share is told before it bites.
    for (bound, figure) in [
        ("user_commands_per_second", 60),
        ("user_command_burst", 180),
        ("user_connections_max", 64),
    ] {
        assert_eq!(told.json["limits"][bound], figure, "{bound}");
    }
    by_header.wait_for_kind("POSITION_UPDATE")?;
    by_header.wait_for_kind("PORTFOLIO_UPDATE")?;
    by_header.answer(r#"{"action":"get_risk"}"#, "RISK_STATUS_UPDATE")?;
    by_header.answer(r#"{"action":"get_orders"}"#, "ORDERS")?;

    let mut by_query = accepted(Wire::handshake_at(desk.address(), &format!("?token={token}"))?)?;
    assert_eq!(greeting(&mut by_query)?.json["account"], "acct-2");

    let mut by_frame = Wire::connect(desk.address())?;
    by_frame.send(&json!({"action": "authenticate", "id": "a1", "token": token}).to_string())?;
    let told = by_frame.wait_for_kind("AUTH_OK")?;
    assert_eq!(told.json["id"], "a1");
    assert!(told.json["expires_at"].as_i64().is_some());
    assert_eq!(by_frame.log[0].kind(), "CONNECTION_ESTABLISHED");
    Ok(())
}

#[test]
fn whoever_shows_nothing_or_something_else_is_told_nothing_and_closed() -> Result<()> {
    let desk = required(short_lived())?;
    add(&desk, "ann", "trader")?;
    let good = token(&desk, "ann")?;
    let mut silent = Wire::connect(desk.address())?;
    let mut subscriber = Wire::connect(desk.address())?;
    subscriber.send(r#"{"action":"subscribe","id":"s1","topics":["orders"]}"#)?;
    assert!(not_let_in(&mut subscriber)?.contains("\"id\":\"s1\""));
    let mut garbage = Wire::connect(desk.address())?;
    garbage.send("garbage")?;
    not_let_in(&mut garbage)?;
    let mut turned = good.clone();
    turned.truncate(good.len() - 4);
    turned.push_str("AAAA");
    for wrong in ["x", "a.b.c", &turned] {
        not_let_in(&mut connect(&desk, wrong)?)?;
        not_let_in(&mut accepted(Wire::handshake_at(
            desk.address(),
            &format!("?token={wrong}"),
        )?)?)?;
        let mut wire = Wire::connect(desk.address())?;
        wire.send(&json!({"action": "authenticate", "token": wrong}).to_string())?;
        not_let_in(&mut wire)?;
    }
    not_let_in(&mut silent)?;
    // Another desk's key signs for itself alone.
    let other = required(Setup::sim(2, 20))?;
    add(&other, "ann", "trader")?;
    not_let_in(&mut connect(&desk, &token(&other, "ann")?)?)?;
    std::thread::sleep(Duration::from_secs(7));
    let said = connect(&desk, &good).and_then(|mut wire| not_let_in(&mut wire))?;
    assert!(said.contains("expired"), "{said}");
    // Each of them is counted: four of a kind of their own, nine wrong tokens, and the one that was good once.
    let counts = Scrape::of(desk.address())?;
    for counted in [
        "tickwire_connections_closed_total{reason=\"login_required\"}",
        "tickwire_connections_opened_total",
        "tickwire_messages_total{direction=\"out\",type=\"ERROR\"}",
    ] {
        assert_eq!(counts.number(counted), 14.0, "{counted}");
    }
    Ok(())
}

#[test]
fn a_login_is_renewed_without_a_break_and_closes_where_it_is_not() -> Result<()> {
    let desk = required(short_lived())?;
    add(&desk, "ann", "trader")?;
    let first = tokens(&desk, "ann")?;
    let access = first["access_token"].as_str().context("a token")?;
    let (mut renewed, mut left) = (connect(&desk, access)?, connect(&desk, access)?);
    renewed.subscribe(&["orders"])?;
    let told = renewed.wait_for_kind("AUTH_EXPIRING")?;
    assert!(
        told.json["in_ms"].as_u64().is_some_and(|ms| ms <= 7_000),
        "{}",
        told.text
    );
    let body = json!({"refresh_token": first["refresh_token"]}).to_string();
    let answer = post(desk.address(), "/api/auth/refresh", &[JSON], &body)?;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let next: Value = serde_json::from_str(&answer.text())?;
    renewed.send(&json!({"action": "authenticate", "id": "r", "token": next["access_token"]}).to_string())?;
    renewed.wait_for_kind("AUTH_OK")?;
    assert_eq!(
        left.closed(Duration::from_secs(30))?,
        (4004, "auth_expired".to_owned())
    );
    assert!(left.log.iter().any(|frame| frame.kind() == "AUTH_EXPIRING"));
    renewed.ping()?;
    assert!(renewed.end.is_none());

    // The first refresh token comes again: somebody has stolen one of the two, so the login ends for both.
    let again = post(desk.address(), "/api/auth/refresh", &[JSON], &body)?;
    assert_eq!(again.status, 401, "{}", again.text());
    assert_eq!(renewed.closed(PATIENCE)?, (4506, "login_ended".to_owned()));
    let body = json!({"refresh_token": next["refresh_token"]}).to_string();
    assert_eq!(
        post(desk.address(), "/api/auth/refresh", &[JSON], &body)?.status,
        401
    );
    Ok(())
}

#[test]
fn a_disabled_user_a_new_password_and_a_logout_close_connections() -> Result<()> {
    let desk = required(Setup::sim(2, 20))?;
    for name in ["ann", "bob"] {
        add(&desk, name, "trader")?;
    }
    let mut bystander = connect(&desk, &token(&desk, "bob")?)?;
    let data = desk.data_dir();
    let ended = Some((4506, "login_ended".to_owned()));
    for (args, input) in [
        (["passwd", "ann"], format!("{PASSWORD}\n")),
        (["disable", "ann"], String::new()),
    ] {
        let access = token(&desk, "ann")?;
        let mut wire = connect(&desk, &access)?;
        greeting(&mut wire)?;
        done(&data, &args, &input)?;
        assert_eq!(Some(wire.closed(PATIENCE)?), ended, "{args:?}");
        not_let_in(&mut connect(&desk, &access)?)?;
    }
    assert!(tokens(&desk, "ann").is_err(), "disabled");
    done(&data, &["enable", "ann"], "")?;
    let access = token(&desk, "ann")?;
    let mut wire = connect(&desk, &access)?;
    greeting(&mut wire)?;
    let bearer = format!("Bearer {access}");
    let left = post(
        desk.address(),
        "/api/auth/logout",
        &[("authorization", &bearer)],
        "",
    )?;
    assert_eq!(left.status, 204, "{}", left.text());
    assert_eq!(Some(wire.closed(PATIENCE)?), ended);
    bystander.ping()?;
    Ok(())
}

#[test]
fn a_viewer_sees_and_cannot_act() -> Result<()> {
    let desk = required(Setup::sim(2, 20))?;
    add(&desk, "vic", "viewer")?;
    let mut wire = connect(&desk, &token(&desk, "vic")?)?;
    assert_eq!(greeting(&mut wire)?.json["user"]["role"], "viewer");
    wire.subscribe(&["orders", "executions", "risk", "alerts"])?;
    for command in [
        r#"{"action":"pause_trading"}"#,
        r#"{"action":"stop_trading"}"#,
        r#"{"action":"flatten_all","client_order_id":"f1"}"#,
        r#"{"action":"cancel_all_orders"}"#,
    ] {
        let answer = wire.ask(command)?;
        assert_eq!(answer.json["code"], "FORBIDDEN", "{}", answer.text);
        assert_eq!(answer.json["outcome"], "not_executed", "{}", answer.text);
    }
    let risk = wire.answer(r#"{"action":"get_risk"}"#, "RISK_STATUS_UPDATE")?;
    assert_eq!(risk.json["data"]["status"], "normal");
    Ok(())
}

/// What a browser sends with a form of the desk's own page.
fn log_in(
    desk: &Desk,
    name: &str,
    password: &str,
    headers: &[(&str, &str)],
) -> Result<tickwire_tests::http::Answer> {
    let body = format!(
        "name={name}&password={}&next=%2F%3Fsymbol%3DSIM1USDT",
        password.replace(' ', "+")
    );
    let all: Vec<_> = headers.iter().copied().chain([FORM]).collect();
    post(desk.address(), "/login", &all, &body)
}

#[test]
fn a_page_is_seen_after_the_login_form_and_works_without_a_script() -> Result<()> {
    let desk = required(Setup::sim(2, 20))?;
    add(&desk, "ann", "trader")?;
    let origin = format!("http://{}", desk.address());
    let own = [("origin", origin.as_str())];
    let away = get(desk.address(), "/?symbol=SIM1USDT", &[])?;
    assert_eq!(
        (away.status, away.header("location")),
        (303, "/login?next=%2F%3Fsymbol%3DSIM1USDT")
    );
    let page = get(desk.address(), away.header("location"), &[])?;
    assert_eq!(page.status, 200);
    let html = page.text();
    assert!(
        html.contains(r#"<form method="post" action="/login""#) && !html.contains("acct-"),
        "{html}"
    );
    assert_eq!(page.header("cache-control"), "no-store");
    let policy = page.header("content-security-policy");
    for may in ["style-src 'self'", "script-src 'self'", "form-action 'self'"] {
        assert!(policy.contains(may), "{may} in {policy}");
    }
    assert_eq!(get(desk.address(), "/health", &[])?.status, 200);
    if tickwire_tests::binary::released().is_some() {
        // Only a built binary carries the site.
        assert_eq!(get(desk.address(), "/favicon.svg", &[])?.status, 200);
    }
    let lost = get(desk.address(), "/no-such-page", &[])?;
    assert!(lost.status == 404 && !lost.text().contains("PORTFOLIO_UPDATE"));

    let wrong = log_in(&desk, "ann", "wrong horse", &own)?;
    assert!(wrong.status == 401 && wrong.text().contains("The name or the password is wrong."));
    let unknown = log_in(&desk, "nobody", PASSWORD, &own)?;
    let blind = |text: String, name: &str| text.replace(name, "NAME");
    assert_eq!(
        blind(unknown.text(), "nobody"),
        blind(wrong.text(), "ann"),
        "nobody learns who there is"
    );

    let entered = log_in(&desk, "ann", PASSWORD, &own)?;
    assert_eq!(
        (entered.status, entered.header("location")),
        (303, "/?symbol=SIM1USDT")
    );
    for cookie in entered.headers_named("set-cookie") {
        assert!(cookie.contains("; HttpOnly; SameSite=Strict"), "{cookie}");
    }
    let cookie = cookies(&entered);
    let page = get(desk.address(), "/", &[("cookie", &cookie)])?;
    assert!(
        page.status == 200 && page.text().contains("Log out"),
        "{}",
        page.status
    );
    assert_eq!(page.header("cache-control"), "no-store");

    // The socket of the page, and one of another site's page in the same browser.
    let shown = [("cookie", cookie.as_str()), ("origin", origin.as_str())];
    let mut socket = accepted(Wire::handshake(desk.address(), &shown)?)?;
    greeting(&mut socket)?;
    let foreign = [("cookie", cookie.as_str()), ("origin", "http://evil.example")];
    assert!(matches!(
        Wire::handshake(desk.address(), &foreign)?,
        Handshake::Refused(403)
    ));

    // A page that slept comes back by its refresh cookie alone.
    let refresh = cookie
        .split("; ")
        .find(|pair| pair.starts_with("tickwire_refresh"))
        .context("two cookies")?;
    let slept = get(desk.address(), "/", &[("cookie", refresh)])?;
    assert_eq!(slept.status, 200);
    let cookie = cookies(&slept);
    assert!(
        cookie.contains("tickwire_access=") && cookie.contains("tickwire_refresh="),
        "{cookie}"
    );
    let renewed = post(
        desk.address(),
        "/api/auth/refresh",
        &[("cookie", &cookie), own[0]],
        "",
    )?;
    assert_eq!(renewed.status, 200, "{}", renewed.text());
    let body: Value = serde_json::from_str(&renewed.text())?;
    assert!(
        body["access_token"].is_string() && body["refresh_token"].is_null(),
        "{body}"
    );
    let cookie = cookies(&renewed);

    let out = post(
        desk.address(),
        "/logout",
        &[("cookie", &cookie), own[0], FORM],
        "",
    )?;
    assert_eq!((out.status, out.header("location")), (303, "/login"));
    assert!(
        out.headers_named("set-cookie")
            .all(|cookie| cookie.contains("Max-Age=0"))
    );
    assert_eq!(socket.closed(PATIENCE)?, (4506, "login_ended".to_owned()));
    assert_eq!(get(desk.address(), "/", &[("cookie", &cookie)])?.status, 303);
    Ok(())
}

#[test]
fn another_sites_page_changes_nothing() -> Result<()> {
    let desk = required(Setup::sim(2, 20))?;
    add(&desk, "ann", "trader")?;
    let origin = format!("http://{}", desk.address());
    let cookie = cookies(&log_in(&desk, "ann", PASSWORD, &[("origin", &origin)])?);
    for headers in [
        [("origin", "http://evil.example"), ("x-filler", "1")],
        [("origin", "null"), ("x-filler", "1")],
        [("origin", origin.as_str()), ("sec-fetch-site", "cross-site")],
        [("origin", origin.as_str()), ("sec-fetch-site", "same-site")],
    ] {
        for path in [
            "/login",
            "/logout",
            "/api/auth/token",
            "/api/auth/refresh",
            "/api/auth/logout",
        ] {
            let all = [headers[0], headers[1], ("cookie", cookie.as_str()), FORM];
            let answer = post(desk.address(), path, &all, "name=ann")?;
            assert_eq!(answer.status, 403, "{path} {headers:?}: {}", answer.text());
            assert_eq!(answer.headers_named("set-cookie").count(), 0);
        }
    }
    assert_eq!(
        get(desk.address(), "/", &[("cookie", &cookie)])?.status,
        200,
        "still logged in"
    );
    Ok(())
}

#[test]
fn guessing_is_slowed_down_and_told_so() -> Result<()> {
    let desk = required(Setup::sim(2, 20))?;
    add(&desk, "ann", "trader")?;
    let guess = |name: &str| {
        let body = json!({"name": name, "password": "guess guess"}).to_string();
        post(desk.address(), "/api/auth/token", &[JSON], &body)
    };
    for name in ["ann", "nobody"] {
        let mut refused = None;
        for _ in 0..30 {
            let answer = guess(name)?;
            if answer.status == 429 {
                refused = Some(answer);
                break;
            }
            assert_eq!(answer.status, 401, "{}", answer.text());
        }
        let refused = refused.context("it was never slowed down")?;
        assert!(refused.header("retry-after").parse::<u64>()? > 0);
        assert!(
            refused.text().contains("RATE_LIMITED") && refused.text().contains("wait"),
            "{}",
            refused.text()
        );
    }
    let malformed = post(
        desk.address(),
        "/api/auth/token",
        &[JSON],
        r#"{"name":"ann","password":["hunter22"]}"#,
    )?;
    assert!(
        malformed.status == 400 && !malformed.text().contains("hunter22"),
        "{}",
        malformed.text()
    );
    Ok(())
}

#[test]
fn users_are_kept_on_the_command_line() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path();
    let added = done(data, &["add", "ann"], &format!("{PASSWORD}\n"))?;
    let file = data.join("users.db");
    assert_eq!(
        added,
        format!("added ann (trader), account acct-2, in {}\n", file.display())
    );
    done(data, &["add", "bob", "--role", "viewer"], PASSWORD)?;
    done(data, &["disable", "bob"], "")?;
    assert_eq!(
        done(data, &["list"], "")?,
        "ann\ttrader\tacct-2\tenabled\nbob\tviewer\tacct-3\tdisabled\n"
    );
    for (args, input, told) in [
        (vec!["add", "ann"], PASSWORD, "already"),
        (vec!["add", "a b"], PASSWORD, "name"),
        (vec!["add", "cat"], "short\n", "at least 8"),
        (vec!["add", "cat"], "", "at least 8"),
        (vec!["add", "cat", "--role", "king"], PASSWORD, "--role"),
        (vec!["add", "cat", "--password", "secret12"], "", "--password"),
        (vec!["passwd", "nobody"], PASSWORD, "no user nobody"),
        (vec!["disable", "nobody"], "", "no user nobody"),
    ] {
        let ending = user(data, &args, input)?;
        assert!(
            ending.code.is_some_and(|code| code != 0),
            "{args:?}: {}",
            ending.stdout
        );
        assert!(ending.stderr.contains(told), "{args:?}: {}", ending.stderr);
        assert_eq!(ending.stderr.lines().count(), 1, "{}", ending.stderr);
    }
    let bytes = std::fs::read(file)?;
    assert!(!String::from_utf8_lossy(&bytes).contains(PASSWORD));
    Ok(())
}

#[test]
fn an_account_of_a_journal_is_not_given_to_the_users_of_another_file() -> Result<()> {
    let mut desk = required(Setup::sim(2, 20))?;
    add(&desk, "ann", "trader")?;
    desk.kill()?;
    std::fs::remove_file(desk.data_dir().join("users.db"))?;
    let error = desk.restart().unwrap_err().to_string();
    assert!(error.contains("users.db") && error.contains("restore"), "{error}");
    Ok(())
}

#[test]
fn no_password_and_no_token_is_ever_logged() -> Result<()> {
    let desk = required(
        Setup::sim(2, 20)
            .arg("--log", "trace")
            .arg("--log-format", "json"),
    )?;
    add(&desk, "ann", "trader")?;
    let tokens = tokens(&desk, "ann")?;
    let text = |name: &str| tokens[name].as_str().map(str::to_owned).context("a token");
    let (access, refresh) = (text("access_token")?, text("refresh_token")?);
    greeting(&mut connect(&desk, &access)?)?;
    greeting(&mut accepted(Wire::handshake_at(
        desk.address(),
        &format!("?token={access}"),
    )?)?)?;
    let mut wire = Wire::connect(desk.address())?;
    wire.send(&json!({"action": "authenticate", "id": "a", "token": access}).to_string())?;
    wire.wait_for_kind("AUTH_OK")?;
    let lasting = done(&desk.data_dir(), &["token", "ann", "--days", "1"], "")?;
    let lasting = lasting.trim_end().to_owned();
    for token in [&access, &lasting] {
        let mut wire = Wire::connect_at(desk.address(), "/v5/private")?;
        wire.send(&json!({"op": "auth", "args": [token, 1, "signature"]}).to_string())?;
        // The second one may not be known to the running desk yet, and is shown to it all the same.
        wire.read_for(Duration::from_millis(700))?;
    }
    let origin = format!("http://{}", desk.address());
    let entered = log_in(&desk, "ann", PASSWORD, &[("origin", &origin)])?;
    let cookie = cookies(&entered);
    assert_eq!(get(desk.address(), "/", &[("cookie", &cookie)])?.status, 200);
    let body = json!({"refresh_token": refresh}).to_string();
    let renewed = post(desk.address(), "/api/auth/refresh", &[JSON], &body)?;
    let renewed: Value = serde_json::from_str(&renewed.text())?;
    post(
        desk.address(),
        "/login",
        &[FORM],
        "name=typed-instead-of-a-name&password=",
    )?;
    let lines = wire.answer(r#"{"action":"get_logs"}"#, "LOGS")?.text;
    assert!(
        !lines.contains("user=ann") && !lines.contains("logged in"),
        "the page's log is everybody's: {lines}"
    );

    let words = desk.words();
    assert!(words.contains("DEBUG"), "the finer lines are there");
    assert!(
        words.contains("logged in") && words.contains("\"user\":\"ann\""),
        "the operator sees who logged in"
    );
    let mut secrets = vec![
        PASSWORD.to_owned(),
        access,
        lasting,
        refresh,
        "typed-instead-of-a-name".to_owned(),
    ];
    secrets.extend(
        cookie
            .split("; ")
            .filter_map(|pair| pair.split_once('='))
            .map(|(_, value)| value.to_owned()),
    );
    secrets.extend(
        ["access_token", "refresh_token"]
            .iter()
            .filter_map(|name| renewed[name].as_str().map(str::to_owned)),
    );
    let words = words.to_lowercase();
    for secret in &secrets {
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        for form in [
            secret.to_lowercase(),
            secret.replace(' ', "+").to_lowercase(),
            hex,
        ] {
            assert!(!words.contains(&form), "{} is in the log", &secret[..4]);
        }
    }
    Ok(())
}

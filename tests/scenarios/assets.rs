//! The binary carries its site: copied alone into an empty folder it serves all of it, compressed, typed and versioned.

use anyhow::{Context as _, Result};
use tickwire_tests::binary;
use tickwire_tests::desk::Desk;
use tickwire_tests::http::{Answer, get};

const BROTLI: (&str, &str) = ("accept-encoding", "gzip, br");

/// A desk whose binary lies alone in an empty folder. None under a plain `cargo test`, where no site need be built.
fn lone_desk() -> Result<Option<(Desk, tempfile::TempDir)>> {
    let Some(released) = binary::released() else {
        eprintln!("not run: TICKWIRE_BIN names no binary that carries a site; `cargo xtask test` does");
        return Ok(None);
    };
    let folder = tempfile::tempdir()?;
    let copy = folder
        .path()
        .join(released.file_name().context("TICKWIRE_BIN names a file")?);
    std::fs::copy(released, &copy)?;
    Ok(Some((Desk::start_binary(&copy)?, folder)))
}

/// The versioned URL of the glue, as the page names it, and the folder it lies in.
fn package_url(page: &Answer) -> Result<String> {
    let html = page.text();
    let (before, _) = html
        .split_once("/tickwire.js")
        .context("the page names its glue")?;
    let (_, folder) = before.rsplit_once('"').context("in a quoted URL")?;
    Ok(folder.to_owned())
}

#[test]
fn every_asset_is_compressed_typed_and_immutable() -> Result<()> {
    let Some((desk, _folder)) = lone_desk()? else {
        return Ok(());
    };
    let package = package_url(&get(desk.address(), "/", &[])?)?;
    let cases = [
        ("tickwire.js", "text/javascript; charset=utf-8"),
        ("tickwire_bg.wasm", "application/wasm"),
        ("tickwire.css", "text/css; charset=utf-8"),
        ("lightweight-charts.js", "text/javascript; charset=utf-8"),
    ];
    for (file, content_type) in cases {
        let url = format!("{package}/{file}");
        let compressed = get(desk.address(), &url, &[BROTLI])?;
        assert_eq!(compressed.status, 200, "{file}");
        assert_eq!(compressed.header("content-type"), content_type, "{file}");
        assert_eq!(compressed.header("content-encoding"), "br", "{file}");
        assert_eq!(compressed.header("vary"), "accept-encoding", "{file}");
        assert!(compressed.header("cache-control").contains("immutable"), "{file}");

        let plain = get(desk.address(), &url, &[])?;
        assert_eq!(
            (plain.status, plain.header("content-encoding")),
            (200, ""),
            "{file}"
        );
        assert!(plain.body.len() > compressed.body.len(), "{file}");
        assert_ne!(
            plain.header("etag"),
            compressed.header("etag"),
            "{file}: two forms, two tags"
        );
    }
    Ok(())
}

#[test]
fn a_known_asset_is_not_sent_again() -> Result<()> {
    let Some((desk, _folder)) = lone_desk()? else {
        return Ok(());
    };
    let first = get(desk.address(), "/favicon.svg", &[BROTLI])?;
    assert_eq!((first.status, first.header("cache-control")), (200, "no-cache"));

    let again = get(
        desk.address(),
        "/favicon.svg",
        &[BROTLI, ("if-none-match", first.header("etag"))],
    )?;
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(again.header("etag"), first.header("etag"));
    Ok(())
}

#[test]
fn another_builds_assets_are_not_found_and_pages_are_never_kept() -> Result<()> {
    let Some((desk, _folder)) = lone_desk()? else {
        return Ok(());
    };
    assert_eq!(get(desk.address(), "/", &[])?.header("cache-control"), "no-cache");
    for path in [
        "/pkg/0000000000000000/tickwire.js",
        "/pkg/tickwire.js",
        "/pkg/../favicon.svg",
    ] {
        assert_eq!(get(desk.address(), path, &[])?.status, 404, "{path}");
    }
    Ok(())
}

#[test]
fn a_killed_desk_comes_back_on_its_port() -> Result<()> {
    let mut desk = Desk::start()?;
    let before = desk.address();
    desk.kill_and_restart()?;
    assert_eq!(desk.address(), before);
    assert_eq!(get(desk.address(), "/", &[])?.status, 200);
    Ok(())
}

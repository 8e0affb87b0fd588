//! Deploying is copying one file: alone in an empty folder, without a flag, it serves a desk and keeps its data.

use anyhow::Result;
use tickwire_tests::binary;
use tickwire_tests::desk::Setup;
use tickwire_tests::http::get;
use tickwire_tests::order::{Market, history};
use tickwire_tests::wire::Wire;

#[test]
fn the_binary_alone_in_an_empty_folder_is_a_desk() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let copy = folder.path().join("tickwire");
    std::fs::copy(binary::path()?, &copy)?;
    let mut desk = Setup::new().binary(&copy).own_data_dir().start()?;
    assert_eq!(get(desk.address(), "/health", &[])?.status, 200);
    let mut wire = Wire::connect(desk.address())?;
    let market = Market::of(&mut wire, "BTCUSDT")?;
    wire.acked(&market.order("buy", market.worth(100)))?;
    if binary::released().is_some() {
        let page = get(desk.address(), "/", &[])?;
        assert_eq!(page.status, 200);
        assert!(page.text().contains("tickwire.js"), "the page names its script");
    }

    desk.kill_and_restart()?;
    let mut wire = Wire::connect(desk.address())?;
    assert_eq!(
        history(&mut wire, "executions")?.len(),
        1,
        "its data lie where it finds them again"
    );
    let left: Vec<_> = std::fs::read_dir(folder.path())?.filter_map(Result::ok).collect();
    assert_eq!(
        left.len(),
        1,
        "nothing is written beside the binary, only in the working folder"
    );
    Ok(())
}

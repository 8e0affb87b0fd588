//! The chart library: TradingView's Lightweight Charts, as one standalone ES module, with its licence.

use std::fs;

use anyhow::{Context as _, Result};

use crate::site::folder::Site;
use crate::workspace;

const PACKAGE: &str = "node_modules/lightweight-charts";
/// The attribution notice that the library's licence asks for; its npm package leaves the NOTICE file out.
const NOTICE: &str = "TradingView Lightweight Charts(tm)\n\
                      Copyright (c) TradingView, Inc. https://www.tradingview.com/\n\
                      Licensed under the Apache License, Version 2.0: see lightweight-charts.LICENSE.txt\n";

/// Adds it. The page loads it when it first draws a chart.
pub fn add_to(site: &mut Site) -> Result<()> {
    let read = |file: &str| {
        let path = workspace::root().join(PACKAGE).join(file);
        fs::read(&path).with_context(|| {
            format!(
                "cannot read {}\nremedy: delete node_modules and run again",
                path.display()
            )
        })
    };
    site.add(
        "pkg/lightweight-charts.js",
        read("dist/lightweight-charts.standalone.production.mjs")?,
    );
    site.add("pkg/lightweight-charts.LICENSE.txt", read("LICENSE")?);
    site.add("pkg/lightweight-charts.NOTICE.txt", NOTICE);
    Ok(())
}

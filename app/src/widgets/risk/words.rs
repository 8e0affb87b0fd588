//! Where the risk guard stands, in words. Pure.

use rust_decimal::Decimal;
use tickwire_protocol::risk::{Risk, RiskCause, RiskStatus};

use crate::format;

/// What css tells the states apart by.
pub fn name(status: Option<RiskStatus>) -> &'static str {
    match status {
        None => "unknown",
        Some(RiskStatus::Normal) => "normal",
        Some(RiskStatus::SoftPause) => "soft",
        Some(RiskStatus::HardStop) => "hard",
    }
}

/// The badge.
pub fn badge(status: Option<RiskStatus>) -> &'static str {
    match status {
        None => format::UNKNOWN,
        Some(RiskStatus::Normal) => "Normal",
        Some(RiskStatus::SoftPause) => "Soft pause",
        Some(RiskStatus::HardStop) => "Hard stop",
    }
}

/// What brought it there, and when.
pub fn since(risk: &Risk) -> String {
    let cause = match risk.cause {
        RiskCause::None | RiskCause::Other => return String::new(),
        RiskCause::Manual => "by hand",
        RiskCause::Drawdown => "by the drawdown limit",
        RiskCause::DailyLoss => "by the daily loss limit",
        RiskCause::Journal => "because the journal is short of room",
        RiskCause::Liquidation => "after a liquidation",
    };
    [cause, ", since ", &format::moment(risk.since), " UTC"].concat()
}

fn percent(value: Decimal) -> String {
    format::number(value, 2) + "%"
}

/// A figure and its limits: `1.20% · pause at 5% · stop at 10%`.
pub fn against(now: Option<Decimal>, limits: [Option<Decimal>; 2]) -> String {
    let mut text = now.map_or_else(|| format::UNKNOWN.to_owned(), percent);
    for (word, limit) in [" · pause at ", " · stop at "].into_iter().zip(limits) {
        if let Some(limit) = limit {
            text.push_str(word);
            text.push_str(&format::quantity(limit));
            text.push('%');
        }
    }
    if limits == [None, None] {
        text.push_str(" · no limit");
    }
    text
}

/// How full the bar is, and of which colour: as css variables.
pub fn bar(now: Option<Decimal>, limits: [Option<Decimal>; 2]) -> String {
    let now = now.unwrap_or_default();
    let full = limits[1].or(limits[0]).unwrap_or_default();
    let share = (now * Decimal::ONE_HUNDRED).checked_div(full).unwrap_or_default();
    let share = share.trunc().min(Decimal::ONE_HUNDRED).to_string();
    let is_over = |limit: Option<Decimal>| limit.is_some_and(|limit| now >= limit);
    let colour = match (is_over(limits[1]), is_over(limits[0])) {
        (true, _) => "bad",
        (_, true) => "warn",
        _ => "ok",
    };
    ["--full:", &share, "%;--tone:var(--", colour, ")"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Option<Decimal> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_figure_is_told_against_its_limits() {
        assert_eq!(
            against(d("1.2"), [d("5"), d("10")]),
            "1.20% · pause at 5% · stop at 10%"
        );
        assert_eq!(against(d("1.2"), [None, d("10")]), "1.20% · stop at 10%");
        assert_eq!(against(None, [None, None]), "— · no limit");
    }

    #[test]
    fn the_bar_is_full_at_the_hard_limit_and_never_fuller() {
        assert_eq!(bar(d("2.5"), [d("5"), d("10")]), "--full:25%;--tone:var(--ok)");
        assert_eq!(bar(d("5"), [d("5"), d("10")]), "--full:50%;--tone:var(--warn)");
        assert_eq!(bar(d("12"), [d("5"), d("10")]), "--full:100%;--tone:var(--bad)");
        assert_eq!(bar(d("3"), [None, None]), "--full:0%;--tone:var(--ok)");
    }
}

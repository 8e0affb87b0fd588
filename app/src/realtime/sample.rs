//! A desk in frames, for tests: two markets, one position, an account.

/// What a page is born with.
pub const FRAMES: [&str; 8] = [
    r#"{"type":"INSTRUMENTS","timestamp":1765357200000,"instruments":[
        {"symbol":"BTCUSDT","base":"BTC","quote":"USDT","tick_size":0.10,"step_size":0.001,"min_quantity":0.001,
         "max_quantity":100,"min_notional":5,"taker_fee_rate":0.001,"maker_fee_rate":0.001},
        {"symbol":"ETHUSDT","base":"ETH","quote":"USDT","tick_size":0.01,"step_size":0.01,"min_quantity":0.01,
         "max_quantity":1000,"min_notional":5,"taker_fee_rate":0.001,"maker_fee_rate":0.001}]}"#,
    r#"{"type":"MARKET_UPDATE","symbol":"BTCUSDT","price":61234.50,"priceChange":125.30,"priceChangePercent":0.29,
        "high":61500.00,"low":60800.00,"volume":12345.67,"bid":61234.40,"ask":61234.60,
        "received_at":1765357199990,"published_at":1765357199995,"timestamp":1765357199980}"#,
    r#"{"type":"MARKET_UPDATE","symbol":"ETHUSDT","price":3245.17,"priceChange":-41.02,"priceChangePercent":-1.25,
        "high":3310.00,"low":3201.55,"volume":98765.43,"bid":3245.16,"ask":3245.18,
        "received_at":1765357199990,"published_at":1765357199995,"timestamp":1765357199980}"#,
    r#"{"type":"POSITION_UPDATE","positions":[{"id":"pos-123","symbol":"BTCUSDT","type":"buy","quantity":0.1,
        "entry_price":60984.00,"current_price":61234.40,"current_pnl":25.05,"timestamp":"2025-12-10T08:00:00",
        "status":"open","pnl_pct":0.41,"notional":6123.44,"realized_pnl":0,"fees":6.10,"marked_at":1765357199990}],
        "snapshot":true,"timestamp":1765357200000}"#,
    r#"{"type":"PORTFOLIO_UPDATE","portfolio":{"balance":10250.50,"total_pnl":250.50,"positions_count":1,
        "realized_pnl":231.55,"unrealized_pnl":25.05,"fees":6.10,"deposits":10000},"timestamp":1765357200000}"#,
    r#"{"type":"ACCOUNT_BALANCE_UPDATED","data":{"total_balance":10225.45,"available_balance":4127.06,
        "position_value":6123.44,"unrealized_pnl":25.05,"currency":"USDT","margin_balance":10250.50,
        "used_margin":6098.40},"timestamp":1765357200000}"#,
    r#"{"type":"DASHBOARD_UPDATE","data":{"total_value":10250.50,"daily_pnl":-12.40,"open_positions":1,
        "win_rate":62.50},"timestamp":1765357200000}"#,
    r#"{"type":"STATUS_UPDATE","data":{"feed":{"name":"replay","state":"live","last_tick_at":1765357199990,
        "latency_ms":12},"journal":"live","active_connections":3},"timestamp":1765357200000}"#,
];

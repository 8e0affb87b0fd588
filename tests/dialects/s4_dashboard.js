// Handle dashboard update
wsManager.on('dashboard_update', (data) => {
    // Update dashboard metrics
    document.getElementById('total-value').textContent = data.total_value;
    document.getElementById('daily-pnl').textContent = data.daily_pnl;
    document.getElementById('open-positions').textContent = data.open_positions;
    document.getElementById('win-rate').textContent = data.win_rate;
});

case 'account_balance_updated':
    // Realtime обновление баланса
    updateBalanceInfo(data.balance);
    break;

case 'positions_updated':
    // Realtime обновление позиций
    updatePositionsTable(data.positions);
    // Обновляем счётчик позиций
    if (document.getElementById('positionCount')) {
        document.getElementById('positionCount').textContent = data.positions.length;
    }
    break;

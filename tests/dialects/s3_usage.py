from exchange.private_ws import PrivateWebSocket

def on_order_update(order_data):
    """Обработка обновлений ордеров"""
    order_id = order_data.get("orderId")
    status = order_data.get("orderStatus")
    print(f"Order {order_id}: {status}")

def on_position_update(position_data):
    """Обработка обновлений позиций"""
    symbol = position_data.get("symbol")
    size = position_data.get("size")
    avg_price = position_data.get("avgPrice")
    print(f"Position {symbol}: size={size}, avgPrice={avg_price}")

def on_execution(execution_data):
    """Обработка fills"""
    symbol = execution_data.get("symbol")
    side = execution_data.get("side")
    qty = execution_data.get("execQty")
    price = execution_data.get("execPrice")
    print(f"Fill: {symbol} {side} {qty} @ {price}")

# Создание клиента
ws = PrivateWebSocket(
    api_key="your_api_key",
    api_secret="your_api_secret",
    on_order=on_order_update,
    on_position=on_position_update,
    on_execution=on_execution,
    testnet=True,
)

# Запуск
ws.start()

# Получение состояния без REST API
order_status = ws.get_order_status("order_123")
position = ws.get_position("BTCUSDT")
recent_fills = ws.get_executions(limit=10)

# Остановка
ws.stop()

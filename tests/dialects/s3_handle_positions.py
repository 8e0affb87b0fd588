if topic == "position":
    for position_data in data.get("data", []):
        # Обновляем локальное состояние
        symbol = position_data.get("symbol")
        if symbol:
            self.positions_state[symbol] = position_data
            logger.debug(f"Position update: {symbol} - size={position_data.get('size')}")
        
        # Вызываем callback
        self.on_position(position_data)

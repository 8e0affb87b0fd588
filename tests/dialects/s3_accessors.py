def get_order_status(self, order_id: str) -> Optional[Dict]:
    """Получить статус ордера из локального состояния (без REST)"""
    return self.orders_state.get(order_id)

def get_position(self, symbol: str) -> Optional[Dict]:
    """Получить позицию по символу (без REST)"""
    return self.positions_state.get(symbol)

def get_executions(self, limit: int = 100) -> List[Dict]:
    """Получить историю исполнений (без REST)"""
    return self.executions_history[-limit:]

def get_all_orders(self) -> Dict[str, Dict]:
    """Получить все ордера"""
    return self.orders_state.copy()

def get_all_positions(self) -> Dict[str, Dict]:
    """Получить все позиции"""
    return self.positions_state.copy()

def __init__(self, ...):
    # Локальное состояние
    self.orders_state: Dict[str, Dict] = {}  # order_id -> order data
    self.positions_state: Dict[str, Dict] = {}  # symbol -> position data
    self.executions_history: List[Dict] = []  # История fills

if topic == "order":
    for order_data in data.get("data", []):
        # Обновляем локальное состояние
        order_id = order_data.get("orderId")
        if order_id:
            self.orders_state[order_id] = order_data
            logger.debug(f"Order update: {order_id} - {order_data.get('orderStatus')}")
        
        # Вызываем callback
        self.on_order(order_data)

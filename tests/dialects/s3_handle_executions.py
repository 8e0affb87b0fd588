def _handle_message(self, data: Dict[Any, Any]):
    # ...
    
    # Данные исполнений (fills)
    if topic == "execution":
        for execution_data in data.get("data", []):
            # Сохраняем в историю
            self.executions_history.append(execution_data)
            
            # Ограничиваем размер (последние 1000)
            if len(self.executions_history) > 1000:
                self.executions_history = self.executions_history[-1000:]
            
            logger.info(
                f"Execution: {execution_data.get('symbol')} "
                f"{execution_data.get('side')} {execution_data.get('execQty')} "
                f"@ {execution_data.get('execPrice')}"
            )
            
            # Вызываем callback
            if self.on_execution:
                self.on_execution(execution_data)

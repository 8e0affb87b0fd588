def _on_reconnect(self):
    """Callback при переподключении - повторная аутентификация"""
    logger.info("Reconnected, re-authenticating...")
    self.authenticated = False
    time.sleep(1)  # Даём время на стабилизацию соединения
    self._authenticate()

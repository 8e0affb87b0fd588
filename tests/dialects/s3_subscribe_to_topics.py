def _subscribe_to_topics(self):
    """Подписка на приватные топики после аутентификации"""
    topics = ["order", "position", "execution"]  # Добавлен execution
    self.client.subscribe(topics)

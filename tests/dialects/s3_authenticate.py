# ✅ СТАЛО (exchange/private_ws.py):
import json  # Добавлен импорт

def _authenticate(self):
    auth_msg = {
        "op": "auth",
        "args": [self.api_key, expires, signature],
    }
    
    # Правильная отправка через json.dumps
    self.client.ws.send(json.dumps(auth_msg))
    logger.info("Authentication request sent")

const ws = new WebSocket('ws://localhost:8000/api/ws/realtime');
